//! The language of a page: as the platform asks, or as the browser prefers.

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// Its tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The first of `asked` that we speak (`ui_locales`, separated by blanks), else what `accepted` prefers (`Accept-Language`, RFC
    /// 9110, section 12.5.4), else English.
    #[must_use]
    pub fn choose(asked: Option<&str>, accepted: Option<&str>) -> Self {
        let asked = asked.unwrap_or_default().split(' ').find_map(Self::of_tag);
        asked.or_else(|| Self::accepted(accepted.unwrap_or_default())).unwrap_or_default()
    }

    fn accepted(header: &str) -> Option<Self> {
        let weighed = header.split(',').filter_map(|part| {
            let (tag, parameter) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight: f32 = parameter.trim().strip_prefix("q=")?.parse().ok()?;
            Some((Self::of_tag(tag)?, weight))
        });
        let wanted = weighed.filter(|(_, weight)| *weight > 0.0);
        // Of several with the same weight the first counts.
        wanted.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_platform_decides_before_the_browser() {
        for (asked, accepted, chosen) in [
            (None, None, Language::English),
            (Some("fr de"), Some("en"), Language::German),
            (None, Some("de-CH,de;q=0.9,en;q=0.8"), Language::German),
            (None, Some("en;q=0.5, de;q=0.7"), Language::German),
            (None, Some("fr, de;q=0"), Language::English),
            (Some("tlh"), Some("de"), Language::German),
        ] {
            assert_eq!(Language::choose(asked, accepted), chosen, "{asked:?} {accepted:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_browser_prefers_is_read(header in ".{0,80}") {
            let _ = Language::choose(Some(&header), Some(&header));
        }
    }
}
