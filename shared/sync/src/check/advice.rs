//! What an error means for people: what is wrong, who must mend it, and how.

use rollcall_graph::{Call, CredentialHint, Error};

/// What is wrong and who must do what. Sentences for people, without names of people and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong.
    pub what: String,
    /// Who can mend it.
    pub who: Who,
    /// What they have to do.
    pub action: String,
    /// The application permission that is missing, if it is that.
    pub permission: Option<&'static str>,
}

/// Who can mend something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An administrator of the customer's Entra tenant.
    TenantAdministrator,
    /// Whoever keeps the connection's settings.
    ConnectionOwner,
    /// Whoever runs this deployment.
    Operator,
    /// Nobody: it passes.
    Nobody,
}

impl Advice {
    pub(super) fn new(what: impl Into<String>, who: Who, action: impl Into<String>) -> Self {
        Self { what: what.into(), who, action: action.into(), permission: None }
    }

    /// What an error of Graph or of the identity platform means.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let what = error.to_string();
        match error {
            Error::Credential { hint, code, aadsts, call } => {
                let numbers: String = aadsts.iter().map(|number| format!(", AADSTS{number}")).collect();
                credential(format!("{hint} ({code}{numbers}{})", request(call)), *hint)
            }
            Error::Consent { permission, code, call } => {
                let named = permission.map_or_else(String::new, |name| format!(" {name}"));
                consent(format!("the permission{named} is missing: {} is refused ({code})", call), *permission)
            }
            Error::NotFound { .. } => {
                Self::new(what, Who::ConnectionOwner, "Check that the object still exists in this tenant.")
            }
            Error::Throttled { retry_after, .. } | Error::Transient { retry_after, .. } => Self::new(
                what,
                Who::Nobody,
                format!("Microsoft is busy or out of order. Test again in {} s.", retry_after.as_secs().max(1)),
            ),
            Error::StartOver { .. } | Error::PageExpired { .. } => Self::new(what, Who::Nobody, "Test again."),
            Error::Refused { .. } | Error::ForeignLink { .. } | Error::ContractBroken { .. } => Self::new(
                what,
                Who::Operator,
                "Microsoft Graph did not answer as documented. Give the request id to Microsoft's support if this stays so.",
            ),
        }
    }
}

/// What Microsoft's support asks for.
fn request(call: &Call) -> String {
    call.request_id.map_or_else(String::new, |id| format!(", request {id}"))
}

fn credential(what: String, hint: CredentialHint) -> Advice {
    use CredentialHint as Hint;
    let (who, action) = match hint {
        Hint::SecretWrong => (
            Who::ConnectionOwner,
            "Copy the client secret's value once more. If it is not shown any more, make a new client secret in the app \
             registration (Certificates & secrets) and enter its value.",
        ),
        Hint::SecretIdPasted => (
            Who::ConnectionOwner,
            "Enter the client secret's *value*, not its *Secret ID*. The value is shown only right after the secret was \
             made; if it is gone, make a new one.",
        ),
        Hint::SecretExpired => (
            Who::TenantAdministrator,
            "Make a new client secret in the app registration (Certificates & secrets), and enter its value in the connection.",
        ),
        Hint::CertificateRefused => (
            Who::TenantAdministrator,
            "Upload this certificate to the app registration, or enter the one that is there.",
        ),
        Hint::CertificateUnusable => (
            Who::ConnectionOwner,
            "Enter the certificate and its RSA private key as PEM, the key as PKCS#8 without a password.",
        ),
        Hint::FederationUnmatched => (
            Who::TenantAdministrator,
            "Add a federated credential to the app registration whose issuer, subject and audience are those of the assertion.",
        ),
        Hint::AssertionUnavailable => (Who::Operator, "Set up the source of federated assertions of this deployment."),
        Hint::TenantUnknown => (
            Who::ConnectionOwner,
            "Compare the tenant id with the one on the overview page of Entra. If it is right, the tenant lives in another \
             Microsoft cloud than this deployment.",
        ),
        Hint::ApplicationUnknown => (
            Who::TenantAdministrator,
            "Grant admin consent to the application in this tenant, or correct the client id or the tenant id.",
        ),
        Hint::ApplicationDisabled => {
            (Who::TenantAdministrator, "Enable the application in this tenant (Enterprise applications).")
        }
        Hint::TokenRefused | Hint::Unknown => (
            Who::TenantAdministrator,
            "Look up the error code in Microsoft's list of authentication errors, and the sign-in logs of the application.",
        ),
    };
    Advice::new(what, who, action)
}

fn consent(what: String, permission: Option<&'static str>) -> Advice {
    let missing = permission.map_or_else(
        || "the permissions of the application".to_owned(),
        |name| format!("the application permission {name}"),
    );
    let action = format!(
        "An administrator of the Entra tenant must grant admin consent for {missing} of Microsoft Graph \
         (App registrations, API permissions). It may take some minutes to work."
    );
    Advice { permission, ..Advice::new(what, Who::TenantAdministrator, action) }
}
