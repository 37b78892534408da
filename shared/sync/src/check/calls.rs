//! The calls of the check.

use futures::future::{join_all, join3};
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::{ConnectionId, GroupId};
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use rollcall_graph::subscriptions::{self, NewSubscription};
use rollcall_graph::users::{DeltaStart, Expand};
use rollcall_graph::{Error, GraphClient, PropertyValue, User, groups, photos, users};
use rollcall_store::Resource;
use secrecy::SecretString;
use uuid::Uuid;

use super::advice::{Advice, Who};
use super::{Check, Subject};
use crate::subscription::address::Addresses;
use crate::subscription::keeper::{path, permission};

/// How long the trial subscription is asked to live. Graph raises what is below 45 minutes to 45 (Graph page "subscription
/// resource type"); clocks differ.
const TRIAL: SignedDuration = SignedDuration::from_mins(50);

/// Makes the calls.
pub struct Checker<'a> {
    /// The client, made from the credential as it is stored now. Give it a deadline.
    pub client: &'a GraphClient,
    /// The connection.
    pub connection: ConnectionId,
    /// Who is in.
    pub scope: &'a Scope,
    /// How a person becomes an account: it decides what is read.
    pub rules: &'a Rules,
    /// Where Graph shall send notifications.
    pub addresses: &'a Addresses,
}

impl Checker<'_> {
    /// Makes all checks that the scope calls for, in a fixed order. Where signing in fails, only that is told.
    pub async fn run(&self, now: Timestamp) -> Vec<Check> {
        // First of all and alone, so that there is one token, and one answer if there is none.
        let users = self.users().await;
        if let Err(error @ Error::Credential { .. }) = &users {
            return vec![check(Subject::SignIn, Some(Advice::of(error)))];
        }
        let somebody = users.as_ref().ok().and_then(|users| users.first()).map(|user| user.id);
        let mut checks = vec![check(Subject::SignIn, None), check(Subject::Users, users_trouble(users))];
        let (changes, groups, subscription) =
            join3(self.user_changes(), self.groups(), self.subscription(Resource::Users, now)).await;
        checks.push(check(Subject::UserChanges, changes));
        checks.extend(groups);
        checks.extend(self.photos(somebody).await);
        checks.push(check(Subject::Subscription(Resource::Users), subscription));
        if self.rules.looks_at_groups(self.scope) {
            let subscription = self.subscription(Resource::Groups, now).await;
            checks.push(check(Subject::Subscription(Resource::Groups), subscription));
        }
        checks
    }

    async fn users(&self) -> Result<Vec<User>, Error> {
        let select = self.rules.selected();
        let select: Vec<&str> = select.iter().map(String::as_str).collect();
        let request = users::list(&select, Expand::Manager);
        Ok(self.client.send(&request).await?.value)
    }

    async fn user_changes(&self) -> Option<Advice> {
        let selected = self.rules.selected();
        let select: Vec<&str> = selected.iter().map(String::as_str).chain(["manager"]).collect();
        trouble(self.client.send(&users::delta(&select, DeltaStart::Latest)).await)
    }

    async fn groups(&self) -> Vec<Check> {
        if !self.rules.looks_at_groups(self.scope) {
            return Vec::new();
        }
        let roots = self.scope.roots();
        let mut checks = join_all(roots.into_iter().map(|root| self.group(root))).await;
        let delta = groups::delta(&["displayName", "members"], DeltaStart::Latest);
        checks.push(check(Subject::GroupChanges, trouble(self.client.send(&delta).await)));
        checks
    }

    /// Where photos are kept: that of somebody, whoever it is. Not to have one is an answer too.
    async fn photos(&self, somebody: Option<Uuid>) -> Option<Check> {
        let somebody = somebody.filter(|_| self.rules.photo.wanted().is_some())?;
        let trouble = match self.client.send(&photos::describe(somebody)).await {
            Err(Error::NotFound { .. }) => None,
            other => trouble(other),
        };
        Some(check(Subject::Photos, trouble))
    }

    async fn group(&self, group: GroupId) -> Check {
        let found = match self.client.send(&groups::get(group.0)).await {
            Ok(_) => self.client.send(&groups::members(group.0, groups::Names::LeaveOut)).await.map(drop),
            Err(error) => Err(error),
        };
        let trouble = match found {
            Err(Error::NotFound { .. }) => Some(no_group(group)),
            other => trouble(other),
        };
        check(Subject::Group(group), trouble)
    }

    async fn subscription(&self, resource: Resource, now: Timestamp) -> Option<Advice> {
        let nonce = Uuid::new_v4();
        let trial = NewSubscription {
            resource: path(resource).to_owned(),
            change_type: "deleted".to_owned(),
            notification_url: self.addresses.notifications(self.connection, nonce),
            lifecycle_notification_url: Some(self.addresses.lifecycle()),
            expiration: now + TRIAL,
            // Not derived from the key: what comes for the trial is turned away.
            client_state: SecretString::from(format!("trial.{nonce}")),
        };
        match self.client.send(&subscriptions::create(&trial, permission(resource))).await {
            Ok(created) => {
                if let Err(error) = self.client.send(&subscriptions::delete(created.id)).await {
                    tracing::warn!(error = %error, "a trial subscription was not deleted, it ends by itself");
                }
                None
            }
            // Somebody else's trial at the same moment: it shows that creating works.
            Err(Error::Refused { status: 409, .. }) => None,
            Err(Error::Refused { status: 400, code, .. }) => Some(self.unreachable(&code)),
            Err(error) => Some(Advice::of(&error)),
        }
    }

    fn unreachable(&self, code: &str) -> Advice {
        let lifecycle = self.addresses.lifecycle();
        let host = lifecycle.host_str().unwrap_or_default();
        Advice::new(
            format!("Microsoft Graph refused the subscription ({code}), most likely because it does not reach {host}"),
            Who::Operator,
            "Make sure that the public address of this deployment answers Microsoft Graph over HTTPS within ten seconds.",
        )
    }
}

fn check(subject: Subject, trouble: Option<Advice>) -> Check {
    Check { subject, trouble }
}

fn trouble<T>(answer: Result<T, Error>) -> Option<Advice> {
    answer.err().map(|error| Advice::of(&error))
}

/// Graph answers without the properties that an application may not read, and does not call it an error.
fn users_trouble(users: Result<Vec<User>, Error>) -> Option<Advice> {
    let users = match users {
        Ok(users) => users,
        Err(error) => return Some(Advice::of(&error)),
    };
    let is_full = |user: &User| matches!(user.properties.get("accountEnabled"), Some(PropertyValue::Flag(_)));
    (!users.is_empty() && !users.iter().any(is_full)).then(|| {
        let advice = Advice::new(
            "Microsoft Graph lists the users without saying whether they are enabled",
            Who::TenantAdministrator,
            "An administrator of the Entra tenant must grant admin consent for the application permission User.Read.All of \
             Microsoft Graph; User.ReadBasic.All does not suffice.",
        );
        Advice { permission: Some("User.Read.All"), ..advice }
    })
}

fn no_group(group: GroupId) -> Advice {
    Advice::new(
        format!("there is no group {group} in this tenant"),
        Who::ConnectionOwner,
        "Correct the object id of the group, or take it out of the scope. A deleted group can be restored by an administrator \
         of the Entra tenant for 30 days.",
    )
}
