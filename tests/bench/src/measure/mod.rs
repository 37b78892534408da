//! The measurements, one file each.

mod burst;
mod callback_init;
mod callback_warm;
mod first_sync;
mod half_million;
mod large_scope;
mod latency;
mod leaver;
mod one_change;
mod side_by_side;
mod unchanged_day;
mod webhook_init;
mod webhook_memory;
mod webhook_warm;
mod webhook_zip;

use crate::Result;
use crate::connected::Connected;
use crate::figure::Figure;
use crate::large_tenant::MANY_GROUPS;
use crate::sign_in::SignIn;
use crate::synced::Synced;
use crate::webhook::Webhook;

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measurement {
    WebhookInit,
    WebhookWarm,
    WebhookZip,
    WebhookMemory,
    CallbackInit,
    CallbackWarm,
    FirstSync,
    UnchangedDay,
    SideBySide,
    LargeScope,
    HalfMillion,
    Burst,
    Latency,
    Leaver,
}

/// All, by name, in the order in which they are taken.
const ALL: [(&str, Measurement); 14] = [
    ("webhook-init", Measurement::WebhookInit),
    ("webhook-warm", Measurement::WebhookWarm),
    ("webhook-zip", Measurement::WebhookZip),
    ("webhook-memory", Measurement::WebhookMemory),
    ("callback-init", Measurement::CallbackInit),
    ("callback-warm", Measurement::CallbackWarm),
    ("first-sync", Measurement::FirstSync),
    ("unchanged-day", Measurement::UnchangedDay),
    ("side-by-side", Measurement::SideBySide),
    ("large-scope", Measurement::LargeScope),
    ("half-million", Measurement::HalfMillion),
    ("latency", Measurement::Latency),
    ("leaver", Measurement::Leaver),
    // The last, because reads are rationed for a while after it.
    ("burst", Measurement::Burst),
];

/// What several measurements use, made by the first that needs it.
#[derive(Default)]
pub(crate) struct Shared {
    webhook: Option<Webhook>,
    sign_in: Option<SignIn>,
    synced: Option<Synced>,
    connected: Option<Connected>,
}

impl Shared {
    async fn webhook(&mut self) -> Result<&Webhook> {
        let webhook = match self.webhook.take() {
            Some(webhook) => webhook,
            None => Webhook::prepare().await?,
        };
        Ok(self.webhook.insert(webhook))
    }

    async fn sign_in(&mut self) -> Result<&SignIn> {
        self.webhook = None;
        let sign_in = match self.sign_in.take() {
            Some(sign_in) => sign_in,
            None => SignIn::prepare().await?,
        };
        Ok(self.sign_in.insert(sign_in))
    }

    async fn synced(&mut self) -> Result<&Synced> {
        // Whoever is done must not take anything from what is measured now.
        (self.webhook, self.sign_in) = (None, None);
        let synced = match self.synced.take() {
            Some(synced) => synced,
            None => Synced::first_time(MANY_GROUPS).await?,
        };
        Ok(self.synced.insert(synced))
    }

    async fn connected(&mut self) -> Result<&Connected> {
        (self.webhook, self.sign_in) = (None, None);
        self.end().await?;
        let connected = match self.connected.take() {
            Some(connected) => connected,
            None => Connected::start().await?,
        };
        Ok(self.connected.insert(connected))
    }

    /// Ends whatever there is: it must not take anything from what is measured next.
    async fn clear(&mut self) -> Result<()> {
        (self.webhook, self.sign_in, self.connected) = (None, None, None);
        self.end().await
    }

    /// Ends the large tenant and its worker.
    pub(crate) async fn end(&mut self) -> Result<()> {
        match self.synced.take() {
            Some(synced) => synced.end().await,
            None => Ok(()),
        }
    }
}

/// The measurement of that name, or the one that has a figure of that name; all without a name.
pub(crate) fn wanted(name: Option<&str>) -> Result<Vec<Measurement>> {
    let Some(name) = name else { return Ok(ALL.iter().map(|(_, measurement)| *measurement).collect()) };
    // Figures of one measurement begin with its name.
    let found = ALL.iter().find(|(known, _)| name == *known || name.starts_with(&format!("{known}-")));
    let names = || ALL.map(|(known, _)| known).join(", ");
    found.map(|(_, found)| vec![*found]).ok_or_else(|| format!("`{name}` is none of {}", names()).into())
}

/// Takes a measurement.
pub(crate) async fn take(measurement: Measurement, shared: &mut Shared) -> Result<Vec<Figure>> {
    match measurement {
        Measurement::WebhookInit => webhook_init::measure(shared.webhook().await?).await,
        Measurement::WebhookWarm => webhook_warm::measure(shared.webhook().await?).await,
        Measurement::WebhookZip => webhook_zip::measure(shared.webhook().await?).await,
        Measurement::WebhookMemory => webhook_memory::measure(shared.webhook().await?).await,
        Measurement::CallbackInit => callback_init::measure(shared.sign_in().await?).await,
        Measurement::CallbackWarm => callback_warm::measure(shared.sign_in().await?).await,
        Measurement::FirstSync => first_sync::measure(shared.synced().await?),
        Measurement::UnchangedDay => unchanged_day::measure(shared.synced().await?).await,
        Measurement::SideBySide => {
            shared.clear().await?;
            side_by_side::measure().await
        }
        Measurement::LargeScope => {
            shared.clear().await?;
            large_scope::measure().await
        }
        Measurement::HalfMillion => {
            shared.clear().await?;
            half_million::measure().await
        }
        Measurement::Burst => burst::measure(shared.connected().await?).await,
        Measurement::Latency => latency::measure(shared.connected().await?).await,
        Measurement::Leaver => leaver::measure(shared.connected().await?).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_measurement_or_one_of_its_figures() {
        assert_eq!(wanted(Some("first-sync")).unwrap(), [Measurement::FirstSync]);
        assert_eq!(wanted(Some("first-sync-memory")).unwrap(), [Measurement::FirstSync]);
        assert_eq!(wanted(None).unwrap().len(), ALL.len());
        assert!(wanted(Some("first")).unwrap_err().to_string().starts_with("`first` is none of webhook-init, "));
    }
}
