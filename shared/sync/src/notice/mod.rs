//! Tells people in time what needs them: the owners by mail, and a Teams channel where one is set.
//!
//! * [`facts`]: what is known of a connection, as plain data.
//! * [`standing`]: from facts to how a matter stands: well, bad since when, or not to be spoken of now.
//! * [`ladder`]: how often people are reminded: at once, then less and less often.
//! * [`due`]: the decision: what is to be told now, given what was told. No I/O, no clock.
//! * [`words`]: what is said; `letter` and [`card`] give it the form of a mail and of an adaptive card.
//! * [`channel`]: which addresses are taken for a channel's.
//! * `teller`: sends what is due. It claims a notice in the table before sending, and says afterwards that it was sent.
//! * [`round`]: all connections, every hour.
//!
//! **Nothing is decided from what a mail service or Teams answered but this: sent, or not sent.** A notice that could not be
//! sent is due again at the next look.

pub mod card;
pub mod channel;
pub mod due;
pub mod facts;
pub mod ladder;
pub mod round;
pub mod standing;
pub mod words;

mod letter;
mod teller;

pub use teller::{Channels, Teller, Visited};
