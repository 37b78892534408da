//! Accounts that were on the platform before.

use std::collections::BTreeSet;

use rollcall_directory::adoption::{Decision, Existing, ExistingId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The most accounts of one call.
const MOST: usize = 500;

/// Accounts that were on the platform before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExistingAccounts {
    /// Which, each once.
    #[schema(value_type = Vec<ExistingAccount>, min_items = 1, max_items = 500)]
    pub(crate) accounts: Accounts,
}

/// An account that was on the platform before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewExistingAccount)]
pub(crate) struct ExistingAccount {
    /// The platform's own name for it.
    id: AccountId,
    /// The employee id, if the platform knows it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    employee_id: Option<Short>,
    /// The e-mail address or user name, if the platform knows it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    email: Option<Short>,
    /// Whether no sync shall ever deactivate or delete it. Once it is linked and the person has an account of this connection, that
    /// account is protected.
    #[serde(default)]
    #[schema(default = false)]
    protected: bool,
}

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// The person's object id in Entra.
    pub(crate) person: Uuid,
}

/// The platform's own name for an account: 1 to 128 letters, digits, or any of `-._~@:+`, so that it can stand in a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._~@:+-]+$", examples("user-4711"))]
pub(crate) struct AccountId(pub(crate) String);

impl TryFrom<String> for AccountId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~@:+".contains(c);
        if (1..=128).contains(&text.len()) && text.chars().all(fits) && !text.chars().all(|c| c == '.') {
            Ok(Self(text))
        } else {
            Err("must have 1 to 128 letters, digits, or any of -._~@:+, and not only dots")
        }
    }
}

impl From<AccountId> for ExistingId {
    fn from(AccountId(id): AccountId) -> Self {
        Self(id)
    }
}

/// A value of 1 to 256 characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Short(String);

impl TryFrom<String> for Short {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=256).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err("must have 1 to 256 characters, none of them a control character") }
    }
}

/// 1 to 500 accounts, each once.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<ExistingAccount>")]
pub(crate) struct Accounts(pub(crate) Vec<Existing>);

impl TryFrom<Vec<ExistingAccount>> for Accounts {
    type Error = &'static str;

    fn try_from(accounts: Vec<ExistingAccount>) -> Result<Self, Self::Error> {
        if !(1..=MOST).contains(&accounts.len()) {
            return Err("must be 1 to 500 accounts");
        }
        let distinct: BTreeSet<&AccountId> = accounts.iter().map(|account| &account.id).collect();
        if distinct.len() != accounts.len() {
            return Err("must name each account once");
        }
        Ok(Self(accounts.into_iter().map(Existing::from).collect()))
    }
}

impl From<ExistingAccount> for Existing {
    fn from(account: ExistingAccount) -> Self {
        let ExistingAccount { id, employee_id, email, protected } = account;
        Self {
            id: id.into(),
            employee_id: employee_id.map(|Short(text)| text),
            email: email.map(|Short(text)| text),
            protected,
            decision: Decision::Open,
        }
    }
}
