//! The certificate of an application, and when it ends.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use x509_parser::pem::Pem;

use super::text::Secret;

/// The label of a certificate in PEM (RFC 7468 §5.1).
const LABEL: &str = "CERTIFICATE";

/// A certificate in PEM, perhaps followed by those that vouch for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Secret")]
pub(crate) struct Certificate {
    /// As it was sent.
    pub(crate) pem: SecretString,
    /// When the first one in it ends (`notAfter`, RFC 5280 §4.1.2.5). That one is the application's own.
    pub(crate) ends_at: Timestamp,
}

impl TryFrom<Secret> for Certificate {
    type Error = &'static str;

    fn try_from(Secret(pem): Secret) -> Result<Self, Self::Error> {
        let ends_at = not_after(pem.expose_secret()).ok_or("must be an X.509 certificate in PEM")?;
        Ok(Self { pem, ends_at })
    }
}

fn not_after(pem: &str) -> Option<Timestamp> {
    let mut blocks = Pem::iter_from_buffer(pem.as_bytes()).map_while(Result::ok);
    let block = blocks.find(|block| block.label == LABEL)?;
    let end = block.parse_x509().ok()?.validity().not_after.timestamp();
    Timestamp::from_second(end).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn pem(year: i32) -> String {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 2, 28);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn read(text: &str) -> Result<Certificate, serde_json::Error> {
        serde_json::from_value(serde_json::json!(text))
    }

    #[test]
    fn its_end_is_read_from_the_certificate_itself() {
        // Until 2049 the time is written with two digits of the year, from 2050 on with four (RFC 5280 §4.1.2.5).
        for (year, end) in
            [(2027, "2027-02-28T00:00:00Z"), (2049, "2049-02-28T00:00:00Z"), (2101, "2101-02-28T00:00:00Z")]
        {
            assert_eq!(read(&pem(year)).unwrap().ends_at, end.parse().unwrap());
        }
        // Of a chain the first one counts, and a key or a text before it does not.
        let key = KeyPair::generate().unwrap().serialize_pem();
        let chain = format!("subject=CN = app\n{key}{}{}", pem(2027), pem(2040));
        assert_eq!(read(&chain).unwrap().ends_at, "2027-02-28T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn what_is_no_certificate_is_refused_and_not_repeated() {
        let cut = pem(2027);
        let damaged = cut.replacen("MII", "AAA", 1);
        let key = KeyPair::generate().unwrap().serialize_pem();
        for text in [
            "",
            "canary",
            "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n",
            &damaged,
            &key,
            &cut[..200],
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("must "), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
