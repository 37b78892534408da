//! What a person has to see to.

use jiff::Timestamp;
use rollcall_directory::adoption::{Match, MatchBy};
use rollcall_directory::desired::Problem as Known;
use rollcall_directory::photo::Refusal;
use rollcall_directory::rules::Required;
use rollcall_directory::user::Leaving;
use rollcall_store::NotedProblem;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::user::Reason;
use crate::body::rules::{MatchedBy, Need};

/// An item of the work-list: somebody in scope who gets no account, or not all of it, until a person has acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WorkItem {
    /// Always the same for the same person and kind, however often it is found.
    id: Uuid,
    /// The person's object id; absent where it is about several people.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    /// What people call the person, or the address that several people share.
    name: String,
    /// What is wrong.
    problem: Matter,
    /// What to do about it.
    action: String,
    /// When it was first found.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = WorkMatter)]
pub(crate) enum Matter {
    /// Something is missing in the directory that every account must have.
    #[schema(title = "LacksMatter")]
    Lacks {
        /// What.
        what: Vec<Need>,
    },
    /// Accounts that were there before may be theirs. Nothing is made or linked until a person has decided.
    #[schema(title = "AdoptionMatter")]
    Adoption {
        /// Which: the platform's own names for them.
        accounts: Vec<String>,
        /// By what they were found.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<MatchedBy>,
    },
    /// They have left, but the account is protected and so stays active.
    #[schema(title = "ProtectedMatter")]
    Protected {
        /// Why it would be inactive.
        leaving: Reason,
    },
    /// Several people have the same e-mail address.
    #[schema(title = "SharedEmailMatter")]
    SharedEmail {
        /// The address in lower case.
        email: String,
        /// The object ids of all who have it.
        people: Vec<Uuid>,
    },
    /// Microsoft Graph does not say whether the person is enabled. Nobody gets an account without that word.
    #[schema(title = "EnabledUnknownMatter")]
    EnabledUnknown {},
    /// Microsoft Graph fails whenever it is asked about the person. Nothing is taken from them, and they are asked about again.
    #[schema(title = "UnansweredMatter")]
    Unanswered {},
    /// The photo can not be kept; none is shown. It is fetched again when it changes, or when the size does.
    #[schema(title = "PhotoMatter")]
    Photo {
        /// Why.
        refusal: PhotoRefusal,
    },
}

/// Why a photo is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhotoRefusal {
    /// It has more than 102,400 bytes.
    TooLarge,
    /// It is neither JPEG nor PNG nor GIF.
    UnknownFormat,
}

impl From<Refusal> for PhotoRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooLarge => Self::TooLarge,
            Refusal::UnknownFormat => Self::UnknownFormat,
        }
    }
}

/// Why a sync would skip a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkipReason {
    /// The person is disabled in Entra.
    Disabled,
    /// The person is a guest, and the connection lets no guests in.
    Guest,
    /// The given name is missing.
    GivenName,
    /// The surname is missing.
    Surname,
    /// The e-mail address is missing.
    Email,
    /// An account that was there before may be theirs.
    ExistingAccount,
    /// They have left, but the account is protected.
    Protected,
    /// Several people have the same e-mail address.
    SharedEmail,
    /// Microsoft Graph does not say whether the person is enabled.
    EnabledUnknown,
    /// Microsoft Graph fails whenever it is asked about the person.
    Unanswered,
    /// The photo can not be kept.
    Photo,
}

impl SkipReason {
    /// Why somebody with such a problem is skipped.
    pub(crate) fn of(problem: &Known) -> Vec<Self> {
        match problem {
            Known::Lacks { what } => what.iter().map(|required| Self::from(*required)).collect(),
            Known::Adoption { .. } => vec![Self::ExistingAccount],
            Known::Protected { .. } => vec![Self::Protected],
            Known::SharedEmail { .. } => vec![Self::SharedEmail],
            Known::EnabledUnknown => vec![Self::EnabledUnknown],
            Known::Unanswered => vec![Self::Unanswered],
            Known::Photo { .. } => vec![Self::Photo],
        }
    }

    /// Why the rules let somebody in for no account; none where they have only left.
    pub(crate) const fn of_leaving(leaving: Leaving) -> Option<Self> {
        match leaving {
            Leaving::Disabled => Some(Self::Disabled),
            Leaving::Guest => Some(Self::Guest),
            Leaving::Deleted | Leaving::OutOfScope | Leaving::Undone => None,
        }
    }
}

impl From<Required> for SkipReason {
    fn from(required: Required) -> Self {
        match required {
            Required::GivenName => Self::GivenName,
            Required::Surname => Self::Surname,
            Required::Email => Self::Email,
        }
    }
}

impl From<NotedProblem> for WorkItem {
    fn from(noted: NotedProblem) -> Self {
        let NotedProblem { id, person, label, problem, since } = noted;
        let action = action(&problem);
        Self { id, person: person.map(|person| person.0), name: label, problem: problem.into(), action, since }
    }
}

impl From<Known> for Matter {
    fn from(problem: Known) -> Self {
        match problem {
            Known::Lacks { what } => Self::Lacks { what: what.into_iter().map(Need::from).collect() },
            Known::Adoption { found } => adoption(found),
            Known::Protected { leaving } => Self::Protected { leaving: leaving.into() },
            Known::SharedEmail { email, people } => {
                Self::SharedEmail { email, people: people.into_iter().map(|person| person.0).collect() }
            }
            Known::EnabledUnknown => Self::EnabledUnknown {},
            Known::Unanswered => Self::Unanswered {},
            Known::Photo { refusal } => Self::Photo { refusal: refusal.into() },
        }
    }
}

fn adoption(found: Match) -> Matter {
    let by = |by: MatchBy| Some(MatchedBy::from(by));
    match found {
        Match::Linked { account } => Matter::Adoption { accounts: vec![account.0], by: None },
        Match::Proposed { account, by: how } => Matter::Adoption { accounts: vec![account.0], by: by(how) },
        Match::Ambiguous { accounts, by: how } => {
            Matter::Adoption { accounts: accounts.into_iter().map(|account| account.0).collect(), by: by(how) }
        }
    }
}

fn action(problem: &Known) -> String {
    match problem {
        Known::Lacks { what } => {
            let names: Vec<&str> = what.iter().map(|required| in_words(*required)).collect();
            format!("Enter in the directory what is missing: {}.", names.join(", "))
        }
        Known::Adoption { .. } => {
            "Link the existing account to the person, or keep it apart; then the person gets an account.".to_owned()
        }
        Known::Protected { .. } => {
            "End the protection, if the account shall be inactive as the directory says.".to_owned()
        }
        Known::SharedEmail { .. } => "Give each of these people an address of their own in the directory.".to_owned(),
        Known::EnabledUnknown => {
            "See in Entra that the account is either enabled or blocked, and that the app registration may read that."
                .to_owned()
        }
        Known::Unanswered => {
            "If it lasts for more than a day, save the person anew in Entra, or ask Microsoft's support.".to_owned()
        }
        Known::Photo { refusal: Refusal::TooLarge } => {
            "Set a smaller size in the rules for photos, or let the person upload another photo.".to_owned()
        }
        Known::Photo { refusal: Refusal::UnknownFormat } => {
            "Let the person upload a photo as JPEG, PNG or GIF.".to_owned()
        }
    }
}

/// What people call something that is required.
pub(crate) const fn in_words(required: Required) -> &'static str {
    match required {
        Required::GivenName => "the given name",
        Required::Surname => "the surname",
        Required::Email => "the e-mail address",
    }
}
