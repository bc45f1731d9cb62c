//! photos.zip: the names of its files, the uploaded pictures without their metadata, and a PDF with code, QR code and expiry.

use std::io::{Cursor, Read};

use domain::{FileProfile, ImageKind, Language};
use hayro::{
    PixmapSettings, RenderCache, RenderSettings,
    hayro_interpret::{
        BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache, InterpreterSettings, SoftMask,
        font::GlyphRun, hayro_cmap::BfString, interpret_page, util::TransformExt,
    },
    hayro_syntax::Pdf,
    kurbo::{BezPath, Rect},
    vello_cpu::color::palette::css::WHITE,
};
use jiff::Timestamp;
use journeys::{
    browser::Response,
    citizen, fixtures, jpeg,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, Issued, Photos, To, both, face_only},
    pictures, qr, stack,
};
use reqwest::Method;

/// A citizen who has associated photos.
struct Associated {
    visit: Visit,
    issued: Issued,
    expires_at: Timestamp,
}

/// Creates a citizen who associates these photos.
async fn associate(photos: &Photos) -> Associated {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let to = To::Mobile(visit.person.mobile().to_owned());
    let issued = photographer::issue(&studio, FileProfile::Standard, photos, &to, Language::El).await;
    let association = citizen::take(&visit, &issued.code).await;
    let expires_at = association["expires_at"].as_str().unwrap().parse().unwrap();
    Associated { visit, issued, expires_at }
}

fn unpack(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip file");
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("an entry whose checksum is right");
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

async fn in_language(visit: &Visit, language: Language) -> Response {
    visit.browser.request(Method::GET, citizen::PHOTOS_ZIP).header("accept-language", language.tag()).send().await
}

#[tokio::test]
async fn the_zip_contains_the_existing_files_under_the_states_names() {
    let signature_only = vec![(ImageKind::Signature, fixtures::signature())];
    for (photos, expected) in [
        (both(), vec!["_PASSPORT_PROFILE.jpg", "_PASSPORT_SIGNATURE.jpg", "_QR.pdf"]),
        (face_only(), vec!["_PASSPORT_PROFILE.jpg", "_QR.pdf"]),
        (signature_only, vec!["_PASSPORT_SIGNATURE.jpg", "_QR.pdf"]),
    ] {
        let owner = associate(&photos).await;
        let zip = citizen::download(&owner.visit).await.expect(200);
        assert_eq!(zip.header("content-type"), Some("application/zip"));
        assert_eq!(zip.header("content-disposition"), Some("attachment; filename=\"photos.zip\""));
        let names: Vec<String> = unpack(&zip.body).into_iter().map(|(name, _)| name).collect();
        let expected: Vec<String> = expected.iter().map(|end| format!("{}{end}", owner.issued.code)).collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn zipped_images_are_the_uploaded_bytes_without_metadata_or_trailing_bytes() {
    let photos: Photos = vec![(ImageKind::Face, pictures::with_trailing_bytes()), (ImageKind::Signature, fixtures::signature())];
    let owner = associate(&photos).await;
    let files = unpack(&citizen::download(&owner.visit).await.expect(200).body);
    for ((kind, original), (name, stored)) in photos.iter().zip(&files) {
        assert_eq!(jpeg::image_data(stored), jpeg::image_data(original), "{name}");
        assert_eq!(jpeg::pixels(stored), jpeg::pixels(original), "{name}");
        // Checks that the original contains the metadata that the service removes. Otherwise this test could never fail.
        let exif = |file: &[u8]| exif::Reader::new().read_from_container(&mut Cursor::new(file)).ok();
        assert!(exif(original).expect("EXIF").fields().any(|field| field.tag == exif::Tag::GPSLatitude), "{name}");
        assert!(exif(stored).is_none(), "{name}");
        let markers: Vec<u8> = jpeg::metadata(stored).iter().map(|(marker, _)| *marker).collect();
        assert!(markers.iter().all(|marker| *marker == 0xe0), "of the application data only the JFIF header may remain: {markers:x?}");
        assert!(jpeg::metadata(original).len() > markers.len());
        assert_eq!(jpeg::segments(original).1.is_empty(), *kind == ImageKind::Signature);
        assert_eq!(jpeg::segments(stored).1, Vec::<u8>::new(), "bytes after the end marker");
        // `show_photo` returns the same file.
        assert_eq!(&citizen::show_photo(&owner.visit, *kind).await.expect(200).body, stored);
    }
}

/// Collects the text of a page from its glyphs, as copying from a PDF viewer would.
#[derive(Default)]
struct Reader {
    text: String,
}

impl<'a> Device<'a> for Reader {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            match glyph.as_unicode().expect("every glyph has a Unicode mapping") {
                BfString::Char(character) => self.text.push(character),
                BfString::String(characters) => self.text.push_str(&characters),
            }
        }
        self.text.push('\n');
    }
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

fn text_of(pdf: &Pdf) -> String {
    let page = &pdf.pages()[0];
    let cache = InterpreterCache::new();
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let mut context = Context::new(page.initial_transform(true).to_kurbo(), area, &cache, page.xref(), InterpreterSettings::default());
    let mut reader = Reader::default();
    interpret_page(page, &mut context, &mut reader);
    reader.text
}

/// Renders the page and returns the text of its QR code.
fn scan_page(pdf: &Pdf) -> String {
    let page = &pdf.pages()[0];
    let settings = PixmapSettings { x_scale: 2.0, y_scale: 2.0, bg_color: WHITE };
    let picture = hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let (width, height, pixels) = (usize::from(picture.width()), usize::from(picture.height()), picture.data_as_u8_slice());
    qr::scan(width, height, |x, y| pixels[(y * width + x) * 4 + 1])
}

#[tokio::test]
async fn the_pdf_has_code_qr_code_and_expiry_in_the_citizens_language_and_embeds_its_fonts() {
    let owner = associate(&face_only()).await;
    let end = owner.expires_at.to_zoned(jiff::tz::get!("Europe/Athens"));
    let months_el = ["Ιαν", "Φεβ", "Μαρ", "Απρ", "Μαΐ", "Ιουν", "Ιουλ", "Αυγ", "Σεπ", "Οκτ", "Νοε", "Δεκ"];
    let months_en = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(end.month()).unwrap() - 1;
    for (language, until, months, heading) in [
        (Language::El, "Ισχύει έως", months_el, "Ο κωδικάριθμος των φωτογραφιών σας"),
        (Language::En, "Valid until", months_en, "The code number of your photos"),
    ] {
        let zip = in_language(&owner.visit, language).await.expect(200).body;
        let (name, file) = unpack(&zip).pop().unwrap();
        assert_eq!(name, format!("{}_QR.pdf", owner.issued.code));
        let source = String::from_utf8_lossy(&file).into_owned();
        let pdf = Pdf::new(file).unwrap();
        assert_eq!(pdf.pages().len(), 1);
        let text = text_of(&pdf);
        assert!(text.lines().any(|line| line.trim() == owner.issued.code), "{text}");
        assert!(text.contains(heading), "{text}");
        let day = format!("{} {}", end.day(), months[month]);
        let clock = format!("{}, {:02}:{:02}", end.year(), end.hour(), end.minute());
        let line = text.lines().find(|line| line.starts_with(until)).expect(until);
        assert!(line.contains(&day) && line.contains(&clock), "{line} does not contain {day} {clock}");
        assert_eq!(scan_page(&pdf), format!("{}/#code={}", stack::origin(), owner.issued.code));
        let fonts = source.matches("/Type/FontDescriptor").count();
        assert!(fonts >= 2, "{fonts} fonts");
        assert_eq!(source.matches("/FontFile").count(), fonts, "every font is embedded");
    }
}

#[tokio::test]
async fn the_zip_is_identical_on_each_download_and_differs_by_language() {
    let owner = associate(&both()).await;
    let first = in_language(&owner.visit, Language::El).await.expect(200);
    let person = owner.visit.person.clone();
    let later = people::citizen(person, Language::El).await;
    let again = in_language(&later, Language::El).await.expect(200);
    assert!(first.body == again.body && first.header("etag").is_some() && first.header("etag") == again.header("etag"));
    let english = in_language(&later, Language::En).await.expect(200);
    assert_ne!(english.header("etag"), first.header("etag"));
    // The query parameter also selects the language, because a plain link cannot set a header.
    let linked = later.browser.get(&format!("{}?language=en", citizen::PHOTOS_ZIP)).await.expect(200);
    assert_eq!(linked.header("etag"), english.header("etag"));
}

async fn range(visit: &Visit, range: &str, if_range: Option<&str>) -> Response {
    let request = visit.browser.request(Method::GET, citizen::PHOTOS_ZIP).header("range", range);
    if_range.into_iter().fold(request, |request, etag| request.header("if-range", etag)).send().await
}

#[tokio::test]
async fn range_requests_follow_http() {
    let owner = associate(&both()).await;
    let whole = citizen::download(&owner.visit).await.expect(200);
    let (etag, total) = (whole.header("etag").unwrap(), whole.body.len());
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("content-range"), None);
    for (requested, first, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=500-", 500, total),
        ("bytes=-22", total - 22, total),
        ("bytes=7-99999999", 7, total),
    ] {
        let part = range(&owner.visit, requested, None).await.expect(206);
        assert_eq!(part.header("content-range"), Some(format!("bytes {first}-{}/{total}", end - 1).as_str()), "{requested}");
        assert_eq!(part.header("etag"), Some(etag));
        assert!(part.body == whole.body[first..end], "{requested}");
    }
    range(&owner.visit, &format!("bytes={total}-"), None).await.rejected(416, "range_not_satisfiable");
    range(&owner.visit, "bytes=-0", None).await.rejected(416, "range_not_satisfiable");
    // An invalid range, several ranges, or a unit other than bytes is ignored, so the whole file is returned.
    for requested in ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2"] {
        assert!(range(&owner.visit, requested, None).await.expect(200).body == whole.body, "{requested}");
    }
    assert!(range(&owner.visit, "bytes=1-9", Some(etag)).await.expect(206).body == whole.body[1..10]);
    let other = range(&owner.visit, "bytes=1-9", Some("\"another\"")).await.expect(200);
    assert!(other.body == whole.body, "if the file has changed, the whole file is returned");
}

#[tokio::test]
async fn a_large_zip_can_be_downloaded_in_ranges() {
    // The pictures are nearly as large as allowed, so that their zip, encoded in Base64, is too large for one response of a function.
    let face = pictures::grainy(pictures::PORTRAIT, 1200, 1800, 86);
    let signature = pictures::grainy(pictures::SIGNATURE, 1980, 660, 97);
    for jpeg in [&face, &signature] {
        assert!((2_300_000..=3_000_000).contains(&jpeg.len()), "{} bytes", jpeg.len());
    }
    let owner = associate(&vec![(ImageKind::Face, face.clone()), (ImageKind::Signature, signature.clone())]).await;
    let first = range(&owner.visit, "bytes=0-", None).await.expect(206);
    let etag = first.header("etag").unwrap().to_owned();
    let (returned, total) = first.header("content-range").unwrap().rsplit_once('/').unwrap();
    let total: usize = total.parse().unwrap();
    assert_eq!(returned, "bytes 0-4194303");
    assert!(total > face.len() + signature.len());
    let mut joined = first.body;
    while joined.len() < total {
        let part = range(&owner.visit, &format!("bytes={}-", joined.len()), Some(&etag)).await.expect(206);
        joined.extend(part.body);
    }
    let files = unpack(&joined);
    assert_eq!(jpeg::image_data(&files[0].1), jpeg::image_data(&face));
    assert_eq!(jpeg::image_data(&files[1].1), jpeg::image_data(&signature));
    // A single image of this size fits into one response.
    assert!(citizen::show_photo(&owner.visit, ImageKind::Face).await.expect(200).body == files[0].1);
}

#[tokio::test]
async fn without_an_association_there_is_nothing_to_download() {
    let visit = fresh_citizen().await;
    citizen::download(&visit).await.rejected(404, "nothing_associated");
    citizen::show_photo(&visit, ImageKind::Face).await.rejected(404, "nothing_associated");
}
