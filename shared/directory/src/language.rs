//! From the language that a person prefers to one that the platform speaks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Which languages the platform speaks, and which one those get who prefer none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Languages {
    /// The language of people who prefer none, or none that is supported. As a BCP 47 tag.
    pub default: Option<String>,
    /// What the platform speaks, as BCP 47 tags. Empty: every language is taken as it is.
    pub supported: BTreeSet<String>,
}

impl Languages {
    /// Whether accounts have a language at all.
    #[must_use]
    pub fn are_mapped(&self) -> bool {
        self.default.is_some() || !self.supported.is_empty()
    }

    /// The language for somebody who prefers this one.
    ///
    /// A supported tag is taken as it is written in the settings. Otherwise the lookup of RFC 4647,
    /// section 3.4: the preferred tag is shortened from its end until something fits. At last
    /// another region of the same language is better than a foreign one.
    #[must_use]
    pub fn map(&self, preferred: Option<&str>) -> Option<String> {
        let preferred = preferred.map(str::trim).filter(|tag| !tag.is_empty());
        let found =
            preferred.and_then(|tag| if self.supported.is_empty() { Some(tag.to_owned()) } else { self.look_up(tag) });
        found.or_else(|| self.default.clone())
    }

    fn look_up(&self, preferred: &str) -> Option<String> {
        let wanted = normal(preferred);
        let supported = || self.supported.iter().map(|tag| (normal(tag), tag));
        let mut range = wanted.as_str();
        loop {
            if let Some((_, tag)) = supported().find(|(normal, _)| normal == range) {
                return Some(tag.clone());
            }
            let Some((shorter, _)) = range.rsplit_once('-') else { break };
            range = shorter;
        }
        supported().find(|(normal, _)| normal.split('-').next() == Some(range)).map(|(_, tag)| tag.clone())
    }
}

/// Tags are compared without regard to case (RFC 5646, section 2.1.1); some directories write an underscore.
fn normal(tag: &str) -> String {
    tag.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn languages(default: Option<&str>, supported: &[&str]) -> Languages {
        Languages {
            default: default.map(str::to_owned),
            supported: supported.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    #[test]
    fn without_a_list_the_preference_is_taken_and_its_lack_gets_the_default() {
        assert_eq!(languages(None, &[]).map(None), None);
        assert_eq!(languages(None, &[]).map(Some("de-AT")).as_deref(), Some("de-AT"));
        assert_eq!(languages(Some("en"), &[]).map(None).as_deref(), Some("en"));
        assert_eq!(languages(Some("en"), &[]).map(Some("  ")).as_deref(), Some("en"));
    }

    #[test]
    fn the_nearest_supported_language_is_taken() {
        let some = languages(Some("en"), &["de", "de-CH", "en", "pt-BR", "zh-Hant"]);
        for (preferred, language) in [
            ("DE-ch", "de-CH"),
            ("de_CH", "de-CH"),
            ("de-AT", "de"),
            ("de-CH-1996", "de-CH"),
            ("pt-PT", "pt-BR"),
            ("pt", "pt-BR"),
            ("zh-Hant-TW", "zh-Hant"),
            ("fr-FR", "en"),
            ("d", "en"),
        ] {
            assert_eq!(some.map(Some(preferred)).as_deref(), Some(language), "{preferred}");
        }
        assert_eq!(languages(None, &["de"]).map(Some("fr")), None);
    }

    proptest! {
        #[test]
        fn mapping_twice_changes_nothing(
            default in proptest::option::of("[a-z]{2}"),
            supported in proptest::collection::btree_set("[a-z]{2}(-[A-Z]{2})?", 0..4),
            preferred in proptest::option::of("[a-z]{2}(-[A-Z]{2})?"),
        ) {
            let mut languages = Languages { default, supported };
            languages.supported.extend(languages.default.clone().filter(|_| !languages.supported.is_empty()));
            let once = languages.map(preferred.as_deref());
            prop_assert_eq!(languages.map(once.as_deref()), once);
        }
    }

    #[test]
    fn accounts_have_a_language_where_there_is_a_default_or_a_list() {
        assert!(!languages(None, &[]).are_mapped());
        assert!(languages(Some("en"), &[]).are_mapped());
        assert!(languages(None, &["en"]).are_mapped());
    }
}
