//! Suggests the email address that the user probably meant, if the domain is misspelt.
//!
//! The user decides whether to accept the suggestion. No address is corrected automatically, because an unusual domain may be right.

/// Domains of email providers that people in Greece use. If two domains are equally similar, the first of them is suggested. For an address
/// in one of these domains, no other domain is suggested.
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

/// Misspelt top-level domains, each with its correction. None of the misspelt domains exists.
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
    ("comn", "com"),
    ("coml", "com"),
    ("coim", "com"),
    ("cpom", "com"),
    ("vcom", "com"),
    ("c0m", "com"),
    ("clm", "com"),
    ("cok", "com"),
    ("dom", "com"),
    ("grt", "gr"),
    ("gtr", "gr"),
    ("fgr", "gr"),
    ("nte", "net"),
    ("ney", "net"),
    ("nt", "net"),
    ("rog", "org"),
    ("orh", "org"),
];

/// A name of at least this length, such as `gmail` in `gmail.com`, identifies a provider even with a wrong ending. For example, `gmail.gr`
/// does not belong to Google, so for an address in this domain the parser suggests `gmail.com`.
const DISTINCTIVE_NAME_LENGTH: usize = 5;

/// Returns the address that was probably meant, or `None` if no typing mistake is recognised. Recognises domains that are similar to one of
/// [`EMAIL_DOMAINS`], wrong endings such as `.rog`, and `www.` in front of an address. The text may be an address or almost one, such as
/// `maria@gmail`, `maria@gmail,com` or `maria.gmail.com`.
pub fn suggestion(text: &str) -> Option<String> {
    let text = text.trim();
    let Some((local, typed)) = text.rsplit_once('@') else { return without_at(text) };
    let written = local.trim_end();
    let local = without_www(written);
    let domain: String = typed.to_ascii_lowercase().replace([',', ';', ':', '/'], ".").split_whitespace().collect();
    let is_plausible = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    if local.is_empty() || local.contains('@') || domain.is_empty() || !domain.chars().all(is_plausible) || !local.is_ascii() {
        return None;
    }
    let domain = domain.trim_matches('.');
    let meant = meant_domain(domain).or_else(|| (local != written).then(|| domain.to_owned()))?;
    let suggested = format!("{local}@{meant}");
    let is_new = !suggested.eq_ignore_ascii_case(text);
    (is_new && crate::EmailAddress::parse(&suggested).is_ok()).then_some(suggested)
}

/// Returns the address with the missing `@` inserted, if the text ends with the domain of a provider.
fn without_at(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_distinctive = |known: &str| known.split('.').next().is_some_and(|name| name.len() >= DISTINCTIVE_NAME_LENGTH);
    let ending = EMAIL_DOMAINS.iter().filter(|known| is_distinctive(known) && lower.ends_with(*known)).max_by_key(|known| known.len())?;
    let local = text[..text.len() - ending.len()].trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    // The text is the address of a web page.
    if local.eq_ignore_ascii_case("www") || local.contains(['/', ':']) || text.contains("://") {
        return None;
    }
    let suggested = format!("{}@{ending}", without_www(local));
    crate::EmailAddress::parse(&suggested).is_ok().then_some(suggested)
}

/// Removes `www.` from the beginning of an email address. Some people write it there by mistake.
fn without_www(local: &str) -> &str {
    match local.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("www.") => &local[4..],
        Some(_) | None => local,
    }
}

fn meant_domain(domain: &str) -> Option<String> {
    if EMAIL_DOMAINS.contains(&domain) {
        // The domain itself is right. Only characters around it, such as a second dot, can be wrong.
        return Some(domain.to_owned());
    }
    let (name, ending) = domain.split_once('.').unwrap_or((domain, ""));
    let is_ending_simple = !ending.contains('.') || ending.starts_with("com.") || ending.starts_with("co.");
    if name.len() >= DISTINCTIVE_NAME_LENGTH && is_ending_simple {
        let same_name = || EMAIL_DOMAINS.iter().filter(|known| known.split('.').next() == Some(name));
        // People who write `outlook.gr` believe that this provider has a Greek domain. They have not mistyped `outlook.fr`, so the ending
        // `gr` is not compared with other endings.
        let known = if ending == "gr" {
            same_name().find(|known| known.ends_with(".gr")).or_else(|| same_name().next())
        } else {
            same_name().min_by_key(|known| distance(domain, known))
        };
        if let Some(known) = known {
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

/// Returns the maximum number of typing mistakes at which a domain counts as a misspelling of another. The maximum is 0 for short domains,
/// because some short domains differ in one letter only (`uoa.gr`, `uoc.gr`).
fn tolerance(domain: &str, known: &str) -> usize {
    match domain.len().min(known.len()) {
        0..=6 => 0,
        7..=8 => 1,
        _ => 2,
    }
}

/// Returns the optimal string alignment distance, which counts insertions, deletions, substitutions and swaps of adjacent characters.
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
