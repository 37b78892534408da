//! The pages of an administrator who connects a tenant.

use maud::{Markup, html};

use super::{Language, frame};
use crate::permission::Permission;

/// What came of a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// The link is unknown, or its time is over.
    NoLink,
    /// The administrator went back.
    Declined,
    /// Entra did not take the request, or a policy forbids it.
    Refused,
    /// Entra has trouble for a moment.
    Later,
    /// Whoever signed in may not consent for the tenant.
    NoAdministrator,
    /// The connection belongs to another tenant already.
    AnotherTenant,
    /// Some permissions are missing.
    Incomplete {
        /// Which.
        missing: Vec<Permission>,
    },
    /// All is there.
    Connected {
        /// It was connected before.
        again: bool,
    },
}

impl Result {
    /// The word for it in the log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoLink => "no_link",
            Self::Declined => "declined",
            Self::Refused => "refused",
            Self::Later => "later",
            Self::NoAdministrator => "no_administrator",
            Self::AnotherTenant => "another_tenant",
            Self::Incomplete { .. } => "incomplete",
            Self::Connected { again: false } => "connected",
            Self::Connected { again: true } => "connected_again",
        }
    }

    /// The HTTP status of its page.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NoLink => 404,
            Self::NoAdministrator | Self::AnotherTenant => 403,
            _ => 200,
        }
    }
}

/// The page of a setup link: what will be asked for, and why.
#[must_use]
pub fn invitation(name: &str, needed: &[Permission], setup: &str, language: Language) -> Markup {
    let german = matches!(language, Language::German);
    let title = if german { "Microsoft verbinden" } else { "Connect Microsoft" };
    frame(
        language,
        title,
        &html! {
            @if german {
                p { "Sie verbinden " strong { (name) } " mit Ihrem Microsoft-Entra-Mandanten. Microsoft fragt Sie gleich, ob diese Anwendung in Ihrem Mandanten darf, was unten steht. Sie liest nur; sie ändert in Ihrem Verzeichnis nichts." }
                p { "Dazu brauchen Sie die Rolle Globaler Administrator oder Administrator für privilegierte Rollen. Danach melden Sie sich noch einmal an: So sehen wir, welcher Mandant es ist." }
            } @else {
                p { "You are about to connect " strong { (name) } " with your Microsoft Entra tenant. Microsoft will ask you whether this application may do in your tenant what stands below. It only reads; it changes nothing in your directory." }
                p { "For that you need the role Global Administrator or Privileged Role Administrator. Afterwards you sign in once more: that is how we see which tenant it is." }
            }
            ul { @for permission in needed { li { code { (permission.name()) } " – " (why(*permission, german)) } } }
            form method="post" action="/connect" {
                input type="hidden" name="setup" value=(setup);
                button type="submit" { @if german { "Weiter zu Microsoft" } @else { "Continue to Microsoft" } }
            }
        },
    )
}

/// What came of it.
#[must_use]
pub fn result(result: &Result, language: Language) -> Markup {
    let german = matches!(language, Language::German);
    let (title, lines) = words(result, german);
    frame(
        language,
        title,
        &html! {
            @for line in lines { p { (line) } }
            @if let Result::Incomplete { missing } = result {
                ul { @for permission in missing { li { code { (permission.name()) } " – " (why(*permission, german)) } } }
            }
        },
    )
}

const fn why(permission: Permission, german: bool) -> &'static str {
    match (permission, german) {
        (Permission::Users, false) => "people, their managers, and changes of both",
        (Permission::Members, false) => "who is in the groups that may use the platform",
        (Permission::Groups, false) => "to be told of changes of these groups at once",
        (Permission::Organization, false) => "the verified domains of your organisation",
        (Permission::Users, true) => "Personen, ihre Vorgesetzten und Änderungen an beiden",
        (Permission::Members, true) => "wer in den Gruppen ist, welche die Plattform benutzen dürfen",
        (Permission::Groups, true) => "um Änderungen dieser Gruppen sofort zu erfahren",
        (Permission::Organization, true) => "die bestätigten Domänen Ihrer Organisation",
    }
}

const fn words(result: &Result, german: bool) -> (&'static str, &'static [&'static str]) {
    if german { german_words(result) } else { english_words(result) }
}

const fn english_words(result: &Result) -> (&'static str, &'static [&'static str]) {
    match result {
        Result::NoLink => ("This link is not good any more", &["Ask the people who sent it to you for a new one."]),
        Result::Declined => (
            "You have not agreed",
            &[
                "Nothing was connected and nothing was changed.",
                "To try again, open the link that you were sent once more.",
            ],
        ),
        Result::Refused => (
            "Microsoft has not accepted the request",
            &[
                "The application is set up wrongly, or a policy of your tenant forbids it. Nothing was connected.",
                "Tell the people who sent you the link what you see here.",
            ],
        ),
        Result::Later => (
            "Microsoft does not answer at the moment",
            &["Nothing was connected. Open the link that you were sent again in some minutes."],
        ),
        Result::NoAdministrator => (
            "This needs an administrator",
            &[
                "The account with which you signed in has neither the role Global Administrator nor Privileged Role Administrator in its tenant, so that it can not connect it. Nothing was connected.",
                "Open the link again and sign in with the account with which you have agreed, or pass the link on to somebody who has that role.",
            ],
        ),
        Result::AnotherTenant => (
            "This is another tenant",
            &[
                "The connection belongs to another Microsoft Entra tenant already. It stays as it is.",
                "If it shall change its tenant, ask the people who sent you the link for a new connection.",
            ],
        ),
        Result::Incomplete { .. } => (
            "Connected, but something is missing",
            &[
                "Your tenant is connected. The permissions below were not granted, or are not in effect yet: that can take some minutes.",
                "Open the link again after that. If they are missing still, check in the Entra admin center, Enterprise applications, Permissions, what was granted.",
            ],
        ),
        Result::Connected { again: false } => (
            "Your tenant is connected",
            &[
                "All permissions are there. You can close this window; the people who sent you the link see it and go on.",
            ],
        ),
        Result::Connected { again: true } => (
            "Your tenant was connected already",
            &["All permissions are there. Nothing else has changed. You can close this window."],
        ),
    }
}

const fn german_words(result: &Result) -> (&'static str, &'static [&'static str]) {
    match result {
        Result::NoLink => {
            ("Dieser Link gilt nicht mehr", &["Bitten Sie diejenigen, die ihn geschickt haben, um einen neuen."])
        }
        Result::Declined => (
            "Sie haben nicht zugestimmt",
            &[
                "Nichts wurde verbunden, und nichts wurde geändert.",
                "Um es noch einmal zu versuchen, öffnen Sie den Link, den Sie bekommen haben, noch einmal.",
            ],
        ),
        Result::Refused => (
            "Microsoft hat die Anfrage nicht angenommen",
            &[
                "Die Anwendung ist falsch eingerichtet, oder eine Richtlinie Ihres Mandanten verbietet sie. Nichts wurde verbunden.",
                "Sagen Sie denen, die Ihnen den Link geschickt haben, was Sie hier sehen.",
            ],
        ),
        Result::Later => (
            "Microsoft antwortet im Moment nicht",
            &["Nichts wurde verbunden. Öffnen Sie den Link in einigen Minuten noch einmal."],
        ),
        Result::NoAdministrator => (
            "Das braucht einen Administrator",
            &[
                "Das Konto, mit dem Sie sich angemeldet haben, hat in seinem Mandanten weder die Rolle Globaler Administrator noch Administrator für privilegierte Rollen und kann ihn deshalb nicht verbinden. Nichts wurde verbunden.",
                "Öffnen Sie den Link noch einmal und melden Sie sich mit dem Konto an, mit dem Sie zugestimmt haben, oder geben Sie den Link jemandem mit dieser Rolle.",
            ],
        ),
        Result::AnotherTenant => (
            "Das ist ein anderer Mandant",
            &[
                "Die Verbindung gehört schon zu einem anderen Microsoft-Entra-Mandanten. Sie bleibt, wie sie ist.",
                "Soll sie den Mandanten wechseln, bitten Sie diejenigen, die Ihnen den Link geschickt haben, um eine neue Verbindung.",
            ],
        ),
        Result::Incomplete { .. } => (
            "Verbunden, aber etwas fehlt",
            &[
                "Ihr Mandant ist verbunden. Die Berechtigungen unten wurden nicht erteilt oder wirken noch nicht: Das kann einige Minuten dauern.",
                "Öffnen Sie den Link danach noch einmal. Fehlen sie immer noch, sehen Sie im Entra Admin Center unter Unternehmensanwendungen, Berechtigungen nach, was erteilt wurde.",
            ],
        ),
        Result::Connected { again: false } => (
            "Ihr Mandant ist verbunden",
            &[
                "Alle Berechtigungen sind da. Sie können dieses Fenster schließen; diejenigen, die Ihnen den Link geschickt haben, sehen es und machen weiter.",
            ],
        ),
        Result::Connected { again: true } => (
            "Ihr Mandant war schon verbunden",
            &["Alle Berechtigungen sind da. Sonst hat sich nichts geändert. Sie können dieses Fenster schließen."],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_a_page_that_names_what_is_missing() {
        let missing = Permission::ALL.to_vec();
        for language in [Language::English, Language::German] {
            let shown = result(&Result::Incomplete { missing: missing.clone() }, language).into_string();
            assert!(Permission::ALL.iter().all(|permission| shown.contains(permission.name())), "{shown}");
            let shown = invitation("<script>", &missing, "token", language).into_string();
            assert!(!shown.contains("<script>") && shown.contains("Group.Read.All"), "{shown}");
        }
    }
}
