//! Rules that are a choice among words.

use rollcall_directory::adoption::MatchBy;
use rollcall_directory::rules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A choice of the API, with the core's own for each word.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident is $core:ty { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl From<$name> for $core {
            fn from(choice: $name) -> Self {
                match choice {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }

        impl From<$core> for $name {
            fn from(choice: $core) -> Self {
                match choice {
                    $(<$core>::$variant => Self::$variant,)+
                }
            }
        }
    };
}

choice! {
    /// Whether guests get accounts. A guest is who has the `userType` Guest, or `#EXT#` in the user principal name.
    ///
    /// * `in`, the default: as anybody in scope. It destroys nothing.
    /// * `out`: they get none. Guests who have an account lose access at the next run, after the guard.
    Guests is rules::Guests {
        /// As anybody in scope.
        In,
        /// They get none, and whoever has one loses access.
        Out,
    }
}

choice! {
    /// Whether people whose account is disabled in Entra get, or keep, theirs.
    ///
    /// * `out`, the default: they get none, and whoever is disabled loses access at the next run, after the guard.
    /// * `in`: as anybody in scope. It destroys nothing; they can not sign in with Entra while they are disabled.
    DisabledAccounts is rules::DisabledAccounts {
        /// They get none, and whoever is disabled loses access.
        Out,
        /// As anybody in scope.
        In,
    }
}

choice! {
    /// Something that a person must have to get an account.
    Need is rules::Required {
        /// The given name (`givenName`).
        GivenName,
        /// The surname (`surname`).
        Surname,
        /// The e-mail address, from where the rules say.
        Email,
    }
}

choice! {
    /// Where the e-mail address of an account comes from.
    ///
    /// * `user_principal_name`, the default: always there, and unique in the tenant.
    /// * `mail`: people without a mailbox have none, and lose the one that they had, after the guard, unless it is required.
    /// * `mail_then_user_principal_name`: `mail`, and `userPrincipalName` for people without it.
    EmailFrom is rules::EmailSource {
        /// `userPrincipalName`.
        UserPrincipalName,
        /// `mail`.
        Mail,
        /// `mail`, and `userPrincipalName` for people without it.
        MailThenUserPrincipalName,
    }
}

choice! {
    /// A property by which an account that was there before is found to be somebody's: `employeeId`, or an address of a verified
    /// domain of the tenant.
    MatchedBy is MatchBy {
        /// `employeeId`.
        EmployeeId,
        /// `userPrincipalName`, if it is in a verified domain of the tenant.
        UserPrincipalName,
        /// `mail`, if it is in a verified domain of the tenant.
        Mail,
    }
}
