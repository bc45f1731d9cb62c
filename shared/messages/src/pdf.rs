//! PDF files of one A4 page, tagged for screen readers (PDF/UA-1), with embedded fonts: the page with the code number in `photos.zip`, and
//! the receipt of a case at a KEP.

mod receipt;

use std::num::NonZeroU16;

use domain::{CodeNumber, Language, Moment};
use krilla::{
    Document, SerializeSettings,
    action::{Action, LinkAction},
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, ListNumbering, SpanTag, Tag, TagGroup, TagTree},
    text::{Font, GlyphId, KrillaGlyph},
};
use skrifa::{FontRef, MetadataProvider, instance::LocationRef, instance::Size as FontSize};

pub use self::receipt::{Receipt, ReceiptLine, receipt};
use crate::{RenderError, link::code_link, pick, qr, time_text};

static REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.ttf");
static MONO: &[u8] = include_bytes!("../fonts/NotoSansMono-Bold.ttf");

/// A4, in points.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 64.0;
const QR_SIDE: f32 = 190.0;

const BLACK: (u8, u8, u8) = (0x11, 0x18, 0x20);
const GREY: (u8, u8, u8) = (0x44, 0x51, 0x5f);
const BLUE: (u8, u8, u8) = (0x1f, 0x5f, 0xa8);

struct Texts {
    title: &'static str,
    intro: &'static str,
    code: &'static str,
    valid: &'static str,
    deleted: &'static str,
    qr: &'static str,
    scan: &'static str,
    link: &'static str,
    what_heading: &'static str,
    what: [&'static str; 3],
}

const EL: Texts = Texts {
    title: "Ο κωδικάριθμος των φωτογραφιών σας",
    intro: "Ο κωδικάριθμος αυτός αντιστοιχεί στη φωτογραφία προσώπου ή/και στην υπογραφή που έχετε συσχετίσει στο myPhoto.",
    code: "Κωδικάριθμος",
    valid: "Ισχύει έως τις",
    deleted: "Τότε διαγράφονται και οι φωτογραφίες.",
    qr: "Κωδικός QR που ανοίγει το myPhoto με τον κωδικάριθμο συμπληρωμένο",
    scan: "Σαρώστε τον κωδικό QR με το κινητό σας ή ανοίξτε τη διεύθυνση",
    link: "Άνοιγμα του myPhoto με τον κωδικάριθμο συμπληρωμένο",
    what_heading: "Καλό είναι να ξέρετε",
    what: [
        "Φυλάξτε αυτή τη σελίδα. Αν αποσυσχετίσετε τις φωτογραφίες, το myPhoto δεν μπορεί πια να σας δείξει τον κωδικάριθμο.",
        "Με τον κωδικάριθμο μπορείτε να τις συσχετίσετε ξανά με το ίδιο πρόσωπο έως τη λήξη του. Με άλλο πρόσωπο, δηλαδή με εσάς ή με ανήλικο του \
         οποίου έχετε την επιμέλεια, μπορείτε μόνο μέσα σε 24 ώρες από την πρώτη συσχέτιση.",
        "Μη δίνετε τον κωδικάριθμο σε κανέναν: είναι το κλειδί των φωτογραφιών σας.",
    ],
};

const EN: Texts = Texts {
    title: "The code number of your photos",
    intro: "This code number stands for the face photo, the signature or both that you have associated in myPhoto.",
    code: "Code number",
    valid: "Valid until",
    deleted: "The photos are deleted then, too.",
    qr: "QR code that opens myPhoto with the code number filled in",
    scan: "Scan the QR code with your phone, or open the address",
    link: "Open myPhoto with the code number filled in",
    what_heading: "Good to know",
    what: [
        "Keep this page. Once you dissociate the photos, myPhoto can no longer show you the code number.",
        "With the code number you can associate them again with the same person until it expires. With another person, that is with yourself or with \
         a minor in your custody, you can do so only within 24 hours of the first association.",
        "Do not give the code number to anyone: it is the key to your photos.",
    ],
};

/// Renders the page with the code number. The PDF contains no creation date, so the same arguments always give the same bytes.
///
/// # Errors
/// [`RenderError::Glyph`] if the service's origin has a character that the fonts lack, [`RenderError::PageFull`] or [`RenderError::Qr`] if
/// the origin is too long for the page or a QR code.
pub fn code_sheet(code: &CodeNumber, expires_at: Moment, public_origin: &str, language: Language) -> Result<Vec<u8>, RenderError> {
    let texts = pick(language, &EL, &EN);
    let (regular, bold, mono) = (Face::new(REGULAR)?, Face::new(BOLD)?, Face::new(MONO)?);
    let link = code_link(public_origin, code);
    let modules = qr::modules(&link)?;
    let until = format!("{} {}", texts.valid, time_text::athens(expires_at, language));

    let mut document = empty_document()?;
    let mut page = document.start_page_with(a4()?);
    let mut tags = TagTree::new().with_lang(Some(language.tag().to_owned()));
    let mut surface = page.surface();
    let mut sheet = Sheet { surface: &mut surface, y: MARGIN };

    tags.push(sheet.paragraph(Tag::P, &bold.style(13.0, BLUE), "myPhoto", 2.0)?);
    tags.push(sheet.paragraph(Tag::Hn(NonZeroU16::MIN, Some(texts.title.to_owned())), &bold.style(23.0, BLACK), texts.title, 14.0)?);
    tags.push(sheet.paragraph(Tag::P, &regular.style(11.5, BLACK), texts.intro, 26.0)?);
    tags.push(sheet.paragraph(Tag::P, &regular.style(11.5, GREY), texts.code, 4.0)?);
    tags.push(sheet.boxed(&mono.style(31.0, BLACK), &code.expose(), 12.0)?);
    tags.push(sheet.paragraph(Tag::P, &bold.style(13.0, BLACK), &until, 2.0)?);
    tags.push(sheet.paragraph(Tag::P, &regular.style(11.5, BLACK), texts.deleted, 26.0)?);
    tags.push(sheet.figure(&modules, texts.qr, 12.0)?);
    tags.push(sheet.centred(&regular.style(11.5, BLACK), texts.scan, 2.0)?);
    let address = public_origin.trim_end_matches('/');
    let (mut anchor, anchor_area) = sheet.anchor(&bold.style(11.5, BLUE), address, 30.0)?;
    let heading = Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(texts.what_heading.to_owned()));
    let heading = sheet.paragraph(heading, &bold.style(14.0, BLACK), texts.what_heading, 6.0)?;
    let list = sheet.list(&regular.style(11.5, BLACK), &texts.what)?;
    surface.finish();

    let target = Target::Action(Action::Link(LinkAction::new(link)));
    let annotation = Annotation::new_link(LinkAnnotation::new(anchor_area, target), Some(texts.link.to_owned()));
    anchor.push(page.add_tagged_annotation(annotation));
    page.finish();
    tags.push(TagGroup::with_children(Tag::P, vec![anchor.into()]));
    tags.push(heading);
    tags.push(list);

    finished(document, tags, texts.title, language)
}

/// Returns a document without pages, which is checked against PDF/UA-1 when it is finished.
fn empty_document() -> Result<Document, RenderError> {
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| RenderError::Pdf(format!("{error:?}")))?;
    Ok(Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() }))
}

fn a4() -> Result<PageSettings, RenderError> {
    PageSettings::from_wh(WIDTH, HEIGHT).ok_or(RenderError::PageFull)
}

/// Adds the tags, an outline and metadata, and returns the file.
fn finished(mut document: Document, tags: TagTree, title: &str, language: Language) -> Result<Vec<u8>, RenderError> {
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(title.to_owned(), XyzDestination::new(0, Point::from_xy(MARGIN, MARGIN))));
    document.set_outline(outline);
    document.set_tag_tree(tags);
    document.set_metadata(Metadata::new().title(title.to_owned()).language(language.tag().to_owned()).creator("myPhoto".to_owned()));
    document.finish().map_err(|error| RenderError::Pdf(format!("{error:?}")))
}

/// A font, with its tables for measuring text. Our texts need no shaping, because each of their characters is one glyph.
struct Face {
    font: Font,
    data: FontRef<'static>,
}

struct Style<'a> {
    face: &'a Face,
    size: f32,
    colour: (u8, u8, u8),
}

impl Face {
    fn new(file: &'static [u8]) -> Result<Self, RenderError> {
        let font = Font::new(file.to_vec().into(), 0).ok_or(RenderError::Font)?;
        Ok(Self { font, data: FontRef::new(file).map_err(|_| RenderError::Font)? })
    }

    fn style(&self, size: f32, colour: (u8, u8, u8)) -> Style<'_> {
        Style { face: self, size, colour }
    }

    /// Returns the glyphs of a text, with advances in ems.
    fn glyphs(&self, text: &str) -> Result<Vec<KrillaGlyph>, RenderError> {
        let (charmap, metrics) = (self.data.charmap(), self.data.glyph_metrics(FontSize::new(1.0), LocationRef::default()));
        text.char_indices()
            .map(|(at, c)| {
                let glyph = charmap.map(c).ok_or(RenderError::Glyph(c))?;
                let advance = metrics.advance_width(glyph).ok_or(RenderError::Glyph(c))?;
                Ok(KrillaGlyph::new(GlyphId::new(glyph.to_u32()), advance, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None))
            })
            .collect()
    }
}

impl Style<'_> {
    fn line_height(&self) -> f32 {
        self.size * 1.45
    }

    fn width(&self, text: &str) -> Result<f32, RenderError> {
        Ok(self.face.glyphs(text)?.iter().map(|glyph| glyph.x_advance).sum::<f32>() * self.size)
    }

    /// Breaks a text at spaces into lines of at most `width` points, unless a single word is wider.
    fn lines(&self, text: &str, width: f32) -> Result<Vec<String>, RenderError> {
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let line = lines.last_mut().ok_or(RenderError::PageFull)?;
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || self.width(&longer)? <= width {
                *line = longer;
            } else {
                // The space stays at the end of the line, so that words are not joined when the text is copied or read aloud.
                line.push(' ');
                lines.push(word.to_owned());
            }
        }
        Ok(lines)
    }
}

/// A page being filled from top to bottom. `y` is the position of the next element.
struct Sheet<'s, 'a> {
    surface: &'s mut Surface<'a>,
    y: f32,
}

impl Sheet<'_, '_> {
    fn paragraph(
        &mut self,
        tag: impl Into<krilla::tagging::TagKind>,
        style: &Style<'_>,
        text: &str,
        space_after: f32,
    ) -> Result<TagGroup, RenderError> {
        let mut group = TagGroup::new(tag);
        self.lines_at(&mut group, style, text, MARGIN)?;
        self.y += space_after;
        Ok(group)
    }

    fn lines_at(&mut self, group: &mut TagGroup, style: &Style<'_>, text: &str, left: f32) -> Result<(), RenderError> {
        for line in style.lines(text, WIDTH - MARGIN - left)? {
            self.line(group, style, &line, left)?;
        }
        Ok(())
    }

    fn line(&mut self, group: &mut TagGroup, style: &Style<'_>, text: &str, left: f32) -> Result<(), RenderError> {
        if left < MARGIN - 1.0 || self.y + style.line_height() > HEIGHT - MARGIN / 2.0 {
            return Err(RenderError::PageFull);
        }
        let baseline = Point::from_xy(left, self.y + style.size * 1.07);
        group.push(self.surface.start_tagged(ContentTag::Span(SpanTag::empty())));
        self.surface.set_fill(Some(fill(style.colour)));
        self.surface.draw_glyphs(baseline, &style.face.glyphs(text)?, style.face.font.clone(), text, style.size, false);
        self.surface.end_tagged();
        self.y += style.line_height();
        Ok(())
    }

    fn centred(&mut self, style: &Style<'_>, text: &str, space_after: f32) -> Result<TagGroup, RenderError> {
        let mut group = TagGroup::new(Tag::P);
        for line in style.lines(text, WIDTH - 2.0 * MARGIN)? {
            self.line(&mut group, style, &line, (WIDTH - style.width(line.trim_end())?) / 2.0)?;
        }
        self.y += space_after;
        Ok(group)
    }

    /// Draws one centred line of text as a link. Returns its tags and the area that it covers.
    fn anchor(&mut self, style: &Style<'_>, text: &str, space_after: f32) -> Result<(TagGroup, Rect), RenderError> {
        let mut group = TagGroup::new(Tag::Link);
        let (width, top) = (style.width(text)?, self.y);
        let left = (WIDTH - width) / 2.0;
        self.line(&mut group, style, text, left)?;
        let area = Rect::from_xywh(left, top, width, style.line_height()).ok_or(RenderError::PageFull)?;
        self.y += space_after;
        Ok((group, area))
    }

    /// Draws one centred line of text in a frame as wide as the text column.
    fn boxed(&mut self, style: &Style<'_>, text: &str, space_after: f32) -> Result<TagGroup, RenderError> {
        const PADDING: f32 = 10.0;
        let height = style.line_height() + 2.0 * PADDING;
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
        self.rectangle(MARGIN, self.y, WIDTH - 2.0 * MARGIN, height, BLUE)?;
        self.rectangle(MARGIN + 1.5, self.y + 1.5, WIDTH - 2.0 * MARGIN - 3.0, height - 3.0, (0xf4, 0xf8, 0xfc))?;
        self.surface.end_tagged();
        self.y += PADDING;
        let mut group = TagGroup::new(Tag::P);
        self.line(&mut group, style, text, (WIDTH - style.width(text)?) / 2.0)?;
        self.y += PADDING + space_after;
        Ok(group)
    }

    fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, colour: (u8, u8, u8)) -> Result<(), RenderError> {
        let mut path = PathBuilder::new();
        path.push_rect(Rect::from_xywh(x, y, width, height).ok_or(RenderError::PageFull)?);
        self.surface.set_fill(Some(fill(colour)));
        self.surface.draw_path(&path.finish().ok_or(RenderError::PageFull)?);
        Ok(())
    }

    /// Draws the QR code as vector shapes. The white space around it is wider than the required quiet zone.
    fn figure(&mut self, modules: &qr::Modules, alt: &str, space_after: f32) -> Result<TagGroup, RenderError> {
        let side = QR_SIDE / modules.width() as f32;
        let left = (WIDTH - QR_SIDE) / 2.0;
        let mut path = PathBuilder::new();
        for y in 0..modules.width() {
            let mut x = 0;
            while x < modules.width() {
                // Adjacent modules are drawn as one rectangle, because viewers show hairlines between separate ones.
                let run = (x..modules.width()).take_while(|&x| modules.is_dark(x, y)).count();
                if run > 0 {
                    let area = Rect::from_xywh(left + x as f32 * side, self.y + y as f32 * side, run as f32 * side, side);
                    path.push_rect(area.ok_or(RenderError::PageFull)?);
                }
                x += run.max(1);
            }
        }
        let mut group = TagGroup::new(Tag::Figure(Some(alt.to_owned())));
        group.push(self.surface.start_tagged(ContentTag::Other));
        self.surface.set_fill(Some(fill((0, 0, 0))));
        self.surface.draw_path(&path.finish().ok_or(RenderError::PageFull)?);
        self.surface.end_tagged();
        self.y += QR_SIDE + space_after;
        Ok(group)
    }

    fn list(&mut self, style: &Style<'_>, items: &[&str]) -> Result<TagGroup, RenderError> {
        const INDENT: f32 = 14.0;
        let mut list = TagGroup::new(Tag::L(ListNumbering::Disc));
        for item in items {
            let (mut label, mut body) = (TagGroup::new(Tag::Lbl), TagGroup::new(Tag::LBody));
            let top = self.y;
            self.line(&mut label, style, "•", MARGIN)?;
            self.y = top;
            self.lines_at(&mut body, style, item, MARGIN + INDENT)?;
            self.y += 3.0;
            list.push(TagGroup::with_children(Tag::LI, vec![label.into(), body.into()]));
        }
        Ok(list)
    }
}

fn fill((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ORIGIN, code, expiry};

    #[test]
    fn the_page_is_rendered_in_both_languages_and_is_reproducible() {
        for language in [Language::El, Language::En] {
            let file = code_sheet(&code(), expiry(), ORIGIN, language).unwrap();
            assert!(file.starts_with(b"%PDF-1.7") && file.len() < 60_000, "{}", file.len());
            assert_eq!(file, code_sheet(&code(), expiry(), ORIGIN, language).unwrap());
        }
    }

    #[test]
    fn the_file_declares_its_language_and_pdf_ua_and_embeds_three_fonts() {
        let file = code_sheet(&code(), expiry(), ORIGIN, Language::El).unwrap();
        let text = String::from_utf8_lossy(&file);
        assert!(text.contains("/Lang(el)") && text.contains("pdfuaid:part") && text.contains("/StructTreeRoot"));
        assert!(!text.contains("/CreationDate"));
        assert_eq!(text.matches("/FontFile").count(), 3);
        for font in ["NotoSans-Regular", "NotoSans-Bold", "NotoSansMono-Bold"] {
            assert!(text.contains(font), "{font}");
        }
    }

    #[test]
    fn text_that_does_not_fit_is_an_error() {
        let long = format!("https://{}.example.gr", "x".repeat(120));
        assert!(matches!(code_sheet(&code(), expiry(), &long, Language::En), Err(RenderError::PageFull)));
        assert!(matches!(code_sheet(&code(), expiry(), "https://日本.example", Language::En), Err(RenderError::Glyph('日'))));
    }

    #[test]
    fn another_person_is_promised_only_for_the_period_in_which_the_service_permits_it() {
        let period = domain::submission::CORRECTION_PERIOD.as_seconds() / 3600;
        assert!(EL.what[1].ends_with(&format!("μόνο μέσα σε {period} ώρες από την πρώτη συσχέτιση.")));
        assert!(EN.what[1].ends_with(&format!("only within {period} hours of the first association.")));
    }

    #[test]
    fn lines_break_at_spaces_and_lose_no_character() {
        let face = Face::new(REGULAR).unwrap();
        let style = face.style(11.5, BLACK);
        for text in EL.what.iter().chain(&EN.what) {
            let lines = style.lines(text, 300.0).unwrap();
            assert!(lines.len() > 1 && lines.iter().all(|line| style.width(line.trim_end()).unwrap() <= 300.0));
            assert_eq!(lines.concat(), *text);
        }
    }
}
