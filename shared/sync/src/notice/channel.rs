//! Which addresses are taken for those of a Teams channel.
//!
//! Somebody makes the address in Teams ("Workflows", trigger "When a Teams webhook request is received"), and an administrator
//! of Rollcall enters it. It is checked when it is entered and again before each use, so that nobody can make Rollcall call
//! anything but Microsoft.

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// What the host of a workflow's address ends with: `{environment}.{number}.environment.api.powerplatform.com`, and
/// `prod-{number}.{region}.logic.azure.com` for workflows made before the change of addresses in 2025. Source: Learn page
/// "Troubleshoot common issues with triggers" of Power Automate, "Changes to HTTP or Teams Webhook trigger flows".
const HOSTS: [&str; 2] = [".environment.api.powerplatform.com", ".logic.azure.com"];

/// The longest address. Real ones have some 300 characters.
const LONGEST: usize = 2_048;

/// An address that was checked. It carries a signature, so it is never shown.
#[derive(Clone, Debug)]
pub struct ChannelAddress(SecretString);

impl ChannelAddress {
    /// The address.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Why an address is not taken. The text does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the address of a Teams workflow: https, and a host that ends with .environment.api.powerplatform.com or .logic.azure.com"
)]
pub struct AddressError;

/// Checks addresses.
#[derive(Clone, Debug, Default)]
pub struct ChannelHosts {
    /// An origin that is taken as well. It comes from the deployment and never from data.
    pub also: Option<Url>,
}

impl ChannelHosts {
    /// Takes an address, or does not.
    ///
    /// # Errors
    /// [`AddressError`] for everything that is not one of Microsoft's.
    pub fn check(&self, address: &SecretString) -> Result<ChannelAddress, AddressError> {
        let text = address.expose_secret();
        let url = Url::parse(text).map_err(|_| AddressError)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let fits =
            text.len() <= LONGEST && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace());
        let known = is_microsoft(&url) || self.is_also(&url);
        if bare && fits && known { Ok(ChannelAddress(SecretString::from(url.to_string()))) } else { Err(AddressError) }
    }

    /// Whether an address belongs to the deployment's own origin.
    #[must_use]
    pub fn is_also(&self, url: &Url) -> bool {
        self.also.as_ref().is_some_and(|also| also.origin().is_tuple() && also.origin() == url.origin())
    }
}

fn is_microsoft(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    // The port may be written out, as Teams does; then it is the usual one, and the parser leaves it away.
    let usual = url.scheme() == "https" && url.port().is_none();
    usual
        && HOSTS
            .iter()
            .any(|end| host.strip_suffix(end).is_some_and(|label| !label.is_empty() && !label.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &ChannelHosts, address: &str) -> Result<String, AddressError> {
        hosts.check(&address.into()).map(|taken| taken.secret().expose_secret().to_owned())
    }

    #[test]
    fn the_addresses_that_teams_gives_are_taken() {
        let hosts = ChannelHosts::default();
        for address in [
            "https://942ead725f.4a.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/b9/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=x",
            "https://prod-01.westus.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?api-version=2016-06-01&sig=x",
            "https://PROD-01.WESTUS.LOGIC.AZURE.COM/workflows/abc",
        ] {
            let taken = check(&hosts, address).unwrap();
            // The same address, and the query exactly as it came: it is what is signed.
            assert_eq!(taken.split_once('?').map(|(_, query)| query), address.split_once('?').map(|(_, query)| query));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let hosts = ChannelHosts::default();
        for address in [
            "",
            "x",
            "http://prod-01.westus.logic.azure.com/workflows",
            "https://logic.azure.com/workflows",
            "https://.logic.azure.com/workflows",
            "https://evil-logic.azure.com.evil.example/workflows",
            "https://evillogic.azure.com/workflows",
            "https://prod-01.westus.logic.azure.com.evil.example/",
            "https://prod-01.westus.logic.azure.com@evil.example/",
            "https://evil.example#prod-01.westus.logic.azure.com",
            "https://evil.example/?prod-01.westus.logic.azure.com",
            "https://evil.example\\.logic.azure.com/",
            "https://user@prod-01.westus.logic.azure.com/",
            "https://prod-01.westus.logic.azure.com:8443/",
            "https://prod-01.westus.logic.azure.com/x#y",
            "https://prod-01.westus.logic.azure.com./x",
            "https://prod-01.westus.logic.azure.com/\r\nHost: evil",
            "https://tenant.webhook.office.com/webhookb2/x",
            "https://169.254.169.254/latest/meta-data",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "file:///etc/passwd",
            "gopher://prod-01.westus.logic.azure.com/",
        ] {
            assert_eq!(check(&hosts, address), Err(AddressError), "{address}");
        }
        assert!(check(&hosts, &format!("https://a.logic.azure.com/{}", "x".repeat(2_048))).is_err());
    }

    #[test]
    fn an_origin_of_the_deployment_is_taken_as_well_and_only_that() {
        let hosts = ChannelHosts { also: Some("http://127.0.0.1:8123".parse().unwrap()) };
        assert!(check(&hosts, "http://127.0.0.1:8123/teams?sig=x").is_ok());
        for address in ["http://127.0.0.1:8124/teams", "https://127.0.0.1:8123/teams", "http://localhost:8123/teams"] {
            assert_eq!(check(&hosts, address), Err(AddressError), "{address}");
        }
        assert!(check(&hosts, "https://a.logic.azure.com/x").is_ok());
    }

    #[test]
    fn an_address_does_not_show_itself() {
        let taken = ChannelHosts::default().check(&"https://a.logic.azure.com/?sig=canary".into()).unwrap();
        assert!(!format!("{taken:?} {AddressError:?} {AddressError}").contains("canary"));
    }
}
