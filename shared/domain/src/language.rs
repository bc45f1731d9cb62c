//! The languages of the service, Greek and English. Every text that people read exists in both.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    El,
    En,
}

impl Language {
    /// Returns the supported language with the highest weight in an `Accept-Language` header (RFC 9110, 12.5.4). If both have the same
    /// weight, returns the one that is listed first. Returns Greek if the header accepts neither.
    pub fn from_accept_language(header: Option<&str>) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for item in header.unwrap_or_default().split(',') {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let language = match tag.split('-').next() {
                Some("el") => Self::El,
                Some("en") => Self::En,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=").map(parse_weight)).unwrap_or(1000);
            if weight > 0 && best.is_none_or(|(highest, _)| weight > highest) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language).unwrap_or_default()
    }

    /// Parses exactly `el` or `en`.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag {
            "el" => Some(Self::El),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Returns the BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::El => "el",
            Self::En => "en",
        }
    }
}

/// Parses a weight (`q`) into thousandths. Returns 0 if it is malformed.
fn parse_weight(text: &str) -> u16 {
    let weight: f32 = text.trim().parse().unwrap_or(0.0);
    if (0.0..=1.0).contains(&weight) { (weight * 1000.0) as u16 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_supported_language_with_the_highest_weight_wins_and_greek_is_the_default() {
        let cases = [
            (None, Language::El),
            (Some(""), Language::El),
            (Some("fr"), Language::El),
            (Some("en"), Language::En),
            (Some("en-GB,el;q=0.5"), Language::En),
            (Some("el-GR,el;q=0.9,en;q=0.8"), Language::El),
            (Some("fr, en;q=0.2, el;q=0.7"), Language::El),
            (Some("en;q=0, el;q=0.1"), Language::El),
            (Some("EN-us;q=abc, *"), Language::El),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::from_accept_language(header), expected, "{header:?}");
        }
    }
}
