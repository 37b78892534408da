//! What is said: what happened since when, what it means for people, and who must do what.

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_store::{Connection, ConnectionStatus, CredentialKind, Matter, Trouble};

use super::due::{Notice, Telling};
use super::facts::{Facts, Notifications, OpenHold};
use super::ladder;
use super::standing::passes;

/// The longest text that is repeated from elsewhere, in characters. A card may have 28 KB (Learn page "Create an
/// Incoming Webhook").
const LONGEST: usize = 1_000;

/// Nothing of what is told here takes anything from anybody, and that is the first thing that people want to know.
const NO_LOSS: &str = "Nobody loses access because of this.";

/// Who runs the deployment, where the tenant's administrator can do nothing.
const OPERATOR: &str =
    "Whoever operates Rollcall must look at its alarms, at the queue of failed runs and at the log of the worker.";

/// A notice in words. Each is plain text of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// How bad it is.
    pub tone: Tone,
    /// One sentence, without a full stop at its end.
    pub subject: String,
    /// Pairs of a question and its answer, in the order in which people ask.
    pub answers: Vec<(&'static str, String)>,
    /// Which reminder it is, and when the next one follows.
    pub reminder: Option<String>,
    /// Which connection it is about.
    pub connection: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Somebody must do something now.
    Bad,
    /// Somebody must do something soon, or nobody has to do anything yet.
    Warning,
    /// It is well again, or was well all the time.
    Good,
}

/// Which connection is spoken of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The connection.
    pub id: ConnectionId,
    /// What people call it.
    pub name: String,
    /// Which kind of credential it has.
    pub credential: CredentialKind,
}

impl From<&Connection> for About {
    fn from(connection: &Connection) -> Self {
        Self { id: connection.id, name: line(&connection.name), credential: connection.credential_kind }
    }
}

impl About {
    fn full(&self) -> String {
        format!("{} ({})", line(&self.name), self.id)
    }
}

/// Puts a notice in words.
#[must_use]
pub fn words(about: &About, facts: &Facts, notice: &Notice, now: Timestamp) -> Words {
    let name = line(&about.name);
    let said = match notice.telling {
        Telling::Recovery => recovery(&name, notice),
        Telling::Step { .. } | Telling::Countdown { .. } => trouble(&name, about.credential, facts, notice, now),
    };
    let reminder = match notice.telling {
        Telling::Step { number, first: false } => Some(reminder(number)),
        Telling::Step { .. } | Telling::Countdown { .. } | Telling::Recovery => None,
    };
    let subject = if reminder.is_some() { format!("Reminder: {}", said.subject) } else { said.subject };
    let answers = said.answers.into_iter().map(|(question, answer)| (question, line(&answer))).collect();
    Words { tone: said.tone, subject, answers, reminder, connection: about.full() }
}

/// What a test says.
#[must_use]
pub fn test(about: &About) -> Words {
    Words {
        tone: Tone::Good,
        subject: format!("Rollcall can post here about the connection {}", line(&about.name)),
        answers: vec![
            ("What happened", "Somebody tested the notification channel of this connection.".to_owned()),
            ("What to do", "Nothing.".to_owned()),
        ],
        reminder: None,
        connection: about.full(),
    }
}

struct Said {
    tone: Tone,
    subject: String,
    answers: Vec<(&'static str, String)>,
}

fn said(tone: Tone, subject: String, since: Timestamp, wrong: String, means: &str, action: String) -> Said {
    let answers = vec![
        ("Since", when(since)),
        ("What is wrong", wrong),
        ("What it means", format!("{NO_LOSS} {means}")),
        ("What to do", action),
    ];
    Said { tone, subject, answers }
}

fn trouble(name: &str, kind: CredentialKind, facts: &Facts, notice: &Notice, now: Timestamp) -> Said {
    match notice.matter {
        Matter::Paused => paused(name, &facts.status, notice.since),
        Matter::Trouble => troubled(name, facts.trouble.as_ref(), notice.since),
        Matter::NoRun => no_run(name, facts, notice.since, now),
        Matter::Cursor => cursor(name, notice.since),
        Matter::Subscription => subscription(name, facts.notifications, notice.since),
        Matter::Credential => credential(name, kind, notice.since, now),
        Matter::Hold => hold(name, facts.open_hold, notice.since),
    }
}

fn paused(name: &str, status: &ConnectionStatus, since: Timestamp) -> Said {
    let (wrong, action) = match status {
        ConnectionStatus::Paused { reason, .. } => (sentence(&reason.message), reason.action.clone()),
        _ => (String::new(), String::new()),
    };
    let means = "Until it is mended, changes in the directory do not arrive: nobody new gets in, and leavers keep what they have.";
    said(Tone::Bad, format!("Rollcall has paused the connection {name}"), since, wrong, means, action)
}

fn troubled(name: &str, trouble: Option<&Trouble>, since: Timestamp) -> Said {
    let message = trouble.map(|trouble| sentence(&trouble.message)).unwrap_or_default();
    let next = trouble.and_then(|trouble| trouble.retry_at).map(|at| format!(" The next attempt is at {}.", when(at)));
    let means = "Until it is over, changes in the directory arrive late or not at all.";
    if trouble.is_some_and(passes) {
        let subject = format!("The connection {name} has been waiting for Microsoft for hours");
        let action = format!(
            "Nothing yet: it is tried again by itself.{} If it lasts, an administrator of the Entra tenant can look at \
             the service health of Microsoft 365.",
            next.unwrap_or_default()
        );
        said(Tone::Warning, subject, since, message, means, action)
    } else {
        let action = format!("It is tried again by itself. If it does not pass: {}", lower(OPERATOR));
        said(Tone::Bad, format!("A sync of the connection {name} failed"), since, message, means, action)
    }
}

fn no_run(name: &str, facts: &Facts, since: Timestamp, now: Timestamp) -> Said {
    let hours = now.duration_since(since).as_hours();
    let wrong = match (facts.last_success_at, facts.last_full_at) {
        (None, _) => "No run of this connection has ever succeeded.".to_owned(),
        (Some(_), None) => format!("No run has succeeded for {hours} hours."),
        (Some(_), Some(full)) => {
            format!("No run has succeeded for {hours} hours; the last full one did {}.", when(full))
        }
    };
    let means = "Changes in the directory do not arrive.";
    said(Tone::Bad, format!("The connection {name} is not synced any more"), since, wrong, means, OPERATOR.to_owned())
}

fn cursor(name: &str, since: Timestamp) -> Said {
    let wrong = format!(
        "The place at which reading of changes goes on was last moved {}. Microsoft forgets such a place after seven days.",
        when(since)
    );
    let means = "Once it is forgotten the whole directory is read again, which takes longer.";
    let subject = format!("The connection {name} does not get on with reading changes");
    said(Tone::Warning, subject, since, wrong, means, OPERATOR.to_owned())
}

fn subscription(name: &str, notifications: Notifications, since: Timestamp) -> Said {
    let wrong = match notifications {
        Notifications::Until(end) => format!("They end {} and can not be renewed.", when(end)),
        _ => "They can not be set up.".to_owned(),
    };
    let means = "Changes in the directory are still found every few minutes and once a day in full, but later than by a notification.";
    let action = "Test the connection: the answer says which permission an administrator of the Entra tenant must grant, or \
                  that another deployment with the same app registration is in the way.";
    let subject = format!("The connection {name} gets no change notifications");
    said(Tone::Warning, subject, since, wrong, means, action.to_owned())
}

fn hold(name: &str, hold: Option<OpenHold>, since: Timestamp) -> Said {
    let removals = hold.map_or(0, |hold| hold.removals);
    let wrong = format!(
        "The directory asks for {removals} removals at once (accounts, teams or values that people would lose). That is \
         more than the connection's limits allow without a person's decision."
    );
    let means = "They wait. Joiners and changes go on.";
    let action = "Look at the list of the hold: each line names the person and the reason. Approve it if it is right, reject it \
                  if it is not, or have the directory mended: then the hold closes by itself.";
    said(
        Tone::Bad,
        format!("Removals in the connection {name} wait for your decision"),
        since,
        wrong,
        means,
        action.to_owned(),
    )
}

fn credential(name: &str, kind: CredentialKind, end: Timestamp, now: Timestamp) -> Said {
    let thing = match kind {
        CredentialKind::Certificate => "certificate",
        CredentialKind::ClientSecret | CredentialKind::PlatformApplication | CredentialKind::FederatedAssertion => {
            "client secret"
        }
    };
    let left = end.duration_since(now);
    let (tone, subject) = if left <= SignedDuration::ZERO {
        (Tone::Bad, format!("The {thing} of the connection {name} has expired"))
    } else {
        let tone = if left <= SignedDuration::from_hours(7 * 24) { Tone::Bad } else { Tone::Warning };
        (tone, format!("The {thing} of the connection {name} expires {}", in_days(left)))
    };
    let means = format!("{NO_LOSS} From then on changes in the directory do not arrive.");
    let action = format!(
        "An administrator of the Entra tenant must make a new {thing} for the app registration; enter it in the \
         connection. The old one can stay in the app registration until the new one is in use."
    );
    Said { tone, subject, answers: vec![("Expires", when(end)), ("What it means", means), ("What to do", action)] }
}

fn recovery(name: &str, notice: &Notice) -> Said {
    let subject = match notice.matter {
        Matter::Paused => format!("The connection {name} is active again"),
        Matter::Trouble | Matter::NoRun => format!("The connection {name} is synced again"),
        Matter::Cursor => format!("The connection {name} reads changes again"),
        Matter::Subscription => format!("The connection {name} gets change notifications again"),
        Matter::Credential => format!("The credential of the connection {name} was replaced"),
        Matter::Hold => format!("Nothing waits for a decision in the connection {name} any more"),
    };
    let answers = vec![
        ("It was not well since", when(notice.since)),
        ("What it means", "What changed in the directory meanwhile is caught up with by itself.".to_owned()),
        ("What to do", "Nothing.".to_owned()),
    ];
    Said { tone: Tone::Good, subject, answers }
}

fn reminder(number: u32) -> String {
    let wait = ladder::days(number + 1) - ladder::days(number);
    let days = if wait == 1 { "day" } else { "days" };
    format!("This is reminder {number}. If it is not mended, the next one follows in {wait} {days}.")
}

fn in_days(left: SignedDuration) -> String {
    let day = 24 * 60 * 60;
    match (left.as_secs() + day - 1) / day {
        ..=1 => "within a day".to_owned(),
        days => format!("in {days} days"),
    }
}

/// A time as people read it, in the only time zone that all of them can be told in.
fn when(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) || text.is_empty() { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// One line whatever is in it: a name may not start another line of a mail, nor another header.
fn line(text: &str) -> String {
    text.chars().take(LONGEST).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests;
