//! A photographer's own reference of an upload, such as an order number or initials, and the search for it.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed, properties::CanonicalCombiningClassMapBorrowed};
use serde::{Deserialize, Serialize};

use crate::{
    secret::{Secret, redacted_text},
    typed::characters::{is_invisible, to_ascii},
};

/// Maximum number of characters in a reference. A letter with its accent is one character.
pub const REFERENCE_CHARACTERS_MAX: usize = 40;

/// A photographer's reference: 1 to [`REFERENCE_CHARACTERS_MAX`] characters on one line, in Unicode's normalization form C. It may contain
/// the name of a customer, so it must not be logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    #[error("the reference has no visible characters")]
    Blank,
    #[error("a reference has at most {REFERENCE_CHARACTERS_MAX} characters")]
    TooLong,
}

impl Reference {
    /// Parses a typed text. Removes invisible and control characters and the white space around the text, and replaces other white space,
    /// line breaks included, by one space.
    ///
    /// # Errors
    /// [`InvalidReference::Blank`] if no characters remain, [`InvalidReference::TooLong`] if more than [`REFERENCE_CHARACTERS_MAX`] remain.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_blank(c) { ' ' } else { c }).collect();
        let reference = Self(ComposingNormalizerBorrowed::new_nfc().normalize(&single_spaced(&visible)).into_owned());
        match reference.0.chars().count() {
            0 => Err(InvalidReference::Blank),
            1..=REFERENCE_CHARACTERS_MAX => Ok(reference),
            _ => Err(InvalidReference::TooLong),
        }
    }

    /// Returns the reference, which only the business may see. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_text!(Reference, InvalidReference);

/// A search for references that are equal to a text or begin with it. Ignores case and accents.
///
/// ```
/// use domain::reference::{Reference, ReferenceSearch};
///
/// let search = ReferenceSearch::new(&Reference::parse("ΑΝΝΑΣ ά")?);
/// assert!(search.matches(&Reference::parse("Άννας Α.")?));
/// assert!(!search.matches(&Reference::parse("της Άννας Α.")?));
/// # Ok::<(), domain::reference::InvalidReference>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReferenceSearch(Secret);

impl ReferenceSearch {
    pub fn new(beginning: &Reference) -> Self {
        Self(Secret::new(fold(beginning.expose())))
    }

    pub fn matches(&self, reference: &Reference) -> bool {
        let (folded, beginning) = (Secret::new(fold(reference.expose())), self.0.expose());
        // If the searched text consists only of accents, folding makes it empty, and every reference begins with the empty text. Such a
        // search must not find every reference, so it finds only references that folding makes empty too.
        if beginning.is_empty() { folded.expose().is_empty() } else { folded.expose().starts_with(beginning) }
    }
}

/// Returns whether the character is white space, or looks like it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || to_ascii(c) == ' '
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text without differences that a search ignores: case, accents, `ς` and `σ`, and variants of one letter, digit or hyphen.
fn fold(text: &str) -> String {
    let classes = CanonicalCombiningClassMapBorrowed::new();
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    // Removes accents and other marks above or below a letter. Their combining class in Unicode differs from 0.
    let letters: String = decomposed.chars().filter(|c| classes.get_u8(*c) == 0).map(to_ascii).collect();
    // `to_uppercase` replaces `ß` by `SS`, but does not change `ẞ`. The first `to_lowercase` therefore replaces `ẞ` by `ß`.
    let folded = letters.to_lowercase().to_uppercase().to_lowercase().replace('ς', "σ");
    single_spaced(&folded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> String {
        Reference::parse(text).unwrap().expose().to_owned()
    }

    fn finds(beginning: &str, reference: &str) -> bool {
        ReferenceSearch::new(&Reference::parse(beginning).unwrap()).matches(&Reference::parse(reference).unwrap())
    }

    #[test]
    fn a_reference_loses_invisible_characters_and_extra_white_space() {
        for (text, expected) in [
            ("2026/117", "2026/117"),
            ("  Α.Π.  ", "Α.Π."),
            ("order \u{a0}\t 17", "order 17"),
            ("two\r\nlines\u{85}and\u{2028}three", "two lines and three"),
            ("\u{2800}order\u{3000}17\u{2800}", "order 17"),
            ("\u{feff}Α\u{200b}.\u{ad}Π\u{200e}.\u{202e}", "Α.Π."),
            ("bell\u{7} and \u{1b}[31mescape\u{0}", "bell and [31mescape"),
            ("a \u{200b} b", "a b"),
            ("Ά\u{fe0f}ννα", "Άννα"),
        ] {
            assert_eq!(parsed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_reference_is_in_normalization_form_c() {
        for (text, expected) in
            [("Α\u{301}ννα", "Άννα"), ("Α\u{1ffd}", "Α\u{b4}"), ("Jose\u{301} Mu\u{308}ller", "José Müller"), ("\u{1f71}", "\u{3ac}")]
        {
            assert_eq!(parsed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_reference_has_at_most_40_characters_counted_after_cleaning() {
        for text in ["ώ".repeat(40), "ω\u{301}".repeat(40), "𝔸".repeat(40), format!("  {}\u{200b}\n", "x".repeat(40))] {
            assert_eq!(parsed(&text).chars().count(), 40);
        }
        for text in ["ώ".repeat(41), "x".repeat(16_000), format!("{} x", "x".repeat(39))] {
            assert_eq!(Reference::parse(&text), Err(InvalidReference::TooLong), "{text}");
        }
    }

    #[test]
    fn a_text_without_visible_characters_is_blank() {
        for text in ["", " ", "\n\t", "\u{200b}\u{feff}", "\u{2800}", "\u{7} \u{ad}"] {
            assert_eq!(Reference::parse(text), Err(InvalidReference::Blank), "{text:?}");
        }
    }

    #[test]
    fn a_reference_is_not_printed() {
        let reference = Reference::parse("hush").unwrap();
        assert_eq!(format!("{reference:?} {:?}", ReferenceSearch::new(&reference)), "Reference([redacted]) ReferenceSearch([redacted])");
    }

    #[test]
    fn a_search_finds_equal_references_and_beginnings() {
        for beginning in ["2026/117", "2026/11", "2", "2026/117 ", "\u{200b}2026"] {
            assert!(finds(beginning, "2026/117"), "{beginning:?}");
        }
        for other in ["117", "026/117", "2026/1170", "2026/118"] {
            assert!(!finds(other, "2026/117"), "{other:?}");
        }
    }

    #[test]
    fn a_search_ignores_case_accents_and_variants_of_a_letter() {
        for (one, other) in [
            ("ΆΝΝΑΣ", "άννας"),
            ("ΑΝΝΑΣ", "Άννας"),
            ("αννασ", "Άννας"),
            ("προϊόν ΐ", "ΠΡΟΙΟΝ Ι"),
            ("μαΐου", "ΜΑΪΟΥ"),
            ("ᾳ ὦ ῥ", "α ω ρ"),
            ("΄Αννα", "Άννα"),
            ("µ ϑ", "Μ Θ"),
            ("JOSÉ", "jose\u{301}"),
            ("José Müller", "JOSE MULLER"),
            ("Ñandú Çelik", "nandu celik"),
            ("İstanbul ılık", "ISTANBUL ILIK"),
            ("Straße", "STRASSE"),
            ("ẞ", "ss"),
            ("ﬁlm № ①", "FILM no 1"),
            ("ＡＢ１２", "ab12"),
            ("2026–15", "2026-15"),
            ("٢٠٢٦", "2026"),
        ] {
            assert!(finds(one, other) && finds(other, one), "{one} and {other}");
        }
        for (one, other) in [("α", "a"), ("ο", "ω"), ("η", "ι"), ("ab", "a b"), ("a", "b")] {
            assert!(!finds(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn a_search_for_an_accent_alone_does_not_find_everything() {
        assert!(!finds("\u{301}", "Άννα") && finds("\u{301}", "\u{308}"));
    }

    proptest! {
        #[test]
        fn a_reference_is_unchanged_when_it_is_parsed_again(text in "\\PC{0,60}|[\\s\\u{300}-\\u{36f}ά-ώΆ-Ώ\\u{200b}\\u{2000}-\\u{2010}]{0,60}") {
            if let Ok(reference) = Reference::parse(&text) {
                prop_assert_eq!(&parsed(reference.expose()), reference.expose());
                prop_assert!((1..=REFERENCE_CHARACTERS_MAX).contains(&reference.expose().chars().count()));
                prop_assert!(!reference.expose().chars().any(|c| c.is_control() || (c.is_whitespace() && c != ' ')));
                let stored = serde_json::to_string(&reference).unwrap();
                prop_assert_eq!(serde_json::from_str::<Reference>(&stored).unwrap(), reference);
            }
        }

        #[test]
        fn every_beginning_of_a_reference_finds_it_in_any_case(text in "[a-zα-ώΆ-Ώ0-9./ -]{1,40}", length in 1..40_usize) {
            if let Ok(reference) = Reference::parse(&text) {
                let beginning: String = reference.expose().chars().take(length).collect();
                for typed in [beginning.to_uppercase(), beginning.to_lowercase(), beginning] {
                    // The text in capitals can have more characters, and may then be too long to be parsed.
                    if let Ok(typed) = Reference::parse(&typed) {
                        prop_assert!(ReferenceSearch::new(&typed).matches(&reference));
                    }
                }
            }
        }
    }
}
