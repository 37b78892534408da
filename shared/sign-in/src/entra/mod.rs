//! Towards Entra: Rollcall as a relying party of OpenID Connect.
//!
//! * [`authorization`]: where the browser is sent, and why.
//! * [`answer`]: what the browser brings back.
//! * [`id_token`]: every check of an ID token, switched on by name in one place. [`json`] reads it strictly.
//! * [`keys`]: which keys of an issuer are good for which tokens; [`key_store`] keeps them.
//! * [`credential`]: the application's own credential.
//! * [`delegated_access`]: acting for somebody who has agreed to it.

pub mod answer;
pub mod authorization;
pub mod credential;
pub mod delegated_access;
pub mod id_token;
pub mod json;
pub mod key_store;
pub mod keys;
