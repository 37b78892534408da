//! Why somebody does not get in: one word for the log and the history, one status, and what the platform is told. What the person
//! reads is in [`crate::page`].

use rollcall_graph::IdentityError;

use crate::entra::id_token::TokenError;

/// Why somebody does not get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The answer belongs to no sign-in that this browser began, or to one that is over. It may be an attack, and mostly is the
    /// back button.
    NotBegun,
    /// What was asked for has not the form of a request.
    Malformed,
    /// There is no such client, or it may not be answered there.
    Client,
    /// There is no such connection, or people do not sign in by it. Nobody is told which.
    Organisation,
    /// Too many tries from there.
    TooMany,
    /// The person has gone back at Entra.
    Declined,
    /// Entra would have to show a page, and none may be shown.
    InteractionRequired,
    /// Nobody has consented to the application in that tenant.
    ConsentRequired,
    /// The answer names another issuer than the one that was asked.
    Issuer,
    /// Entra refuses the request or our credential: the application is set up wrongly, or a policy forbids it.
    Setup,
    /// Entra does not take the code: it was used, or is too old.
    Code,
    /// Entra's answer to the code was lost, so that nobody knows whether the code was used. It is not sent again.
    Lost,
    /// The ID token is not one that we wait for.
    Token(TokenError),
    /// The keys of the issuer can't be read, and none is known.
    Keys,
    /// Entra, Graph or the table does not answer at the moment.
    Unavailable,
    /// Guests do not get in.
    Guest,
    /// The account is closed.
    Deactivated,
    /// There is no account.
    NoAccount,
    /// The scope rule does not let them in.
    NotInScope,
    /// Their account at Entra is disabled or gone.
    Disabled,
    /// The directory lacks what an account needs.
    Incomplete,
    /// The account is not there yet.
    NotYet,
}

impl Refusal {
    /// The word for it in logs and in the history. Never changed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotBegun => "not_begun",
            Self::Malformed => "malformed",
            Self::Client => "client",
            Self::Organisation => "organisation",
            Self::TooMany => "too_many",
            Self::Declined => "declined",
            Self::InteractionRequired => "interaction_required",
            Self::ConsentRequired => "consent_required",
            Self::Issuer => "issuer",
            Self::Setup => "setup",
            Self::Code => "code",
            Self::Lost => "lost",
            Self::Token(_) => "token",
            Self::Keys => "keys",
            Self::Unavailable => "unavailable",
            Self::Guest => "guest",
            Self::Deactivated => "deactivated",
            Self::NoAccount => "no_account",
            Self::NotInScope => "not_in_scope",
            Self::Disabled => "disabled",
            Self::Incomplete => "incomplete",
            Self::NotYet => "not_yet",
        }
    }

    /// The word that people and platforms are shown. Which check an answer of Entra failed is nobody's business but the log's.
    #[must_use]
    pub const fn shown(&self) -> &'static str {
        match self {
            Self::NotBegun | Self::Issuer | Self::Code | Self::Token(_) => "not_accepted",
            other => other.code(),
        }
    }

    /// The HTTP status of its page.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotBegun
            | Self::Malformed
            | Self::Client
            | Self::Declined
            | Self::InteractionRequired
            | Self::Issuer
            | Self::Code
            | Self::Lost
            | Self::Token(_) => 400,
            Self::Organisation
            | Self::ConsentRequired
            | Self::Setup
            | Self::Guest
            | Self::Deactivated
            | Self::NoAccount
            | Self::NotInScope
            | Self::Disabled
            | Self::Incomplete => 403,
            Self::TooMany => 429,
            Self::Keys | Self::Unavailable | Self::NotYet => 503,
        }
    }

    /// What the platform is told (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
    #[must_use]
    pub const fn oauth_error(&self) -> &'static str {
        match self {
            Self::Malformed | Self::Client | Self::NotBegun => "invalid_request",
            Self::InteractionRequired | Self::ConsentRequired => "interaction_required",
            Self::Keys | Self::Unavailable | Self::NotYet | Self::TooMany | Self::Lost => "temporarily_unavailable",
            Self::Setup | Self::Issuer | Self::Code | Self::Token(_) => "server_error",
            _ => "access_denied",
        }
    }

    /// Whether Entra vouches for the person: then the history tells of it, and they may be told why.
    #[must_use]
    pub const fn is_of_a_person(&self) -> bool {
        matches!(
            self,
            Self::Guest
                | Self::Deactivated
                | Self::NoAccount
                | Self::NotInScope
                | Self::Disabled
                | Self::Incomplete
                | Self::NotYet
        )
    }

    /// Whether another try may succeed without anybody doing anything.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self.status(), 503 | 429 | 400)
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<rollcall_store::Error> for Refusal {
    fn from(error: rollcall_store::Error) -> Self {
        tracing::error!(error = %error, "a sign-in can't go on");
        Self::Unavailable
    }
}

impl From<crate::opaque::NoChance> for Refusal {
    fn from(error: crate::opaque::NoChance) -> Self {
        tracing::error!(error = %error, "a sign-in can't go on");
        Self::Unavailable
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Unavailable(_) => Self::Lost,
            IdentityError::Refused { ref code, ref aadsts } => {
                tracing::warn!(error.code = code, error.aadsts = ?aadsts, "Entra refuses a code");
                if code == "invalid_grant" { Self::Code } else { Self::Setup }
            }
            IdentityError::ContractBroken(_) | IdentityError::Credential(_) => {
                tracing::error!(error = %error, "a sign-in can't go on");
                Self::Setup
            }
        }
    }
}
