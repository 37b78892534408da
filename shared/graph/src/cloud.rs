//! Where Graph and the identity platform live.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A Microsoft cloud. Its endpoints are fixed (Graph page "National cloud deployments").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cloud {
    /// The global service.
    Global,
    /// US Government L4 (GCC High).
    UsGovernmentL4,
    /// US Government L5 (Department of Defense).
    UsGovernmentL5,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// The origins of this cloud.
    pub fn origins(self) -> Origins {
        let (graph, login) = match self {
            Self::Global => ("graph.microsoft.com", "login.microsoftonline.com"),
            Self::UsGovernmentL4 => ("graph.microsoft.us", "login.microsoftonline.us"),
            Self::UsGovernmentL5 => ("dod-graph.microsoft.us", "login.microsoftonline.us"),
            Self::China => ("microsoftgraph.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        };
        Origins { graph: https(graph), login: https(login), resource: format!("https://{graph}") }
    }
}

/// The two origins that a connection may talk to. A link or redirect that leads elsewhere is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    graph: Url,
    login: Url,
    resource: String,
}

/// Why an origin was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Something beside scheme, host and port was given.
    #[error("an origin has a scheme, a host and perhaps a port, and nothing else")]
    NotAnOrigin,
    /// Plain HTTP is for the loopback interface only.
    #[error("an origin must be https, unless its host is the loopback interface")]
    NotHttps,
}

impl Origins {
    /// Origins of an operator's choice, for a simulated tenant or a proxy. Tokens are still asked for the global
    /// cloud's Graph, because that is the name of the resource and not an address.
    ///
    /// # Errors
    /// Anything but an origin, and plain HTTP to a host that is not loopback.
    pub fn custom(graph: Url, login: Url) -> Result<Self, OriginError> {
        check(&graph)?;
        check(&login)?;
        Ok(Self { graph, login, resource: "https://graph.microsoft.com".to_owned() })
    }

    /// The origin of Graph.
    pub fn graph(&self) -> &Url {
        &self.graph
    }

    /// The origin of the identity platform.
    pub fn login(&self) -> &Url {
        &self.login
    }

    /// The `scope` of a client-credentials token for Graph: the resource's name and `/.default`.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.resource)
    }
}

fn check(origin: &Url) -> Result<(), OriginError> {
    let bare = origin.username().is_empty()
        && origin.password().is_none()
        && origin.path() == "/"
        && origin.query().is_none()
        && origin.fragment().is_none()
        && origin.host().is_some();
    if !bare {
        return Err(OriginError::NotAnOrigin);
    }
    match origin.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(origin) => Ok(()),
        _ => Err(OriginError::NotHttps),
    }
}

fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[expect(clippy::expect_used, reason = "only called with the four constant host names above, all of them tested")]
fn https(host: &str) -> Url {
    Url::parse(&format!("https://{host}")).expect("a constant host name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn every_cloud_has_its_documented_endpoints() {
        let found = [Cloud::Global, Cloud::UsGovernmentL4, Cloud::UsGovernmentL5, Cloud::China].map(|cloud| {
            let origins = cloud.origins();
            (origins.graph().to_string(), origins.login().to_string(), origins.scope())
        });
        assert_eq!(
            found.map(|(graph, login, scope)| format!("{graph} {login} {scope}")),
            [
                "https://graph.microsoft.com/ https://login.microsoftonline.com/ https://graph.microsoft.com/.default",
                "https://graph.microsoft.us/ https://login.microsoftonline.us/ https://graph.microsoft.us/.default",
                "https://dod-graph.microsoft.us/ https://login.microsoftonline.us/ https://dod-graph.microsoft.us/.default",
                "https://microsoftgraph.chinacloudapi.cn/ https://login.partner.microsoftonline.cn/ https://microsoftgraph.chinacloudapi.cn/.default",
            ]
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9", "https://graph.example"] {
            assert!(Origins::custom(url(good), url(good)).is_ok(), "{good}");
        }
        for bad in ["http://graph.example", "http://10.0.0.1", "http://localhost.evil", "ftp://127.0.0.1"] {
            assert_eq!(Origins::custom(url(bad), url("https://a")), Err(OriginError::NotHttps), "{bad}");
        }
    }

    #[test]
    fn only_a_bare_origin_is_accepted() {
        for bad in ["https://a/x", "https://u@a", "https://u:p@a", "https://a/?q", "https://a/#f"] {
            assert_eq!(Origins::custom(url("https://a"), url(bad)), Err(OriginError::NotAnOrigin), "{bad}");
        }
    }
}
