//! One request of a browser to a page that needs to know who is there.

use super::browsers::SignedIn;
use super::people::{self, Account};
use super::{LoginError, pages};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use std::sync::Arc;
use uuid::Uuid;

/// The fields that pages of this server add to what the app asked.
const STEP_FIELDS: [&str; 6] = ["step", "loginfmt", "passwd", "account", "accept", "everybody"];

/// What the app wants the person to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Prompt {
    /// Whatever is needed.
    #[default]
    Needed,
    /// Nothing.
    Silent,
    /// The sign-in page.
    Login,
    /// The consent page.
    Consent,
    /// The account picker.
    Account,
}

/// The parameters of a request to a page: of the query, and of the form that was sent.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

impl Fields {
    pub(super) fn of(request: &Request) -> Self {
        let posted = request.method == http::Method::POST;
        let body: &[u8] = if posted { &request.body } else { &[] };
        Self { query: request.query.clone(), form: url::form_urlencoded::parse(body).into_owned().collect() }
    }

    /// A field that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let all = self.query.iter().chain(&self.form);
        all.filter(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str()).next()
    }

    /// What a form of a page must carry on: what came in a body and not in the query.
    pub(super) fn carried(&self) -> Vec<(String, String)> {
        self.form.iter().filter(|(name, _)| !STEP_FIELDS.contains(&name.as_str())).cloned().collect()
    }
}

/// A browser that asks for a page.
pub(super) struct Visit<'request> {
    pub(super) state: &'request State,
    pub(super) request: &'request Request,
    pub(super) fields: Fields,
    pub(super) accounts: Vec<SignedIn>,
}

/// How far a visit came.
pub(super) enum Step {
    /// Somebody is there; a cookie is set when they just signed in.
    Present(SignedIn, Option<String>),
    /// A page is shown first.
    Page(Reply),
    /// The person went away.
    Cancelled,
}

impl<'request> Visit<'request> {
    pub(super) fn new(state: &'request State, request: &'request Request) -> Self {
        let accounts = state.browsers.accounts(state, request);
        Self { state, request, fields: Fields::of(request), accounts }
    }

    /// Finds out who is there, by way of the pages that are needed.
    ///
    /// # Errors
    /// An account that cannot sign in here.
    pub(super) fn identify(
        &self,
        target: Option<&Arc<Tenant>>,
        app: &str,
        prompt: Prompt,
        hint: Option<&str>,
    ) -> Result<Step, LoginError> {
        match self.fields.get("step") {
            Some("cancel") => Ok(Step::Cancelled),
            Some("login") => self.check_password(target, app),
            Some("other") => Ok(Step::Page(pages::sign_in(self, app, None, None))),
            Some(_) => Ok(match self.chosen() {
                Some(signed) => Step::Present(signed, None),
                None => Step::Page(pages::sign_in(self, app, hint, None)),
            }),
            None => Ok(self.begin(app, prompt, hint)),
        }
    }

    fn begin(&self, app: &str, prompt: Prompt, hint: Option<&str>) -> Step {
        let hinted = hint.and_then(|hint| self.known(hint));
        match (prompt, hint, hinted, self.accounts.as_slice()) {
            (Prompt::Login, ..) | (_, _, _, []) => Step::Page(pages::sign_in(self, app, hint, None)),
            (Prompt::Account, ..) => Step::Page(pages::accounts(self, app)),
            (_, Some(_), Some(signed), _) => Step::Present(signed, None),
            (_, Some(_), None, _) => Step::Page(pages::sign_in(self, app, hint, None)),
            (_, None, _, [only]) => Step::Present(only.clone(), None),
            _ => Step::Page(pages::accounts(self, app)),
        }
    }

    /// The signed-in account with that name.
    pub(super) fn known(&self, name: &str) -> Option<SignedIn> {
        let is = |signed: &&SignedIn| {
            let person = self.person(signed);
            person.is_some_and(|person| {
                person.principal_name.eq_ignore_ascii_case(name)
                    || person.mail.is_some_and(|mail| mail.eq_ignore_ascii_case(name))
            })
        };
        self.accounts.iter().find(is).cloned()
    }

    /// A signed-in account as its own directory has it.
    pub(super) fn person(&self, signed: &SignedIn) -> Option<people::Person> {
        let home = self.state.tenant(signed.account.tenant)?;
        people::person(&home, signed.account.person)
    }

    fn chosen(&self) -> Option<SignedIn> {
        let (tenant, person) = self.fields.get("account")?.split_once('.')?;
        let account = Account { tenant: Uuid::parse_str(tenant).ok()?, person: Uuid::parse_str(person).ok()? };
        self.accounts.iter().find(|signed| signed.account == account).cloned()
    }

    fn check_password(&self, target: Option<&Arc<Tenant>>, app: &str) -> Result<Step, LoginError> {
        let name = self.fields.get("loginfmt").unwrap_or_default().trim();
        let again = |problem| Step::Page(pages::sign_in(self, app, Some(name), Some(problem)));
        if name.is_empty() {
            return Ok(again("Enter a valid email address, phone number, or Skype name."));
        }
        let account = people::find_account(self.state, target, name)?;
        if !people::password_is_right(self.state, &account, self.fields.get("passwd").unwrap_or_default()) {
            return Ok(again("Your account or password is incorrect. (AADSTS50126)"));
        }
        let person = self.state.tenant(account.tenant).and_then(|home| people::person(&home, account.person));
        if person.is_some_and(|person| !person.enabled) {
            return Err(LoginError::new(50_057));
        }
        let (signed, cookie) = self.state.browsers.sign_in(self.state, self.request, &account);
        Ok(Step::Present(signed, Some(cookie)))
    }
}
