//! Signing in: towards Entra Rollcall is a relying party, towards the platform it is an OpenID provider.
//!
//! ```text
//! platform --authorize--> Rollcall --authorize--> Entra
//! platform <----code----- Rollcall <----code----- Entra
//! platform --token, userinfo, sign-out--> Rollcall
//! ```
//!
//! * [`entra`]: the side of the relying party: the request, the answer, the checks of the ID token, the keys.
//! * [`provider`]: the side of the provider: clients, requests, tokens, signing keys, logout tokens.
//! * [`flow`]: what happens, step by step: start, callback, admission, sign-out, consent, delegation. The only part with I/O, beside the keys.
//! * [`back_channel`]: telling the platform that somebody is signed out.
//! * [`page`]: what people see.
//! * [`cookie`], [`opaque`], [`seal`]: what binds a browser, random texts, and what is derived from the deployment's key.
//! * [`permission`]: which application permissions a connection needs.
//! * [`refusal`]: why somebody does not get in, for the log, the history, and for them.
//! * [`ports`]: what a sign-in asks of others: whether the scope rule lets somebody in, and that their account be made.
//!
//! **A person is (`tid`, `oid`) and nothing else**: no address and no name of a token ever finds an account. **Nothing of a
//! request decides where tokens or people are sent**: addresses come from the configuration and from registered clients.
//! **No secret is in the table**: what opens something is kept as a digest.

pub mod back_channel;
pub mod cookie;
pub mod entra;
pub mod flow;
pub mod opaque;
pub mod page;
pub mod permission;
pub mod ports;
pub mod provider;
pub mod refusal;
pub mod seal;
