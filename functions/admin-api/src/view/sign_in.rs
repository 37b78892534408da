//! How people sign in by a connection.

use rollcall_directory::identity::ConnectionId;
use rollcall_store::SignIn as Stored;
use serde::Serialize;
use utoipa::ToSchema;

/// How people sign in by a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SignIn {
    /// E-mail domains by which people find the connection.
    domains: Vec<String>,
    /// Whether people in scope without an account get one when they sign in.
    just_in_time: bool,
    /// Whether signing out of the platform signs people out of Entra too.
    sign_out_of_entra: bool,
    /// A link by which people sign in by this connection.
    link: String,
}

impl SignIn {
    /// As it is kept, with the link below the issuer.
    pub(super) fn of(id: ConnectionId, sign_in: Stored, issuer: &str) -> Self {
        let Stored { domains, just_in_time, sign_out_of_entra } = sign_in;
        let link = format!("{issuer}/sign-in/{id}");
        Self { domains: domains.into_iter().collect(), just_in_time, sign_out_of_entra, link }
    }
}
