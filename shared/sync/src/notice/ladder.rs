//! How often people are reminded of what is not mended: at once, then less and less often, and never not at all.

use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Days after which reminders follow the first notice.
const REMINDERS: [i64; 5] = [1, 3, 7, 14, 30];

/// Days between two reminders after those.
const EVERY: i64 = 30;

/// Days before its end at which people are told of a credential.
pub const COUNTDOWN: [i64; 4] = [30, 14, 7, 1];

/// The step that is reached: 0 is the first notice, 1 the first reminder. None before the beginning, which a clock that
/// went back may lead to.
#[must_use]
pub fn step(now: Timestamp, from: Timestamp) -> Option<u32> {
    let days = whole_days(now, from)?;
    let [.., last] = REMINDERS;
    let listed = REMINDERS.iter().filter(|after| days >= **after).count();
    let later = (days - last).max(0) / EVERY;
    Some(u32::try_from(listed).unwrap_or(u32::MAX).saturating_add(u32::try_from(later).unwrap_or(u32::MAX)))
}

/// Days from the first notice to a step.
#[must_use]
pub fn days(step: u32) -> i64 {
    let Some(reminder) = step.checked_sub(1) else { return 0 };
    let [.., last] = REMINDERS;
    let listed = usize::try_from(reminder).ok().and_then(|index| REMINDERS.get(index).copied());
    listed.unwrap_or_else(|| last + EVERY * (i64::from(step) - i64::try_from(REMINDERS.len()).unwrap_or_default()))
}

/// The step of the countdown that is reached: 0 at thirty days before the end, 4 at the end itself.
#[must_use]
pub fn countdown(now: Timestamp, end: Timestamp) -> Option<u32> {
    let left = end.duration_since(now);
    let reached = COUNTDOWN.iter().filter(|days| left <= days_long(**days)).count();
    let over = usize::from(left <= SignedDuration::ZERO);
    (reached + over).checked_sub(1).and_then(|step| u32::try_from(step).ok())
}

fn days_long(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn whole_days(now: Timestamp, from: Timestamp) -> Option<i64> {
    let since = now.duration_since(from);
    (!since.is_negative()).then(|| since.as_secs() / DAY.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(hours: i64) -> Option<u32> {
        step(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_first_notice_is_at_once_and_reminders_thin_out() {
        let steps = [
            (0, 0),
            (23, 0),
            (24, 1),
            (71, 1),
            (72, 2),
            (167, 2),
            (168, 3),
            (335, 3),
            (336, 4),
            (719, 4),
            (720, 5),
            (1_439, 5),
            (1_440, 6),
            (2_160, 7),
            (24 * 300, 14),
        ];
        for (hours, expected) in steps {
            assert_eq!(after(hours), Some(expected), "{hours} hours");
        }
        assert_eq!(after(-1), None);
    }

    #[test]
    fn each_step_is_reached_on_its_day_and_not_before() {
        for number in 0..40 {
            assert_eq!(after(24 * days(number)), Some(number));
            assert_eq!(after(24 * days(number) - 1), number.checked_sub(1));
        }
    }

    #[test]
    fn a_credential_is_told_of_at_thirty_fourteen_seven_and_one_day_and_at_its_end() {
        let end = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365);
        let left = |hours: i64| countdown(end - SignedDuration::from_hours(hours), end);
        let steps = [
            (721, None),
            (720, Some(0)),
            (337, Some(0)),
            (336, Some(1)),
            (169, Some(1)),
            (168, Some(2)),
            (25, Some(2)),
            (24, Some(3)),
            (1, Some(3)),
            (0, Some(4)),
            (-9_999, Some(4)),
        ];
        for (hours, expected) in steps {
            assert_eq!(left(hours), expected, "{hours} hours left");
        }
    }
}
