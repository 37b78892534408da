//! What the pages say, in each language.

use super::Language;
use crate::refusal::Refusal;

/// The text of a page.
pub(super) struct Text {
    pub(super) title: &'static str,
    pub(super) lines: &'static [&'static str],
}

/// The text of a page with a form.
pub(super) struct FormText {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) button: &'static str,
}

const fn text(title: &'static str, lines: &'static [&'static str]) -> Text {
    Text { title, lines }
}

/// Says what to do, and whom to ask. To somebody for whom Entra does not vouch it says nothing of what exists.
pub(super) const fn refusal(refusal: &Refusal, language: Language) -> Text {
    match language {
        Language::English => english(refusal),
        Language::German => german(refusal),
    }
}

const fn english(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::NotBegun | Refusal::Code | Refusal::Issuer | Refusal::Token(_) => text(
            "Please sign in again",
            &[
                "This sign-in is over, or was begun in another browser window.",
                "Go back to the page where you wanted to sign in, and begin again there. If this happens again, tell your IT department.",
            ],
        ),
        Refusal::Malformed | Refusal::Client => text(
            "This sign-in can not begin",
            &[
                "The page that sent you here made a mistake.",
                "Tell the support of your learning platform what you see here.",
            ],
        ),
        Refusal::Organisation => text(
            "Your organisation can not sign in here",
            &[
                "Check the address that you have entered, or the account that you have chosen.",
                "If you expected to get in, ask the IT department of your organisation for its link to sign in.",
            ],
        ),
        Refusal::TooMany => text("Too many tries", &["Wait a minute, then sign in again."]),
        Refusal::Lost => text(
            "Please sign in again",
            &["Microsoft's answer was lost on its way.", "Begin again. Your account is not affected."],
        ),
        Refusal::Declined => {
            text("You have not signed in", &["You went back before the end. You can begin again at any time."])
        }
        Refusal::InteractionRequired => {
            text("Please sign in again", &["Microsoft has to ask you something first. Begin again."])
        }
        Refusal::ConsentRequired => text(
            "Your organisation has not agreed yet",
            &["An administrator of your organisation has to allow this application first. Ask your IT department."],
        ),
        Refusal::Setup => text(
            "Signing in is set up wrongly",
            &[
                "Microsoft does not accept this application, or a policy of your organisation forbids it.",
                "Tell your IT department what you see here.",
            ],
        ),
        Refusal::Keys | Refusal::Unavailable => text(
            "Not possible at the moment",
            &[
                "Something behind this page does not answer.",
                "Wait a minute, then sign in again. Your account is not affected.",
            ],
        ),
        Refusal::Guest => text(
            "Guests can not sign in here",
            &[
                "Your account is a guest of this organisation, and it lets no guests in.",
                "Sign in with the account of your own organisation, or ask the IT department of this one.",
            ],
        ),
        Refusal::Deactivated => text(
            "Your account is closed",
            &[
                "Your organisation has closed your access to the platform.",
                "If you think that this is a mistake, ask your IT department.",
            ],
        ),
        Refusal::NoAccount => text(
            "You have no account here",
            &[
                "Your organisation has not given you access to the platform.",
                "Ask your IT department to give it to you.",
            ],
        ),
        Refusal::NotInScope => text(
            "You have no access",
            &["You are in none of the groups that may use the platform.", "Ask your IT department to add you to one."],
        ),
        Refusal::Disabled => text(
            "Your account is disabled",
            &["Your account at your organisation is disabled, or could not be found.", "Ask your IT department."],
        ),
        Refusal::Incomplete => text(
            "Something is missing in your account",
            &[
                "Your account at your organisation lacks a name or an e-mail address, which the platform needs.",
                "Ask your IT department to add it.",
            ],
        ),
        Refusal::NotYet => text(
            "It takes longer than usual",
            &[
                "Your account is still being made. That happens while your organisation is being synchronised.",
                "Sign in again in some minutes. If it still does not work then, tell your IT department.",
            ],
        ),
    }
}

const fn german(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::NotBegun | Refusal::Code | Refusal::Issuer | Refusal::Token(_) => text(
            "Bitte melden Sie sich noch einmal an",
            &[
                "Diese Anmeldung ist abgelaufen, oder sie wurde in einem anderen Browserfenster begonnen.",
                "Gehen Sie zurück zu der Seite, auf der Sie sich anmelden wollten, und beginnen Sie dort neu. Geschieht das wieder, sagen Sie es Ihrer IT-Abteilung.",
            ],
        ),
        Refusal::Malformed | Refusal::Client => text(
            "Diese Anmeldung kann nicht beginnen",
            &[
                "Die Seite, die Sie hierher geleitet hat, hat einen Fehler gemacht.",
                "Sagen Sie dem Support Ihrer Lernplattform, was Sie hier sehen.",
            ],
        ),
        Refusal::Organisation => text(
            "Ihre Organisation kann sich hier nicht anmelden",
            &[
                "Prüfen Sie die Adresse, die Sie eingegeben haben, oder das Konto, das Sie gewählt haben.",
                "Wenn Sie Zugang erwartet haben, fragen Sie die IT-Abteilung Ihrer Organisation nach deren Link zur Anmeldung.",
            ],
        ),
        Refusal::TooMany => {
            text("Zu viele Versuche", &["Warten Sie eine Minute und melden Sie sich dann noch einmal an."])
        }
        Refusal::Lost => text(
            "Bitte melden Sie sich noch einmal an",
            &[
                "Die Antwort von Microsoft ging unterwegs verloren.",
                "Beginnen Sie von vorn. Ihr Konto ist davon nicht betroffen.",
            ],
        ),
        Refusal::Declined => text(
            "Sie haben sich nicht angemeldet",
            &["Sie sind vor dem Ende zurückgegangen. Sie können jederzeit neu beginnen."],
        ),
        Refusal::InteractionRequired => text(
            "Bitte melden Sie sich noch einmal an",
            &["Microsoft muss Sie zuerst etwas fragen. Beginnen Sie noch einmal."],
        ),
        Refusal::ConsentRequired => text(
            "Ihre Organisation hat noch nicht zugestimmt",
            &[
                "Ein Administrator Ihrer Organisation muss diese Anwendung zuerst erlauben. Fragen Sie Ihre IT-Abteilung.",
            ],
        ),
        Refusal::Setup => text(
            "Die Anmeldung ist falsch eingerichtet",
            &[
                "Microsoft nimmt diese Anwendung nicht an, oder eine Richtlinie Ihrer Organisation verbietet sie.",
                "Sagen Sie Ihrer IT-Abteilung, was Sie hier sehen.",
            ],
        ),
        Refusal::Keys | Refusal::Unavailable => text(
            "Im Moment nicht möglich",
            &[
                "Etwas hinter dieser Seite antwortet nicht.",
                "Warten Sie eine Minute und melden Sie sich dann noch einmal an. Ihr Konto ist davon nicht betroffen.",
            ],
        ),
        Refusal::Guest => text(
            "Gäste können sich hier nicht anmelden",
            &[
                "Ihr Konto ist ein Gastkonto dieser Organisation, und sie lässt keine Gäste zu.",
                "Melden Sie sich mit dem Konto Ihrer eigenen Organisation an, oder fragen Sie die IT-Abteilung dieser Organisation.",
            ],
        ),
        Refusal::Deactivated => text(
            "Ihr Konto ist geschlossen",
            &[
                "Ihre Organisation hat Ihren Zugang zur Plattform geschlossen.",
                "Wenn Sie das für einen Irrtum halten, fragen Sie Ihre IT-Abteilung.",
            ],
        ),
        Refusal::NoAccount => text(
            "Sie haben hier kein Konto",
            &[
                "Ihre Organisation hat Ihnen keinen Zugang zur Plattform gegeben.",
                "Bitten Sie Ihre IT-Abteilung darum.",
            ],
        ),
        Refusal::NotInScope => text(
            "Sie haben keinen Zugang",
            &[
                "Sie sind in keiner der Gruppen, welche die Plattform benutzen dürfen.",
                "Bitten Sie Ihre IT-Abteilung, Sie in eine davon aufzunehmen.",
            ],
        ),
        Refusal::Disabled => text(
            "Ihr Konto ist deaktiviert",
            &[
                "Ihr Konto bei Ihrer Organisation ist deaktiviert, oder es wurde nicht gefunden.",
                "Fragen Sie Ihre IT-Abteilung.",
            ],
        ),
        Refusal::Incomplete => text(
            "In Ihrem Konto fehlt etwas",
            &[
                "In Ihrem Konto bei Ihrer Organisation fehlt ein Name oder eine E-Mail-Adresse, welche die Plattform braucht.",
                "Bitten Sie Ihre IT-Abteilung, das zu ergänzen.",
            ],
        ),
        Refusal::NotYet => text(
            "Es dauert länger als sonst",
            &[
                "Ihr Konto wird noch angelegt. Das kommt vor, während Ihre Organisation abgeglichen wird.",
                "Melden Sie sich in einigen Minuten noch einmal an. Geht es dann immer noch nicht, sagen Sie es Ihrer IT-Abteilung.",
            ],
        ),
    }
}

pub(super) const fn choose(language: Language) -> FormText {
    match language {
        Language::English => FormText {
            title: "Find your organisation",
            lead: "You want to sign in to",
            label: "Your e-mail address at work or school",
            hint: "By its ending we find the organisation where you sign in. We do not keep it.",
            button: "Continue",
        },
        Language::German => FormText {
            title: "Ihre Organisation finden",
            lead: "Sie möchten sich anmelden bei",
            label: "Ihre E-Mail-Adresse bei der Arbeit oder Schule",
            hint: "An ihrer Endung erkennen wir, bei welcher Organisation Sie sich anmelden. Wir bewahren sie nicht auf.",
            button: "Weiter",
        },
    }
}

pub(super) const fn confirm_sign_out(language: Language) -> FormText {
    match language {
        Language::English => FormText {
            title: "Sign out?",
            lead: "You are about to be signed out of the platform in this browser.",
            label: "",
            hint: "",
            button: "Sign out",
        },
        Language::German => FormText {
            title: "Abmelden?",
            lead: "Sie werden in diesem Browser von der Plattform abgemeldet.",
            label: "",
            hint: "",
            button: "Abmelden",
        },
    }
}

pub(super) const fn wait(language: Language) -> Text {
    match language {
        Language::English => text(
            "Your account is being made",
            &[
                "You may use the platform, and this is your first time. It takes a few seconds; you need not do anything.",
            ],
        ),
        Language::German => text(
            "Ihr Konto wird angelegt",
            &[
                "Sie dürfen die Plattform benutzen und sind zum ersten Mal hier. Es dauert einige Sekunden; Sie brauchen nichts zu tun.",
            ],
        ),
    }
}

pub(super) const fn signed_out(language: Language) -> Text {
    match language {
        Language::English => text(
            "You are signed out",
            &["You can close this window. On a computer that others use, close the browser too."],
        ),
        Language::German => text(
            "Sie sind abgemeldet",
            &[
                "Sie können dieses Fenster schließen. An einem Computer, den auch andere benutzen, schließen Sie auch den Browser.",
            ],
        ),
    }
}

pub(super) const fn signed_in(language: Language) -> Text {
    match language {
        Language::English => text("You are signed in", &["You are signed in to the platform in this browser."]),
        Language::German => text("Sie sind angemeldet", &["Sie sind in diesem Browser bei der Plattform angemeldet."]),
    }
}

pub(super) const fn not_signed_in(language: Language) -> Text {
    match language {
        Language::English => text("You are not signed in", &["Open your learning platform and sign in there."]),
        Language::German => {
            text("Sie sind nicht angemeldet", &["Öffnen Sie Ihre Lernplattform und melden Sie sich dort an."])
        }
    }
}

pub(super) const fn begin_at_platform(language: Language) -> Text {
    match language {
        Language::English => text(
            "Begin at your learning platform",
            &["Open your learning platform and choose to sign in with Microsoft."],
        ),
        Language::German => text(
            "Beginnen Sie bei Ihrer Lernplattform",
            &["Öffnen Sie Ihre Lernplattform und wählen Sie die Anmeldung mit Microsoft."],
        ),
    }
}

pub(super) const fn back(language: Language) -> &'static str {
    match language {
        Language::English => "Back to the platform",
        Language::German => "Zurück zur Plattform",
    }
}

pub(super) const fn reason(language: Language) -> &'static str {
    match language {
        Language::English => "Reason, for your IT department:",
        Language::German => "Grund, für Ihre IT-Abteilung:",
    }
}

pub(super) const fn look_now(language: Language) -> &'static str {
    match language {
        Language::English => "Look now",
        Language::German => "Jetzt nachsehen",
    }
}

pub(super) const fn sign_out(language: Language) -> &'static str {
    match language {
        Language::English => "Sign out",
        Language::German => "Abmelden",
    }
}

#[cfg(test)]
pub(super) fn all_refusals() -> Vec<Refusal> {
    use crate::entra::id_token::TokenError;
    vec![
        Refusal::NotBegun,
        Refusal::Malformed,
        Refusal::Client,
        Refusal::Organisation,
        Refusal::TooMany,
        Refusal::Declined,
        Refusal::InteractionRequired,
        Refusal::ConsentRequired,
        Refusal::Issuer,
        Refusal::Setup,
        Refusal::Code,
        Refusal::Token(TokenError::Signature),
        Refusal::Keys,
        Refusal::Unavailable,
        Refusal::Lost,
        Refusal::Guest,
        Refusal::Deactivated,
        Refusal::NoAccount,
        Refusal::NotInScope,
        Refusal::Disabled,
        Refusal::Incomplete,
        Refusal::NotYet,
    ]
}
