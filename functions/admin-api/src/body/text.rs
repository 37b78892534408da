//! Checked texts.

use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::number::Whole;

/// What people call a connection: 1 to 200 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", examples("Contoso"))]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let length = text.chars().count();
        let fits = (1..=200).contains(&length) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err("must have 1 to 200 characters, none of them a control character") }
    }
}

/// An e-mail address of plain form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 254, pattern = r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,189}$", examples("it@contoso.com"))]
pub(crate) struct Mail(pub(crate) String);

impl TryFrom<String> for Mail {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain = |(local, domain): (&str, &str)| {
            let local_fits = |c: char| c.is_ascii_alphanumeric() || "._%+'-".contains(c);
            let domain_fits = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
            (1..=64).contains(&local.len())
                && (1..=189).contains(&domain.len())
                && local.chars().all(local_fits)
                && domain.chars().all(domain_fits)
        };
        if text.split_once('@').is_some_and(is_plain) { Ok(Self(text)) } else { Err("must be an e-mail address") }
    }
}

/// What somebody looks for: at most 64 characters, none of them a control character. Spaces around it do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Search(pub(crate) String);

impl TryFrom<String> for Search {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let fits = text.chars().count() <= 64 && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("must have at most 64 characters, none of them a control character")
        }
    }
}

/// Something that is written and never shown: 1 to 16,384 characters.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 16384)]
pub(crate) struct Secret(pub(crate) SecretString);

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let length = text.chars().count();
        let secret = SecretString::from(text);
        if (1..=16_384).contains(&length) { Ok(Self(secret)) } else { Err("must have 1 to 16384 characters") }
    }
}

/// Hours between full runs, 1 to 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Whole")]
pub(crate) struct Hours(pub(crate) u32);

impl TryFrom<Whole> for Hours {
    type Error = &'static str;

    fn try_from(Whole(hours): Whole) -> Result<Self, Self::Error> {
        let fitting = u32::try_from(hours).ok().filter(|hours| (1..=24).contains(hours));
        fitting.map(Self).ok_or("must be from 1 to 24")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_control_character_and_a_sensible_length() {
        for good in ["Contoso", "Ünïcødé 株式会社", " ", &"x".repeat(200)] {
            assert!(Name::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a\nb", "a\u{0}", "\u{9f}", &"x".repeat(201)] {
            assert!(Name::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_address_can_not_carry_a_header() {
        for good in ["a@b", "first.last+tag@sub.example.com", "o'brien@example.com"] {
            assert!(Mail::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@b@c", "a@b\r\nBcc: c@d", "a b@c", "<a@b>", "ä@b"] {
            assert!(Mail::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::try_from("canary".to_owned()).unwrap();
        assert!(!format!("{secret:?}").contains("canary"));
        assert!(Secret::try_from(String::new()).is_err());
    }
}
