//! The receipt of a case at a KEP: one A4 page without a code number and without the names of the clerk and the person.

use std::num::NonZeroU16;

use domain::{
    Language, Moment,
    kep::{ActKind, ApplicationNumber, OfficeName, Presence},
};
use krilla::tagging::{Tag, TagTree};

use super::{BLACK, BLUE, BOLD, Face, GREY, MARGIN, REGULAR, Sheet};
use crate::{RenderError, consent::DPO_EMAIL, kep, pick, time_text};

/// Maximum number of acts that are listed one by one. The page has room for the lines of these acts and for all other content.
const LINES_MAX: usize = 12;

/// Content of the receipt.
#[derive(Debug)]
pub struct Receipt<'a> {
    pub office: &'a OfficeName,
    pub application_number: &'a ApplicationNumber,
    pub opened_at: Moment,
    pub presence: Presence,
    pub done: &'a [ReceiptLine],
}

/// One act.
#[derive(Debug, Clone)]
pub struct ReceiptLine {
    pub what: ActKind,
    pub at: Moment,
    /// The application's name, or the minor's first name.
    pub label: Option<String>,
}

struct Texts {
    title: &'static str,
    intro: &'static str,
    office: &'static str,
    application: &'static str,
    time: &'static str,
    done: &'static str,
    nothing: &'static str,
    rights: &'static str,
    rights_text: [&'static str; 3],
}

const EL: Texts = Texts {
    title: "Αποδεικτικό εξυπηρέτησης",
    intro: "Το ΚΕΠ εξυπηρέτησε στην υπηρεσία myPhoto το πρόσωπο που υπέβαλε την αίτηση αυτή.",
    office: "ΚΕΠ",
    application: "Αριθμός αίτησης",
    time: "Έναρξη εξυπηρέτησης",
    done: "Τι έγινε",
    nothing: "Έως τώρα δεν έγινε τίποτα.",
    rights: "Τα δικαιώματά σας",
    rights_text: [
        "Στο myPhoto, με τους κωδικούς σας TAXISnet, βλέπετε κάθε εξυπηρέτηση, ανακαλείτε εξουσιοδοτήσεις και αποσυσχετίζετε τις φωτογραφίες.",
        "Έχετε δικαίωμα πρόσβασης, διόρθωσης, περιορισμού, φορητότητας και διαγραφής. Υπεύθυνος προστασίας δεδομένων: ",
        "Μπορείτε να υποβάλετε καταγγελία στην Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα: www.dpa.gr.",
    ],
};

const EN: Texts = Texts {
    title: "Receipt of a visit to a KEP",
    intro: "The Citizens' Service Centre (KEP) served the person who made this application, in the service myPhoto.",
    office: "KEP",
    application: "Application number",
    time: "Beginning of the visit",
    done: "What was done",
    nothing: "Nothing has been done so far.",
    rights: "Your rights",
    rights_text: [
        "In myPhoto, with your TAXISnet credentials, you see every visit, withdraw authorizations and dissociate the photos.",
        "You have the rights of access, rectification, restriction, portability and erasure. Data protection officer: ",
        "You can complain to the Hellenic Data Protection Authority: www.dpa.gr.",
    ],
};

/// Renders the receipt. It contains no creation date, so the same arguments always give the same bytes.
///
/// # Errors
/// [`RenderError::PageFull`] if the service's origin is too long for the page.
pub fn receipt(receipt: &Receipt<'_>, public_origin: &str, language: Language) -> Result<Vec<u8>, RenderError> {
    let texts = pick(language, &EL, &EN);
    let (regular, bold) = (Face::new(REGULAR)?, Face::new(BOLD)?);
    let mut document = super::empty_document()?;
    let mut page = document.start_page_with(super::a4()?);
    let mut tags = TagTree::new().with_lang(Some(language.tag().to_owned()));
    let mut surface = page.surface();
    let mut sheet = Sheet { surface: &mut surface, y: MARGIN };
    let heading = |text: &str| Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(text.to_owned()));

    tags.push(sheet.paragraph(Tag::P, &bold.style(13.0, BLUE), "myPhoto", 2.0)?);
    tags.push(sheet.paragraph(Tag::Hn(NonZeroU16::MIN, Some(texts.title.to_owned())), &bold.style(23.0, BLACK), texts.title, 10.0)?);
    tags.push(sheet.paragraph(Tag::P, &regular.style(11.5, BLACK), texts.intro, 16.0)?);
    // Names of offices and applications may have characters that the fonts lack. `printable` replaces these characters.
    let facts = [
        (texts.office, receipt.office.as_str().to_owned()),
        (texts.application, receipt.application_number.expose().to_owned()),
        (texts.time, time_text::athens(receipt.opened_at, language)),
    ];
    for (name, value) in facts {
        tags.push(sheet.paragraph(Tag::P, &regular.style(10.5, GREY), name, 0.0)?);
        tags.push(sheet.paragraph(Tag::P, &bold.style(13.0, BLACK), &bold.printable(&value), 6.0)?);
    }
    tags.push(sheet.paragraph(Tag::P, &regular.style(11.5, BLACK), kep::presence(receipt.presence, language), 14.0)?);
    tags.push(sheet.paragraph(heading(texts.done), &bold.style(14.0, BLACK), texts.done, 6.0)?);
    if receipt.done.is_empty() {
        tags.push(sheet.paragraph(Tag::P, &regular.style(11.5, BLACK), texts.nothing, 14.0)?);
    } else {
        let lines: Vec<String> = lines(receipt.done, language).iter().map(|line| regular.printable(line)).collect();
        tags.push(sheet.list(&regular.style(11.0, BLACK), &lines.iter().map(String::as_str).collect::<Vec<_>>())?);
        sheet.y += 12.0;
    }
    tags.push(sheet.paragraph(heading(texts.rights), &bold.style(14.0, BLACK), texts.rights, 6.0)?);
    let [at_home, rights, complaint] = texts.rights_text;
    let rights = format!("{rights}{DPO_EMAIL}");
    let address = public_origin.trim_end_matches('/');
    tags.push(sheet.list(&regular.style(11.0, BLACK), &[at_home, &rights, complaint, address])?);
    surface.finish();
    page.finish();

    super::finished(document, tags, texts.title, language)
}

/// Returns one line for each act. If there are more acts than [`LINES_MAX`], only the latest acts have a line, and the first line contains
/// the number of earlier acts.
fn lines(done: &[ReceiptLine], language: Language) -> Vec<String> {
    let earlier = done.len().saturating_sub(LINES_MAX);
    let and_earlier = (earlier > 0).then(|| match language {
        Language::El => format!("πράξεις που έγιναν νωρίτερα: {earlier}"),
        Language::En => format!("acts done earlier: {earlier}"),
    });
    let listed = done.iter().skip(earlier).map(|line| {
        let clock = line.at.athens_clock();
        let label = line.label.as_ref().map(|label| format!(": {}", shortened(label))).unwrap_or_default();
        format!("{:02}:{:02} {}{label}", clock.hour, clock.minute, kep::act(line.what, language))
    });
    and_earlier.into_iter().chain(listed).collect()
}

/// Shortens a label to what fits into one line.
fn shortened(label: &str) -> String {
    const CHARACTERS_MAX: usize = 30;
    if label.chars().count() <= CHARACTERS_MAX { label.to_owned() } else { label.chars().take(CHARACTERS_MAX - 1).chain(['…']).collect() }
}

impl Face {
    /// Returns the text with each character that the font lacks replaced by a question mark.
    fn printable(&self, text: &str) -> String {
        text.chars().map(|c| if self.glyphs(c.encode_utf8(&mut [0; 4])).is_ok() { c } else { '?' }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ORIGIN, expiry};

    fn rendered(office: &str, done: &[ReceiptLine], language: Language) -> Vec<u8> {
        let (office, application_number) = (OfficeName::parse(office).unwrap(), ApplicationNumber::parse("777/2026").unwrap());
        let facts =
            Receipt { office: &office, application_number: &application_number, opened_at: expiry(), presence: Presence::Otp, done };
        receipt(&facts, ORIGIN, language).unwrap()
    }

    #[test]
    fn the_receipt_is_rendered_in_both_languages_whatever_was_done() {
        let line = ReceiptLine { what: ActKind::Authorized, at: expiry(), label: Some("Ω".repeat(200)) };
        let unusual = ReceiptLine { what: ActKind::MinorAdded, at: expiry(), label: Some("日本 🙂".to_owned()) };
        for language in [Language::El, Language::En] {
            for done in [Vec::new(), vec![line.clone()], vec![unusual.clone(); 200], vec![line.clone(); 200]] {
                for office in ["ΚΕΠ Δήμου Χανίων", &"ΜΑΚΡΥ ΟΝΟΜΑ ".repeat(9), &"Ω".repeat(60)] {
                    let file = rendered(office, &done, language);
                    assert!(file.starts_with(b"%PDF-1.7"));
                    assert_eq!(file, rendered(office, &done, language));
                }
            }
        }
    }

    #[test]
    fn the_latest_acts_are_listed_and_earlier_ones_are_counted() {
        let done: Vec<ReceiptLine> = (0..LINES_MAX + 3)
            .map(|number| ReceiptLine { what: ActKind::Authorized, at: expiry(), label: Some(number.to_string()) })
            .collect();
        let listed = lines(&done, Language::En);
        assert_eq!((listed.len(), listed[0].as_str()), (LINES_MAX + 1, "acts done earlier: 3"));
        assert_eq!(listed[1], "14:30 application authorised: 3");
        assert_eq!(lines(&done[..1], Language::El), ["14:30 εξουσιοδότηση: 0"]);
    }
}
