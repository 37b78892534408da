//! How a matter stands: well, bad and since when, or not to be spoken of now.

use jiff::{SignedDuration, Timestamp};
use rollcall_store::{ConnectionStatus, Matter, PauseKind, Trouble};

use super::facts::{Facts, Notifications};

/// Trouble that passes by itself is told only when it lasts longer.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(6);
/// Without a successful run for longer than this a connection that is synced daily has been forgotten by something.
pub const DAILY: SignedDuration = SignedDuration::from_hours(26);
/// Delta links live for seven days (Graph page "Use delta query to track changes", "Token duration" for directory
/// objects). At this age there is still time to mend what keeps them from being renewed.
pub const CURSOR_AGE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// A subscription is renewed at half of its life, weeks ahead. With less left than this renewing does not work.
pub const SUBSCRIPTION_LEFT: SignedDuration = SignedDuration::from_hours(48);
/// A missing subscription is made anew within an hour. One that is missing for longer than this can't be made.
pub const SUBSCRIPTION_GAP: SignedDuration = SignedDuration::from_hours(24);

/// How a matter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Well,
    /// Not to be spoken of now, neither as bad nor as mended: something else is the cause, or it is not known yet.
    Muted,
    /// Of no interest any more. Whatever was told is forgotten without a word.
    Over,
    /// Not as it should be.
    Bad {
        /// Since when, which tells one occurrence from the next. None where only our own memory can know.
        since: Option<Timestamp>,
        /// How long after that it becomes worth telling. The ladder begins then.
        after: SignedDuration,
        /// The ladder does not begin before this.
        not_before: Option<Timestamp>,
    },
    /// It ends then, and that is counted down.
    Ends(Timestamp),
}

impl Standing {
    const fn bad(since: Timestamp, after: SignedDuration) -> Self {
        Self::Bad { since: Some(since), after, not_before: None }
    }
}

/// How a matter stands.
#[must_use]
pub fn standing(now: Timestamp, facts: &Facts, matter: Matter) -> Standing {
    let paused = match &facts.status {
        ConnectionStatus::Active => None,
        ConnectionStatus::Paused { reason, since } => Some((reason.kind, *since)),
        ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Deleting => return Standing::Over,
    };
    match (matter, paused) {
        (Matter::Paused, None) => Standing::Well,
        (Matter::Paused, Some((_, since))) => Standing::bad(since, SignedDuration::ZERO),
        (Matter::Credential, _) => credential(now, facts, paused.map(|(kind, _)| kind)),
        // Decided, or undone by the directory itself: whoever decided knows, and for the others nothing has changed.
        (Matter::Hold, _) => {
            facts.open_hold.map_or(Standing::Over, |hold| Standing::bad(hold.since, SignedDuration::ZERO))
        }
        // The pause is what people hear of. Nothing else can be right or wrong as long as it lasts.
        (_, Some(_)) => Standing::Muted,
        (Matter::Trouble, None) => facts.trouble.as_ref().map_or(Standing::Well, trouble),
        (Matter::NoRun, None) => no_run(now, facts),
        (Matter::Cursor, None) => cursor(now, facts),
        (Matter::Subscription, None) => subscription(now, facts.notifications),
    }
}

fn trouble(trouble: &Trouble) -> Standing {
    Standing::bad(trouble.since, if passes(trouble) { PATIENCE } else { SignedDuration::ZERO })
}

/// Whether this kind of trouble is expected to pass without anybody's help.
#[must_use]
pub fn passes(trouble: &Trouble) -> bool {
    matches!(trouble.kind.as_str(), "throttled" | "unavailable")
}

/// Whether people hear of the trouble, so that what follows from it need not be told as well.
fn is_told_as_trouble(now: Timestamp, facts: &Facts) -> bool {
    facts.trouble.as_ref().is_some_and(|trouble| !passes(trouble) || now.duration_since(trouble.since) >= PATIENCE)
}

/// How long a connection may be without a successful run.
#[must_use]
pub fn longest_silence(sync_every_hours: Option<u32>) -> SignedDuration {
    let asked = sync_every_hours.map(|hours| SignedDuration::from_hours(2 * i64::from(hours) + 2));
    // Every connection is reconciled daily, so that more than a day is too much for all of them.
    asked.map_or(DAILY, |asked| asked.min(DAILY))
}

/// A change of settings, an activation among them, starts the time anew, but does not count as a success.
fn no_run(now: Timestamp, facts: &Facts) -> Standing {
    if !facts.auto_sync {
        return Standing::Over;
    }
    let longest = longest_silence(facts.sync_every_hours);
    if facts.last_success_at.is_some_and(|last| now.duration_since(last) <= longest) {
        return Standing::Well;
    }
    if now.duration_since(facts.updated_at) <= longest || is_told_as_trouble(now, facts) {
        return Standing::Muted;
    }
    let since = Some(facts.last_success_at.unwrap_or(facts.created_at));
    Standing::Bad { since, after: longest, not_before: Some(facts.updated_at + longest) }
}

fn cursor(now: Timestamp, facts: &Facts) -> Standing {
    let Some(read_at) = facts.cursor_read_at else { return Standing::Muted };
    if now.duration_since(read_at) <= CURSOR_AGE {
        return Standing::Well;
    }
    if is_told_as_trouble(now, facts) || !matches!(no_run(now, facts), Standing::Well) {
        return Standing::Muted;
    }
    Standing::bad(read_at, CURSOR_AGE)
}

fn subscription(now: Timestamp, notifications: Notifications) -> Standing {
    match notifications {
        Notifications::NotWanted => Standing::Over,
        Notifications::Until(end) if end.duration_since(now) >= SUBSCRIPTION_LEFT => Standing::Well,
        Notifications::Until(end) => Standing::bad(end - SUBSCRIPTION_LEFT, SignedDuration::ZERO),
        Notifications::Missing => Standing::Bad { since: None, after: SUBSCRIPTION_GAP, not_before: None },
    }
}

fn credential(now: Timestamp, facts: &Facts, paused: Option<PauseKind>) -> Standing {
    match facts.credential_expires_at {
        None => Standing::Over,
        // Then the pause says it.
        Some(end) if end <= now && paused == Some(PauseKind::Credential) => Standing::Muted,
        Some(end) => Standing::Ends(end),
    }
}
