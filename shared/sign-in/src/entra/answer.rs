//! What the browser brings back from Entra. Anybody can make such a request up: nothing of it is believed before its state was
//! found, and nothing of it is ever shown.

use secrecy::SecretString;

use crate::opaque;

/// The longest answer that is looked at.
const LONGEST: usize = 16 * 1024;
/// The longest code.
const LONGEST_CODE: usize = 8 * 1024;

/// An answer with the form of one.
#[derive(Debug)]
pub struct Answer {
    /// The state of the request.
    pub state: SecretString,
    /// What came of it.
    pub outcome: Outcome,
    /// The issuer, where it is told (RFC 9207).
    pub issuer: Option<String>,
}

/// What came of a request.
#[derive(Debug)]
pub enum Outcome {
    /// A code.
    Code(SecretString),
    /// The administrator consented, as the browser says.
    Consented,
    /// An error, by its OAuth code.
    Failed(Failure),
}

/// Why there is no code (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The person has gone back, or declined.
    Declined,
    /// Nobody could sign in without a page, and none was allowed.
    InteractionRequired,
    /// Nobody has consented.
    ConsentRequired,
    /// Entra has trouble for a moment.
    Unavailable,
    /// Anything else: the application is set up wrongly, or a policy forbids it.
    Other,
}

/// Reads the query of a callback. `None` when it has not the form of an answer: no state, or one of its members twice.
#[must_use]
pub fn read(query: &str) -> Option<Answer> {
    if query.len() > LONGEST {
        return None;
    }
    let mut members: [Option<String>; 5] = Default::default();
    let names = ["state", "code", "error", "iss", "admin_consent"];
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let Some(place) = names.iter().position(|known| *known == name) else { continue };
        let member = members.get_mut(place)?;
        // Two readers could take two values.
        if member.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    let [state, code, error, issuer, consent] = members;
    let state = state.filter(|state| opaque::is_random(state))?;
    let outcome = match (error, code, consent) {
        (Some(error), _, _) => Outcome::Failed(failure(&error)),
        (None, Some(code), _) if !code.is_empty() && code.len() <= LONGEST_CODE => Outcome::Code(code.into()),
        (None, None, Some(consent)) if consent.eq_ignore_ascii_case("true") => Outcome::Consented,
        _ => return None,
    };
    Some(Answer { state: state.into(), outcome, issuer })
}

fn failure(error: &str) -> Failure {
    match error {
        "access_denied" | "permission_denied" => Failure::Declined,
        "login_required" | "interaction_required" | "account_selection_required" => Failure::InteractionRequired,
        "consent_required" => Failure::ConsentRequired,
        "temporarily_unavailable" | "server_error" => Failure::Unavailable,
        _ => Failure::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    const STATE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_code_or_an_error_comes_with_a_state() {
        let answer = read(&format!("code=c%2Bd&state={STATE}&session_state=x&iss=i")).unwrap();
        assert!(matches!(&answer.outcome, Outcome::Code(code) if code.expose_secret() == "c+d"));
        assert_eq!((answer.state.expose_secret(), answer.issuer.as_deref()), (STATE, Some("i")));
        let answer = read(&format!("error=access_denied&error_description=%3Csvg%3E&state={STATE}")).unwrap();
        assert!(matches!(answer.outcome, Outcome::Failed(Failure::Declined)));
        // Entra says `admin_consent=True` beside an error, too.
        let answer = read(&format!("admin_consent=True&error=consent_required&state={STATE}")).unwrap();
        assert!(matches!(answer.outcome, Outcome::Failed(Failure::ConsentRequired)));
        assert!(matches!(
            read(&format!("admin_consent=True&tenant=t&state={STATE}")).unwrap().outcome,
            Outcome::Consented
        ));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for bad in [
            "code=good".to_owned(),
            "code=good&state=AAAA".to_owned(),
            format!("code=a&code=b&state={STATE}"),
            format!("code=a&state={STATE}&state={STATE}"),
            format!("code=&state={STATE}"),
            format!("state={STATE}"),
            format!("admin_consent=False&state={STATE}"),
            format!("code={}&state={STATE}", "a".repeat(LONGEST_CODE + 1)),
            "a".repeat(LONGEST + 1),
        ] {
            assert!(read(&bad).is_none(), "{bad:.60}");
        }
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_read_or_refused(query in ".{0,400}") {
            if let Some(answer) = read(&query) {
                prop_assert!(opaque::is_random(answer.state.expose_secret()));
            }
        }
    }
}
