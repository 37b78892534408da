//! The pages of somebody who lets the application act for them.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{Language, frame};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    /// The link is unknown, or its time is over.
    NoLink,
    /// They went back.
    Declined,
    /// Somebody else signed in.
    SomebodyElse,
    /// They agreed to less than what was asked for.
    NotAll,
    /// They agreed.
    Kept,
}

impl Result {
    /// The HTTP status of its page.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NoLink => 404,
            Self::SomebodyElse => 403,
            Self::Declined | Self::NotAll | Self::Kept => 200,
        }
    }
}

/// The page of a link: what is asked for.
#[must_use]
pub fn invitation(permissions: &BTreeSet<String>, link: &str, language: Language) -> Markup {
    let (title, lead, after, button) = match language {
        Language::English => (
            "Let the platform act for you",
            "Your learning platform would like to do this with your Microsoft account, also while you are not there:",
            "Microsoft asks you about it on the next page. You can take it back at any time at myapps.microsoft.com.",
            "Continue to Microsoft",
        ),
        Language::German => (
            "Die Plattform für Sie handeln lassen",
            "Ihre Lernplattform möchte mit Ihrem Microsoft-Konto Folgendes tun, auch während Sie nicht da sind:",
            "Microsoft fragt Sie auf der nächsten Seite danach. Sie können es jederzeit unter myapps.microsoft.com zurücknehmen.",
            "Weiter zu Microsoft",
        ),
    };
    frame(
        language,
        title,
        &html! {
            p { (lead) }
            ul { @for permission in permissions { li { code { (permission) } } } }
            p { (after) }
            form method="post" action="/delegate" {
                input type="hidden" name="link" value=(link);
                button type="submit" { (button) }
            }
        },
    )
}

/// What came of it.
#[must_use]
pub fn result(result: &Result, language: Language) -> Markup {
    let (title, lines) = match language {
        Language::English => english(*result),
        Language::German => german(*result),
    };
    frame(language, title, &html! { @for line in lines { p { (line) } } })
}

const fn english(result: Result) -> (&'static str, &'static [&'static str]) {
    match result {
        Result::NoLink => ("This link is not good any more", &["Ask for a new one on your learning platform."]),
        Result::Declined => ("You have not agreed", &["Nothing was changed. To agree later, open the link once more."]),
        Result::SomebodyElse => (
            "This link is for somebody else",
            &[
                "You have signed in with another account than the one that the link is for.",
                "Open the link again and choose the right account.",
            ],
        ),
        Result::NotAll => (
            "Not everything was granted",
            &[
                "Microsoft has not granted all that was asked for, so that nothing was kept.",
                "Your organisation may have to allow it first. Ask your IT department.",
            ],
        ),
        Result::Kept => ("Thank you", &["Your learning platform may act for you now. You can close this window."]),
    }
}

const fn german(result: Result) -> (&'static str, &'static [&'static str]) {
    match result {
        Result::NoLink => ("Dieser Link gilt nicht mehr", &["Fordern Sie auf Ihrer Lernplattform einen neuen an."]),
        Result::Declined => (
            "Sie haben nicht zugestimmt",
            &["Nichts wurde geändert. Um später zuzustimmen, öffnen Sie den Link noch einmal."],
        ),
        Result::SomebodyElse => (
            "Dieser Link ist für jemand anderen",
            &[
                "Sie haben sich mit einem anderen Konto angemeldet als dem, für das der Link gilt.",
                "Öffnen Sie den Link noch einmal und wählen Sie das richtige Konto.",
            ],
        ),
        Result::NotAll => (
            "Nicht alles wurde erlaubt",
            &[
                "Microsoft hat nicht alles erlaubt, worum gebeten wurde; deshalb wurde nichts aufbewahrt.",
                "Vielleicht muss Ihre Organisation es zuerst erlauben. Fragen Sie Ihre IT-Abteilung.",
            ],
        ),
        Result::Kept => {
            ("Danke", &["Ihre Lernplattform darf jetzt für Sie handeln. Sie können dieses Fenster schließen."])
        }
    }
}
