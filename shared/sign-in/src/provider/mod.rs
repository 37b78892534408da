//! Towards the platform: Rollcall as an OpenID provider.
//!
//! Sources: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel Logout 1.0; RFC 6749, 7009, 7636, 9207. Only
//! what is safe is offered: the code flow with PKCE (S256), clients that prove who they are, exact redirect addresses, ES256.
//!
//! * [`discovery`]: what it says of itself.
//! * [`authorization`]: what a client asks for in the browser.
//! * [`client_proof`]: how a client proves who it is.
//! * [`claims`]: what a platform learns of somebody.
//! * [`tokens`]: the tokens, and reading our own again.
//! * [`signing_keys`]: the keys, and when they are replaced.

pub mod authorization;
pub mod claims;
pub mod client_proof;
pub mod discovery;
pub mod signing_keys;
pub mod tokens;
