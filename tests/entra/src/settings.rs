//! What a test may set about one tenant while it runs.

use serde::{Deserialize, Serialize};

/// The switches of one tenant. `PATCH /control/tenants/{id}/settings` merges into them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// Milliseconds added to each Graph request.
    pub page_delay_millis: u64,
    /// Graph shows the directory as it was so many milliseconds ago. Notifications are not delayed by it.
    pub propagation_lag_millis: i64,
    /// Throttling by resource units.
    pub throttling: bool,
    /// Resource units for each app in ten seconds; 0 takes Microsoft's figure for the size of the tenant.
    pub resource_units: u32,
    /// Life of access tokens in seconds; 0 draws from 3599 to 5399.
    pub token_life_seconds: i64,
    /// Life of a paged listing in seconds; 0 is without end. An old nextLink gets `Directory_ExpiredPageToken`.
    pub page_token_life_seconds: i64,
    /// Of people without a photo one of a single pixel is described, instead of a 404.
    pub photo_placeholder: bool,
    /// The password of everybody; any is right when absent.
    pub password: Option<String>,
    /// People may consent to permissions that need no administrator.
    pub user_consent: bool,
    /// Seconds until what an administrator consented to is in tokens.
    pub consent_lag_seconds: i64,
    /// Answers of the authorization endpoint tell their issuer (RFC 9207).
    pub issuer_parameter: bool,
    /// How delta answers.
    pub delta: DeltaSettings,
    /// How notifications are delivered.
    pub notifications: NotificationSettings,
}

/// How delta answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeltaSettings {
    /// Rows on a page at most.
    pub page_size: u32,
    /// Members in one row of a group at most; the group is repeated for the rest.
    pub members_per_row: u32,
    /// Each page has a random size from 1 to `pageSize`.
    pub random_page_size: bool,
    /// Rows of an incremental round come in random order.
    pub shuffle: bool,
    /// How often, in percent, a row is repeated.
    pub replay_percent: u8,
    /// How often, in percent, an empty page with a nextLink is put in.
    pub empty_page_percent: u8,
    /// The first round also has rows of deleted objects.
    pub removed_in_initial: bool,
    /// Days that a link lives.
    pub life_days: i64,
    /// The status of `syncStateNotFound` for a link that is too old: 400, or 410 as some saw it.
    pub expired_status: u16,
    /// Seed of everything random in delta.
    pub seed: u64,
}

/// How notifications are delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// Nothing is delivered, and nothing is kept for later.
    pub lose: bool,
    /// So many of the next notifications are lost.
    pub drop_next: u64,
    /// How often, in percent, a notification is lost.
    pub lose_percent: u8,
    /// Each notification is sent so many times.
    pub copies: u32,
    /// Milliseconds between change and first attempt.
    pub delay_millis: u64,
    /// Milliseconds in which notifications for one address are gathered into one request.
    pub batch_millis: u64,
    /// Notifications in one request at most.
    pub batch_size: usize,
    /// The order inside a request is random.
    pub shuffle: bool,
    /// The clientState that is sent in place of the right one.
    pub client_state: Option<String>,
    /// Milliseconds before the first retry; each later one waits twice as long.
    pub retry_millis: u64,
    /// Milliseconds that the first attempt waits for its answer.
    pub first_timeout_millis: u64,
    /// Milliseconds that a retry waits for its answer.
    pub retry_timeout_millis: u64,
    /// Milliseconds that the validation handshake waits for its answer.
    pub validation_timeout_millis: u64,
    /// A receiver that answers slowly gets its notifications ten minutes late, or not at all.
    pub slow_and_drop_states: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_delay_millis: 0,
            propagation_lag_millis: 0,
            throttling: true,
            resource_units: 0,
            token_life_seconds: 0,
            page_token_life_seconds: 0,
            photo_placeholder: false,
            password: None,
            user_consent: true,
            consent_lag_seconds: 0,
            issuer_parameter: false,
            delta: DeltaSettings::default(),
            notifications: NotificationSettings::default(),
        }
    }
}

impl Default for DeltaSettings {
    fn default() -> Self {
        Self {
            page_size: 200,
            members_per_row: 200,
            random_page_size: false,
            shuffle: false,
            replay_percent: 0,
            empty_page_percent: 0,
            removed_in_initial: false,
            life_days: 7,
            expired_status: 400,
            seed: 1,
        }
    }
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            lose: false,
            drop_next: 0,
            lose_percent: 0,
            copies: 1,
            delay_millis: 0,
            batch_millis: 50,
            batch_size: 100,
            shuffle: false,
            client_state: None,
            retry_millis: 1_000,
            first_timeout_millis: 3_000,
            retry_timeout_millis: 10_000,
            validation_timeout_millis: 10_000,
            slow_and_drop_states: true,
        }
    }
}
