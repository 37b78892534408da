//! Which keys of an issuer are good for its tokens.

use rollcall_directory::identity::TenantId;
use rollcall_graph::identity_platform::{JsonWebKey, Metadata};
use rollcall_store::VerificationKey;
use url::Url;

/// The longest id of a key.
const LONGEST_ID: usize = 128;
/// More keys than this are not looked at. Entra has about ten.
const MOST_KEYS: usize = 64;
/// What stands for the tenant in the issuer of keys that are everybody's.
const TEMPLATE: &str = "{tenantid}";

/// The metadata are not those of the issuer that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// They name another issuer (OpenID Connect Discovery 1.0, section 4.3).
    #[error("the metadata name another issuer")]
    Issuer,
    /// They lead elsewhere.
    #[error("the metadata lead to another host: {0}")]
    Elsewhere(&'static str),
}

/// Checks that metadata are those of an issuer, and that every address in them is below its origin.
///
/// None of them is used: the paths that we use are documented. But whoever tells of others is not whom we asked.
///
/// # Errors
/// [`MetadataError`].
pub fn check_metadata(metadata: &Metadata, issuer: &str, login: &Url) -> Result<(), MetadataError> {
    let Metadata { issuer: told, authorization_endpoint, token_endpoint, jwks_uri } = metadata;
    if told != issuer {
        return Err(MetadataError::Issuer);
    }
    let addresses = [
        ("authorization_endpoint", authorization_endpoint),
        ("token_endpoint", token_endpoint),
        ("jwks_uri", jwks_uri),
    ];
    let is_elsewhere = |address: &str| Url::parse(address).map_or(true, |url| url.origin() != login.origin());
    match addresses.into_iter().find(|(_, address)| is_elsewhere(address)) {
        Some((name, _)) => Err(MetadataError::Elsewhere(name)),
        None => Ok(()),
    }
}

/// The keys that may sign tokens of this issuer.
///
/// A key that names an issuer is good for that one alone, or for every tenant where it names the template (identity platform page
/// "Access tokens", "Validate the issuer of the signing key").
#[must_use]
pub fn usable(keys: Vec<JsonWebKey>, issuer: &str, tenant: TenantId) -> Vec<VerificationKey> {
    let is_theirs = |of: &str| of.replace(TEMPLATE, &tenant.to_string()) == issuer;
    let usable = |key: JsonWebKey| {
        let JsonWebKey { kty, usage, kid, n, e, issuer } = key;
        let signs = kty == "RSA" && usage.is_none_or(|usage| usage == "sig") && issuer.as_deref().is_none_or(is_theirs);
        let kid = kid.filter(|kid| signs && is_id(kid))?;
        Some(VerificationKey { kid, n: n?, e: e? })
    };
    keys.into_iter().take(MOST_KEYS).filter_map(usable).collect()
}

/// Whether a text can be the id of a key. It is looked up among those that are known, and nothing else is done with it.
#[must_use]
pub fn is_id(kid: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_ID).contains(&kid.len()) && kid.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ISSUER: &str = "https://login.example/00000000-0000-0000-0000-000000000001/v2.0";
    const TENANT: TenantId = TenantId(Uuid::from_u128(1));

    fn key(issuer: Option<&str>) -> JsonWebKey {
        let text = |text: &str| Some(text.to_owned());
        JsonWebKey {
            kty: "RSA".to_owned(),
            usage: text("sig"),
            kid: text("k"),
            n: text("AQ"),
            e: text("AQAB"),
            issuer: issuer.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_is_good_for_its_issuer_alone() {
        let count = |key| usable(vec![key], ISSUER, TENANT).len();
        for good in [None, Some(ISSUER), Some("https://login.example/{tenantid}/v2.0")] {
            assert_eq!(count(key(good)), 1, "{good:?}");
        }
        for bad in [
            "https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "https://login.example/00000000-0000-0000-0000-000000000002/v2.0",
            "https://evil.example/{tenantid}/v2.0",
            "{tenantid}",
            "",
        ] {
            assert_eq!(count(key(Some(bad))), 0, "{bad}");
        }
    }

    #[test]
    fn what_signs_nothing_is_left_out() {
        let count = |key| usable(vec![key], ISSUER, TENANT).len();
        assert_eq!(count(JsonWebKey { kty: "oct".to_owned(), ..key(None) }), 0);
        assert_eq!(count(JsonWebKey { usage: Some("enc".to_owned()), ..key(None) }), 0);
        assert_eq!(count(JsonWebKey { kid: Some("../x".to_owned()), ..key(None) }), 0);
        assert_eq!(count(JsonWebKey { kid: None, ..key(None) }), 0);
        assert_eq!(count(JsonWebKey { n: None, ..key(None) }), 0);
        assert_eq!(usable(vec![key(None); 1_000], ISSUER, TENANT).len(), MOST_KEYS);
    }

    #[test]
    fn an_id_is_short_and_has_no_odd_characters() {
        assert!(is_id("nbCwW11w3XkB-xUaXwKRSLjMHGQ") && is_id(&"a".repeat(LONGEST_ID)));
        for bad in ["", "a b", "../../x", "http://evil", "a\n", "é", &"a".repeat(LONGEST_ID + 1)] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn metadata_of_somebody_else_are_refused() {
        let login = Url::parse("https://login.example/").unwrap();
        let at = |path: &str| format!("https://login.example/{path}");
        let good = Metadata {
            issuer: ISSUER.to_owned(),
            authorization_endpoint: at("a"),
            token_endpoint: at("t"),
            jwks_uri: at("k"),
        };
        assert_eq!(check_metadata(&good, ISSUER, &login), Ok(()));
        let other = Metadata { issuer: ISSUER.replace("0001", "0002"), ..good.clone() };
        assert_eq!(check_metadata(&other, ISSUER, &login), Err(MetadataError::Issuer));
        for evil in [
            "https://evil",
            "http://login.example/t",
            "https://login.example:444/t",
            "/t",
            "https://login.example@evil/",
        ] {
            let elsewhere = Metadata { token_endpoint: evil.to_owned(), ..good.clone() };
            assert_eq!(
                check_metadata(&elsewhere, ISSUER, &login),
                Err(MetadataError::Elsewhere("token_endpoint")),
                "{evil}"
            );
        }
    }
}
