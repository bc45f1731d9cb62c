//! Suggests the email address that was probably meant if its domain is misspelt.
//!
//! A suggestion is a question. An unusual domain may be right, so nothing is ever corrected without asking.

/// Domains of email providers that people in Greece use. The first of two equally near domains is suggested. None of these is ever questioned.
pub const EMAIL_DOMAINS: &[&str] = &[
    "gmail.com",
    "yahoo.gr",
    "yahoo.com",
    "hotmail.com",
    "hotmail.gr",
    "outlook.com",
    "outlook.com.gr",
    "live.com",
    "icloud.com",
    "windowslive.com",
    "otenet.gr",
    "forthnet.gr",
    "freemail.gr",
    "in.gr",
    "mail.gr",
    "hol.gr",
    "cosmotemail.gr",
    "windtools.gr",
    "vivodinet.gr",
    "sch.gr",
    "uoa.gr",
    "auth.gr",
    "ntua.gr",
    "upatras.gr",
    "aueb.gr",
    "uth.gr",
    "uoc.gr",
    "uoi.gr",
    "duth.gr",
    "uom.gr",
    "uop.gr",
    "unipi.gr",
    "uniwa.gr",
    "aegean.gr",
    "hua.gr",
    "panteion.gr",
    "teilar.gr",
    "ihu.gr",
    "hmu.gr",
    "otenet.com.cy",
    "cytanet.com.cy",
    "ath.forthnet.gr",
    "acci.gr",
    "tee.gr",
    "dsa.gr",
    "gov.gr",
    "googlemail.com",
    "msn.com",
    "live.gr",
    "live.co.uk",
    "live.fr",
    "live.nl",
    "outlook.de",
    "outlook.fr",
    "outlook.es",
    "outlook.it",
    "hotmail.co.uk",
    "hotmail.de",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.es",
    "yahoo.co.uk",
    "yahoo.de",
    "yahoo.fr",
    "yahoo.it",
    "yahoo.es",
    "yahoo.ca",
    "yahoo.com.au",
    "ymail.com",
    "rocketmail.com",
    "aol.com",
    "me.com",
    "mac.com",
    "mail.com",
    "email.com",
    "mail.ru",
    "email.gr",
    "yandex.com",
    "yandex.ru",
    "proton.me",
    "pm.me",
    "protonmail.com",
    "protonmail.ch",
    "tutanota.com",
    "tuta.io",
    "zoho.com",
    "fastmail.com",
    "hey.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "bluewin.ch",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "libero.it",
    "abv.bg",
    "att.net",
    "comcast.net",
    "verizon.net",
    "btinternet.com",
    "bigpond.com",
];

/// Misspelt top-level domains. None of these exists.
const WRONG_ENDINGS: &[(&str, &str)] = &[
    ("con", "com"),
    ("comm", "com"),
    ("coom", "com"),
    ("ccom", "com"),
    ("cpm", "com"),
    ("cmo", "com"),
    ("ocm", "com"),
    ("vom", "com"),
    ("xom", "com"),
    ("conm", "com"),
    ("cim", "com"),
    ("grr", "gr"),
    ("ggr", "gr"),
    ("gre", "gr"),
    ("rg", "gr"),
    ("ner", "net"),
    ("nett", "net"),
    ("ent", "net"),
    ("ogr", "org"),
    ("orgg", "org"),
];

/// The name of a domain of this length or more is compared without its ending. So `gmail.gr`, which is not Google's, is questioned.
const DISTINCTIVE_NAME_LENGTH: usize = 5;

/// Returns the address that was probably meant, or `None` if the domain is one of [`EMAIL_DOMAINS`] or like none of them. The text may be an
/// address or almost one, such as `maria@gmail` or `maria@gmail,com`.
pub fn suggestion(text: &str) -> Option<String> {
    let (local, typed) = text.trim().rsplit_once('@')?;
    let domain = typed.to_ascii_lowercase().replace(',', ".");
    let is_plausible = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    if local.is_empty() || local.contains('@') || domain.is_empty() || !domain.chars().all(is_plausible) || !local.is_ascii() {
        return None;
    }
    let meant = meant_domain(domain.trim_matches('.'))?;
    if meant.eq_ignore_ascii_case(typed) {
        return None;
    }
    let suggested = format!("{local}@{meant}");
    crate::EmailAddress::parse(&suggested).is_ok().then_some(suggested)
}

fn meant_domain(domain: &str) -> Option<String> {
    if EMAIL_DOMAINS.contains(&domain) {
        // Only what follows the domain can be wrong, such as a second dot.
        return Some(domain.to_owned());
    }
    let (name, ending) = domain.split_once('.').unwrap_or((domain, ""));
    let is_ending_simple = !ending.contains('.') || ending.starts_with("com.") || ending.starts_with("co.");
    if name.len() >= DISTINCTIVE_NAME_LENGTH && is_ending_simple {
        let same_name = EMAIL_DOMAINS.iter().filter(|known| known.split('.').next() == Some(name));
        if let Some(known) = same_name.min_by_key(|known| distance(domain, known)) {
            return Some((*known).to_owned());
        }
    }
    let nearest = EMAIL_DOMAINS.iter().map(|&known| (distance(domain, known), known)).min_by_key(|&(distance, _)| distance)?;
    if nearest.0 <= tolerance(domain, nearest.1) {
        return Some(nearest.1.to_owned());
    }
    let (rest, last) = domain.rsplit_once('.')?;
    let (_, right) = WRONG_ENDINGS.iter().find(|(wrong, _)| *wrong == last)?;
    Some(format!("{rest}.{right}"))
}

/// Returns the number of mistakes up to which a domain is taken for another. Short domains differ from each other in one letter (`uoa.gr`,
/// `uoc.gr`), so they are never questioned.
fn tolerance(domain: &str, known: &str) -> usize {
    match domain.len().min(known.len()) {
        0..=6 => 0,
        7..=8 => 1,
        _ => 2,
    }
}

/// Returns the Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let substitution = last[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            row[j] = substitution.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{EMAIL_DOMAINS, distance, suggestion};

    #[test]
    fn the_distance_counts_insertions_deletions_substitutions_and_adjacent_transpositions() {
        for (from, to, expected) in
            [("", "", 0), ("gmail", "gmail", 0), ("gmial", "gmail", 1), ("gmal", "gmail", 1), ("gnaill", "gmail", 2), ("", "in.gr", 5)]
        {
            assert_eq!((distance(from, to), distance(to, from)), (expected, expected), "{from} {to}");
        }
    }

    #[test]
    fn a_known_domain_is_never_questioned() {
        for domain in EMAIL_DOMAINS {
            for written in [(*domain).to_owned(), domain.to_ascii_uppercase()] {
                assert_eq!(suggestion(&format!("maria@{written}")), None, "{written}");
            }
        }
    }
}
