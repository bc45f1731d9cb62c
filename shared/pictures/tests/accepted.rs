//! What is accepted: the files of many encoders, without their metadata and otherwise as they came.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

use std::io::Cursor;

use domain::photo::{FileProfile, ImageKind, PictureFault};
use image::{GenericImageView, ImageDecoder, codecs::jpeg::JpegDecoder};
use pictures::{Accepted, accept};
use proptest::prelude::*;

#[path = "../../../tests/src/pictures.rs"]
pub mod made;

const STANDARD: FileProfile = FileProfile::Standard;

fn face(file: &[u8]) -> Accepted {
    accept(STANDARD, ImageKind::Face, file).unwrap()
}

/// The segments of a JPEG up to its end marker, as (marker, bytes); image data under marker 0.
fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut at = 2;
    assert_eq!(file[..2], [0xff, 0xd8]);
    loop {
        assert_eq!(file[at], 0xff);
        let marker = file[at + 1];
        if marker == 0xd9 {
            found.push((marker, &file[at + 2..]));
            return found;
        }
        let end = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        found.push((marker, &file[at..end]));
        at = end;
        if marker == 0xda {
            let length = file[at..].windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7)).unwrap();
            found.push((0, &file[at..at + length]));
            at += length;
        }
    }
}

fn pixels(file: &[u8]) -> Vec<u8> {
    let decoder = JpegDecoder::new(Cursor::new(file)).unwrap();
    let mut pixels = vec![0; decoder.total_bytes().try_into().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    pixels
}

fn holds(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|bytes| bytes == text)
}

/// Nothing but image: tables, frame, scans, and the three kinds of application data that decide about colours, each once and of its shape.
fn assert_no_metadata(file: &[u8]) {
    let mut kinds = Vec::new();
    for (marker, bytes) in segments(file) {
        match marker {
            0xe0 => {
                assert!(bytes.len() == 18 && bytes[4..].starts_with(b"JFIF\0") && bytes[16..] == [0, 0], "a JFIF header without thumbnail")
            }
            0xe2 => assert_only_colours(bytes[4..].strip_prefix(b"ICC_PROFILE\0\x01\x01").unwrap()),
            0xee => assert!(bytes.len() == 16 && bytes[4..].starts_with(b"Adobe")),
            0xd9 => assert!(bytes.is_empty(), "bytes after the end"),
            0 | 0xc0 | 0xc1 | 0xc2 | 0xc4 | 0xda | 0xdb | 0xdd => continue,
            other => panic!("metadata: marker {other:x}"),
        }
        assert!(!kinds.contains(&marker), "marker {marker:x} twice");
        kinds.push(marker);
    }
}

/// The texts are ours, and there is nothing beside the tags.
fn assert_only_colours(profile: &[u8]) {
    assert_eq!(profile[..4], u32::try_from(profile.len()).unwrap().to_be_bytes());
    for (name, data) in tags(profile) {
        match &name {
            b"desc" | b"cprt" => assert!(holds(data, b"Picture") || holds(data, b"\0P\0i\0c\0t\0u\0r\0e")),
            b"rXYZ" | b"gXYZ" | b"bXYZ" | b"wtpt" => assert_eq!((&data[..4], data.len()), (&b"XYZ "[..], 20)),
            b"chad" => assert_eq!((&data[..4], data.len()), (&b"sf32"[..], 44)),
            b"rTRC" | b"gTRC" | b"bTRC" | b"kTRC" => assert!(data.starts_with(b"curv") || data.starts_with(b"para")),
            _ => panic!("tag {}", name.escape_ascii()),
        }
    }
}

fn tag<'a>(profile: &'a [u8], name: &[u8]) -> &'a [u8] {
    tags(profile).into_iter().find(|(its_name, _)| its_name == name).unwrap().1
}

fn tags(profile: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let number = |at: usize| u32::from_be_bytes(profile[at..at + 4].try_into().unwrap()) as usize;
    let entries = (0..number(128)).map(|entry| 132 + 12 * entry);
    entries.map(|at| (profile[at..at + 4].try_into().unwrap(), &profile[number(at + 4)..][..number(at + 8)])).collect()
}

/// What must hold of every accepted file.
fn assert_kept_but_for_metadata(original: &[u8], accepted: &Accepted) {
    assert_no_metadata(&accepted.jpeg);
    let image_only = |file| {
        let is_image = |&(marker, _): &(u8, &[u8])| !matches!(marker, 0xd9 | 0xe0..=0xef | 0xfe);
        segments(file).into_iter().filter(is_image).map(|(marker, bytes)| (marker, bytes.to_vec())).collect::<Vec<_>>()
    };
    assert!(image_only(original) == image_only(&accepted.jpeg), "image data to the byte as it came");
    assert!(pixels(original) == pixels(&accepted.jpeg), "the same pixels");
    let preview = image::load_from_memory(&accepted.preview).unwrap();
    assert!(accepted.preview.starts_with(&[0xff, 0xd8, 0xff]));
    let (width, height) = preview.dimensions();
    assert_eq!(width.max(height), 480);
    let (expected, got) = (accepted.width * height, accepted.height * width);
    assert!(expected.abs_diff(got) <= accepted.width.max(accepted.height), "{width} x {height} has not the picture's proportion");
}

#[test]
fn a_photographers_files_lose_exif_place_comment_and_thumbnail_and_nothing_else() {
    for (profile, kind, file, size) in [
        (STANDARD, ImageKind::Face, made::PORTRAIT, (800, 1200)),
        (FileProfile::IdentityCard, ImageKind::Face, made::PORTRAIT_4X5, (1280, 1600)),
        (STANDARD, ImageKind::Signature, made::SIGNATURE, (1500, 500)),
    ] {
        for trace in [&b"Exif\0\0"[..], b"Invented Optics", b"IO1-000042", b"E. Fotiadou", b"studio that does not exist"] {
            assert!(holds(file, trace), "the fixture has what is to be taken out");
        }
        assert_eq!(file.windows(3).filter(|bytes| bytes == &[0xff, 0xd8, 0xff]).count(), 2, "the fixture has a thumbnail");
        let exif = exif::Reader::new().read_from_container(&mut Cursor::new(file)).unwrap();
        assert!(exif.get_field(exif::Tag::GPSLatitude, exif::In::PRIMARY).is_some(), "the fixture says where it was taken");

        let accepted = accept(profile, kind, file).unwrap();
        assert_eq!((accepted.width, accepted.height), size);
        assert_kept_but_for_metadata(file, &accepted);
        assert!(exif::Reader::new().read_from_container(&mut Cursor::new(&accepted.jpeg)).is_err());
        assert_eq!(accepted.jpeg.windows(3).filter(|bytes| bytes == &[0xff, 0xd8, 0xff]).count(), 1);
        for trace in [&b"Exif"[..], b"Invented", b"IO1-000042", b"Fotiadou", b"studio"] {
            assert!(!holds(&accepted.jpeg, trace));
            assert!(!holds(&accepted.preview, trace));
        }
    }
}

#[test]
fn what_follows_the_end_marker_is_dropped() {
    let accepted = face(&made::with_trailing_bytes());
    assert!(!holds(&accepted.jpeg, b"hidden after the end"));
    assert_eq!(accepted.jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn everything_that_decoders_skip_goes() {
    let mut file = made::PORTRAIT[..2].to_vec();
    // Reserved ones, JPG, those of hierarchical and arithmetic coding, number of lines, application data, extensions, comments.
    for marker in (0x02..=0xbf).chain([0xc8, 0xcc, 0xdc, 0xde, 0xdf]).chain(0xe0..=0xfe) {
        file.extend([0xff, marker, 0, 14]);
        file.extend(b"SECRET PLACE");
    }
    file.extend(&made::PORTRAIT[2..]);
    assert!(face(&file).jpeg == face(made::PORTRAIT).jpeg);
}

#[test]
fn what_decides_about_colours_comes_once_and_without_a_tail() {
    let plain = include_bytes!("data/rgb_without_conversion.jpg");
    let end = segments(plain).iter().find(|(marker, _)| *marker == 0xee).unwrap().1;
    let adobe = plain.windows(end.len()).position(|bytes| bytes == end).unwrap();
    let longer = [&[0xff, 0xee, 0, 14 + 8], &end[4..], b"<script>"].concat();
    let file = [&plain[..adobe], &longer, &longer, &plain[adobe + end.len()..]].concat();
    assert!(face(&file).jpeg == face(plain).jpeg);

    let short = b"\xff\xee\0\x0dAdobe<html>";
    let file = [&plain[..adobe], &short[..], &plain[adobe..]].concat();
    assert!(face(&file).jpeg == face(plain).jpeg);

    let jfif = b"\xff\xe0\0\x10JFIF\0\x01\x01%PDF1\0\0";
    let file = [&made::PORTRAIT[..20], &jfif[..], &made::PORTRAIT[20..]].concat();
    assert!(face(&file).jpeg == face(made::PORTRAIT).jpeg);
}

/// Of phones, in the version of today; and of gray pictures, in the older one.
const DISPLAY_P3: &[u8] = include_bytes!("data/display_p3.icc");
const GRAY: &[u8] = include_bytes!("data/gray_gamma_2_2.icc");

/// Number, how many there are, and what they hold.
type Part<'a> = (u8, u8, &'a [u8]);

fn with_profile(picture: &[u8], parts: &[Part<'_>]) -> Vec<u8> {
    let segments = parts.iter().flat_map(|(number, of, data)| {
        let length = u16::try_from(data.len() + 16).unwrap().to_be_bytes();
        [&[0xff, 0xe2], &length[..], b"ICC_PROFILE\0", &[*number, *of], data].concat()
    });
    [&picture[..2], &segments.collect::<Vec<_>>(), &picture[2..]].concat()
}

/// By another's reading.
fn profile(file: &[u8]) -> Option<Vec<u8>> {
    JpegDecoder::new(Cursor::new(file)).unwrap().icc_profile().unwrap()
}

/// This profile with these bytes at the first place where others are.
fn patched(profile: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = profile.windows(from.len()).position(|bytes| bytes == from).unwrap();
    [&profile[..at], to, &profile[at + to.len()..]].concat()
}

/// A profile of which the red curve has these entries.
fn with_curve(entries: impl Iterator<Item = u16>) -> Vec<u8> {
    let entries: Vec<u16> = entries.collect();
    let count = u32::try_from(entries.len()).unwrap();
    let place = u32::try_from(DISPLAY_P3.len()).unwrap();
    let curve =
        [&b"curv\0\0\0\0"[..], &count.to_be_bytes(), &entries.iter().flat_map(|entry| entry.to_be_bytes()).collect::<Vec<_>>()].concat();
    let mut profile = [DISPLAY_P3, &curve].concat();
    let entry = profile.windows(4).position(|bytes| bytes == b"rTRC").unwrap();
    profile[entry + 4..entry + 8].copy_from_slice(&place.to_be_bytes());
    profile[entry + 8..entry + 12].copy_from_slice(&(12 + 2 * count).to_be_bytes());
    profile[..4].copy_from_slice(&(place + 12 + 2 * count).to_be_bytes());
    profile
}

#[test]
fn a_profile_keeps_its_colours_and_loses_its_texts() {
    let sampled = with_curve((0..1024).map(|entry| entry * 64));
    let gray = include_bytes!("data/gray.jpg");
    // What "dot gain" is, in which many gray pictures are saved.
    let of_printer = patched(GRAY, b"mntr", b"prtr");
    for (picture, original) in [(made::PORTRAIT, DISPLAY_P3), (made::PORTRAIT, &sampled), (gray, GRAY), (gray, &of_printer)] {
        let accepted = face(&with_profile(picture, &[(1, 1, original)]));
        assert_kept_but_for_metadata(picture, &accepted);
        let kept = profile(&accepted.jpeg).unwrap();
        assert_eq!(tags(&kept).len(), tags(original).len());
        for (name, expected) in tags(original).into_iter().filter(|(name, _)| name != b"desc" && name != b"cprt") {
            // Less what fills up to four bytes.
            let got = tag(&kept, &name);
            assert!(expected.starts_with(got) && expected.len() - got.len() < 4, "{}", name.escape_ascii());
        }
        // Version, class, space and connection space.
        assert_eq!((kept[8], &kept[12..24]), (original[8], &original[12..24]));
        for trace in [&b"\0D\0i\0s\0p"[..], b"\0C\0o\0p\0y", b"Gray Gamma", b"Rights", b"APPL", b"appl"] {
            assert!(!holds(&kept, trace));
        }
        assert!(face(&accepted.jpeg).jpeg == accepted.jpeg, "cleaned again it is the same");
    }
}

#[test]
fn nothing_hides_in_a_colour_profile() {
    let hidden = b"%PDF-1.7<script>PK\x03\x04";
    let cleaned = |parts: &[Part<'_>]| pictures::clean(&with_profile(made::PORTRAIT, parts)).unwrap();
    let kept = profile(&cleaned(&[(1, 1, DISPLAY_P3)]));
    let text = patched(DISPLAY_P3, b"\0o\0f\0 \0w\0h\0o\0e\0v\0e\0r", hidden);
    let header = patched(&patched(DISPLAY_P3, &[0; 20], hidden), b"\x07\xe6\0\x01", b"%PDF");
    let tail = [DISPLAY_P3, hidden].concat();
    let (one, other) = text.split_at(300);
    // Its colours, without the rest.
    for parts in [&[(1, 1, &text[..])][..], &[(1, 1, &header)], &[(1, 1, &tail)], &[(1, 2, one), (2, 2, other)]] {
        let file = cleaned(parts);
        assert_no_metadata(&file);
        assert_eq!(profile(&file), kept);
    }
    // Not at all.
    let none = pictures::clean(made::PORTRAIT).unwrap();
    let parts: [(&str, &[Part<'_>]); 21] = [
        ("no profile", &[(1, 1, hidden)]),
        ("nothing", &[(1, 1, b"")]),
        ("the wrong order", &[(2, 2, other), (1, 2, one)]),
        ("a part missing", &[(1, 2, one)]),
        ("a part missing that nothing is in", &[(1, 2, &text)]),
        ("a part twice", &[(1, 2, one), (1, 2, one), (2, 2, other)]),
        ("two profiles", &[(1, 1, &text), (1, 1, &text)]),
        ("number 0", &[(0, 1, &text)]),
        ("cut short", &[(1, 1, &text[..text.len() - 1])]),
        ("no signature", &[(1, 1, &patched(&text, b"acsp", b"PK\x03\x04"))]),
        ("of another version", &[(1, 1, &patched(&text, &[4, 0, 0, 0], &[5, 0, 0, 0]))]),
        ("of a printer", &[(1, 1, &patched(&text, b"mntr", b"prtr"))]),
        ("of gray pictures", &[(1, 1, GRAY)]),
        ("of Lab", &[(1, 1, &patched(&text, b"RGB XYZ ", b"RGB Lab "))]),
        ("without red", &[(1, 1, &patched(&text, b"rXYZ", b"PDF!"))]),
        ("red of another type", &[(1, 1, &patched(&text, b"XYZ \0\0\0\0\0\0\x83", b"text\0\0\0\0\0\0\x83"))]),
        ("red elsewhere", &[(1, 1, &patched(&text, b"rXYZ\0\0", b"rXYZ\xff\xff"))]),
        ("text for red", &[(1, 1, &patched(&text, &tag(&text, b"rXYZ")[8..12], b"<scr"))]),
        ("text in the curve", &[(1, 1, &patched(&text, &tag(&text, b"rTRC")[12..16], b"<scr"))]),
        ("a curve of text", &[(1, 1, &with_curve(hidden.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))))]),
        ("a curve that is too long", &[(1, 1, &with_curve(0..4097))]),
    ];
    for (name, parts) in parts {
        assert!(cleaned(parts) == none, "{name}");
    }
    // Without these two there are colours still.
    for name in [b"wtpt", b"chad"] {
        let file = cleaned(&[(1, 1, &patched(&text, name, b"html"))]);
        assert_no_metadata(&file);
        assert_eq!(tags(&profile(&file).unwrap()).len(), tags(DISPLAY_P3).len() - 1);
    }
}

/// Exif that cannot be true: it says nothing, or that the picture is turned.
#[test]
fn hostile_exif_turns_a_picture_or_goes() {
    let entry = |kind: u8, value: u8| [0x01, 0x12, 0, kind, 0, 0, 0, 1, 0, value, 0, 0];
    let (short, long) = (3, 4);
    let exif = |at: u32, count: u16, entries: &[u8]| {
        let tiff = [b"Exif\0\0MM\0*", &at.to_be_bytes()[..], &count.to_be_bytes(), entries].concat();
        [&[0xff, 0xe1][..], &u16::try_from(tiff.len() + 2).unwrap().to_be_bytes(), &tiff].concat()
    };
    let pointer_to_itself = [0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 8];
    let upright = [
        exif(8, 65_535, &[]),
        exif(8, 65_535, &[0xee; 60_000]),
        exif(0xffff_ffff, 1, &entry(short, 6)),
        exif(0, 65_535, &entry(short, 6)),
        exif(8, 1, &pointer_to_itself),
        exif(8, 1, &entry(short, 0)),
        exif(8, 1, &entry(short, 9)),
        exif(8, 1, &entry(long, 6)),
        exif(8, 1, &entry(short, 6)[..8]),
        [exif(8, 1, &entry(short, 1)), exif(8, 1, &entry(short, 1))].concat(),
    ];
    let clean = pictures::clean(made::SIGNATURE).unwrap();
    let accept_with = |exif: &[u8]| accept(STANDARD, ImageKind::Signature, &[&clean[..2], exif, &clean[2..]].concat());
    for exif in upright {
        assert!(accept_with(&exif).unwrap().jpeg == clean);
    }
    let turned = [
        exif(8, 65_535, &entry(short, 6)),
        exif(8, 2, &[pointer_to_itself[..12].to_vec(), entry(short, 6).to_vec()].concat()),
        // Programs differ in which of two they follow.
        [exif(8, 1, &entry(short, 1)), exif(8, 1, &entry(short, 6))].concat(),
        [exif(8, 1, &entry(short, 6)), exif(8, 1, &entry(short, 1))].concat(),
    ];
    for exif in turned {
        assert_eq!(accept_with(&exif).unwrap_err(), PictureFault::Turned { orientation: 6 });
    }
}

#[test]
fn the_jfif_header_loses_its_thumbnail() {
    let mut file = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16 + 12];
    file.extend(b"JFIF\0\x01\x02\x01\x01\x2c\x01\x2c\x02\x02");
    file.extend(b"SMALL FACE!!");
    file.extend(&made::portrait(800, 1200)[20..]);
    let accepted = face(&file);
    assert_no_metadata(&accepted.jpeg);
    assert!(accepted.jpeg[4..].starts_with(b"\0\x10JFIF\0\x01\x02\x01\x01\x2c\x01\x2c\0\0"));
    assert!(!holds(&accepted.jpeg, b"SMALL FACE"));
}

#[test]
fn every_usual_encoder_is_accepted() {
    let mut files = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            let file = std::fs::read(&path).unwrap();
            let accepted = accept(STANDARD, ImageKind::Face, &file).unwrap_or_else(|fault| panic!("{}: {fault:?}", path.display()));
            assert_kept_but_for_metadata(&file, &accepted);
            files += 1;
        }
    }
    assert_eq!(files, 12);
    for file in [made::portrait(800, 1200), made::portrait(997, 1496), made::grayscale(), made::progressive()] {
        assert_kept_but_for_metadata(&file, &face(&file));
    }
}

#[test]
fn three_million_bytes_are_accepted() {
    let file = made::of_bytes(3_000_000);
    assert_eq!(file.len(), 3_000_000);
    assert!(face(&file).jpeg == face(made::PORTRAIT).jpeg);
}

#[test]
fn grain_is_no_fault() {
    for (kind, file) in [
        (ImageKind::Face, made::grainy(made::PORTRAIT, 1200, 1800, 86)),
        (ImageKind::Signature, made::grainy(made::SIGNATURE, 1980, 660, 97)),
    ] {
        // As large as the journeys need them.
        assert!((2_300_000..=3_000_000).contains(&file.len()), "{} bytes", file.len());
        accept(STANDARD, kind, &file).unwrap();
    }
}

#[test]
fn a_picture_that_says_it_is_upright_is_accepted() {
    assert_eq!(face(&made::with_orientation(1)).jpeg, face(made::PORTRAIT).jpeg);
}

#[test]
fn what_was_accepted_once_is_accepted_again_unchanged() {
    let once = face(made::PORTRAIT).jpeg;
    assert_eq!(face(&once).jpeg, once);
}

fn small() -> &'static [u8] {
    include_bytes!("data/gray_progressive.jpg")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_mutation_of_a_good_file_panics_or_keeps_metadata(
        portrait: bool,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..12),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut file = if portrait { made::PORTRAIT.to_vec() } else { small().to_vec() };
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        if let Ok(accepted) = accept(STANDARD, ImageKind::Face, &file) {
            assert_no_metadata(&accepted.jpeg);
        }
    }

    #[test]
    fn no_mutation_of_a_header_panics_or_keeps_metadata(
        changes in proptest::collection::vec((0_usize..1_200, any::<u8>()), 1..6),
        portrait: bool,
    ) {
        let mut file = if portrait { made::PORTRAIT.to_vec() } else { small().to_vec() };
        for (at, value) in changes {
            file[at] = value;
        }
        if let Ok(accepted) = accept(STANDARD, ImageKind::Face, &file) {
            assert_no_metadata(&accepted.jpeg);
        }
    }

    #[test]
    fn no_mutation_of_a_colour_profile_panics_or_keeps_anything_else(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        gray: bool,
    ) {
        let (picture, profile) = if gray { (small(), GRAY) } else { (made::PORTRAIT, DISPLAY_P3) };
        let mut profile = profile.to_vec();
        for (at, value) in changes {
            let at = at.index(profile.len());
            profile[at] = value;
        }
        let cleaned = pictures::clean(&with_profile(picture, &[(1, 1, &profile)])).unwrap();
        assert_no_metadata(&cleaned);
        assert!(pictures::clean(&cleaned).unwrap() == cleaned);
    }

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), begins_as_jpeg: bool) {
        let file = if begins_as_jpeg { [&[0xff, 0xd8, 0xff], bytes.as_slice()].concat() } else { bytes };
        prop_assert!(accept(STANDARD, ImageKind::Face, &file).is_err());
    }
}
