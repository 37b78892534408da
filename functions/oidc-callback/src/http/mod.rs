//! Between HTTP and sign-ins: what a request says, and how a reply is answered.

pub(crate) mod answer;
pub(crate) mod caller;
