//! Tests that accepted files show the same colours as the uploaded files. Cleaning must preserve the JFIF header, Adobe's colour transform
//! and the numbers of a colour profile.

use std::io::Cursor;

use domain::photo::PictureFault;
use image::{
    ImageDecoder, Rgb, RgbImage,
    codecs::jpeg::{JpegDecoder, JpegEncoder},
};

use crate::{
    face, made,
    structure::{assert_no_metadata, assert_only_metadata_is_lost, contains, segments, tag, tags},
};

/// The colour profile of a phone, in version 4 of the ICC format.
pub(crate) const DISPLAY_P3: &[u8] = include_bytes!("../data/display_p3.icc");
/// The colour profile of cameras and of programs for printing, in version 2 of the ICC format.
const ADOBE_RGB: &[u8] = include_bytes!("../data/adobe_rgb.icc");
/// A colour profile for gray pictures, in version 2 of the ICC format.
pub(crate) const GRAY: &[u8] = include_bytes!("../data/gray_gamma_2_2.icc");

#[test]
fn segments_that_define_colours_stay_once_and_are_cut_to_their_length() {
    let plain = include_bytes!("../data/rgb_without_conversion.jpg");
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

/// A part of a profile: its number, the number of parts, and its data.
type Part<'a> = (u8, u8, &'a [u8]);

/// Returns a picture with a profile in these parts.
pub(crate) fn with_profile(picture: &[u8], parts: &[Part<'_>]) -> Vec<u8> {
    let segments = parts.iter().flat_map(|(number, of, data)| {
        let length = u16::try_from(data.len() + 16).unwrap().to_be_bytes();
        [&[0xff, 0xe2], &length[..], b"ICC_PROFILE\0", &[*number, *of], data].concat()
    });
    [&picture[..2], &segments.collect::<Vec<_>>(), &picture[2..]].concat()
}

/// Reads the profile of a file with another library.
fn profile(file: &[u8]) -> Option<Vec<u8>> {
    JpegDecoder::new(Cursor::new(file)).unwrap().icc_profile().unwrap()
}

/// Returns a profile in which the first occurrence of `from` is overwritten by `to`.
fn patched(profile: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = profile.windows(from.len()).position(|bytes| bytes == from).unwrap();
    [&profile[..at], to, &profile[at + to.len()..]].concat()
}

/// Returns a profile whose red curve has these entries.
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
fn a_colour_profile_keeps_its_colours_and_loses_its_texts() {
    let sampled = with_curve((0..1024).map(|entry| entry * 64));
    let gray = include_bytes!("../data/gray.jpg");
    // Many gray pictures are saved with a "dot gain" profile, which describes a printer.
    let of_printer = patched(GRAY, b"mntr", b"prtr");
    for (picture, original) in [(made::PORTRAIT, DISPLAY_P3), (made::PORTRAIT, &sampled), (gray, GRAY), (gray, &of_printer)] {
        let accepted = face(&with_profile(picture, &[(1, 1, original)]));
        assert_only_metadata_is_lost(picture, &accepted);
        let kept = profile(&accepted.jpeg).unwrap();
        assert_eq!(tags(&kept).len(), tags(original).len());
        for (name, expected) in tags(original).into_iter().filter(|(name, _)| name != b"desc" && name != b"cprt") {
            // In the test file, the length of a tag includes its padding to a multiple of four bytes. In the rewritten profile, it does
            // not.
            let got = tag(&kept, &name);
            assert!(expected.starts_with(got) && expected.len() - got.len() < 4, "{}", name.escape_ascii());
        }
        // These bytes of the profile's header are its version, class, colour space and connection space.
        assert_eq!((kept[8], &kept[12..24]), (original[8], &original[12..24]));
        for trace in [&b"\0D\0i\0s\0p"[..], b"\0C\0o\0p\0y", b"Gray Gamma", b"Rights", b"APPL", b"appl"] {
            assert!(!contains(&kept, trace));
        }
        assert!(face(&accepted.jpeg).jpeg == accepted.jpeg, "cleaning it again changes nothing");
    }
}

#[test]
fn nothing_can_be_hidden_in_a_colour_profile() {
    let hidden = b"%PDF-1.7<script>PK\x03\x04";
    let cleaned = |parts: &[Part<'_>]| pictures::clean(&with_profile(made::PORTRAIT, parts)).unwrap();
    let kept = profile(&cleaned(&[(1, 1, DISPLAY_P3)]));
    let text = patched(DISPLAY_P3, b"\0o\0f\0 \0w\0h\0o\0e\0v\0e\0r", hidden);
    let header = patched(&patched(DISPLAY_P3, &[0; 20], hidden), b"\x07\xe6\0\x01", b"%PDF");
    let tail = [DISPLAY_P3, hidden].concat();
    let (one, other) = text.split_at(300);
    // Of each of these profiles, only the definition of colours remains.
    let two: &[Part<'_>] = &[(1, 2, one), (2, 2, other)];
    let wrong_order: &[Part<'_>] = &[(2, 2, other), (1, 2, one)];
    for parts in [&[(1, 1, &text[..])][..], &[(1, 1, &header)], &[(1, 1, &tail)], two, wrong_order] {
        let file = cleaned(parts);
        assert_no_metadata(&file);
        assert_eq!(profile(&file), kept);
    }
    // Browsers ignore these profiles, so they are removed completely.
    let without_profile = pictures::clean(made::PORTRAIT).unwrap();
    let parts: [(&str, &[Part<'_>]); 11] = [
        ("no profile", &[(1, 1, hidden)]),
        ("empty", &[(1, 1, b"")]),
        ("a part missing", &[(1, 2, one)]),
        ("an empty part missing", &[(1, 2, &text)]),
        ("a part twice", &[(1, 2, one), (1, 2, one), (2, 2, other)]),
        ("two profiles", &[(1, 1, &text), (1, 1, &text)]),
        ("number 0", &[(0, 1, &text)]),
        ("cut short", &[(1, 1, &text[..text.len() - 1])]),
        ("no signature", &[(1, 1, &patched(&text, b"acsp", b"PK\x03\x04"))]),
        ("of gray pictures", &[(1, 1, GRAY)]),
        ("of CMYK", &[(1, 1, &patched(&text, b"RGB XYZ ", b"CMYKLab "))]),
    ];
    for (name, parts) in parts {
        assert!(cleaned(parts) == without_profile, "{name}");
    }
    // Browsers may use these profiles. The files are rejected, because these profiles do not define colours by a few numbers that can be
    // checked.
    for (name, rejected) in [
        ("of another version", &patched(&text, &[4, 0, 0, 0], &[5, 0, 0, 0])),
        ("of a printer", &patched(&text, b"mntr", b"prtr")),
        ("of Lab", &patched(&text, b"RGB XYZ ", b"RGB Lab ")),
        ("with a table", &patched(&text, b"chad", b"A2B0")),
        ("without red", &patched(&text, b"rXYZ", b"PDF!")),
        ("red of a wrong type", &patched(&text, b"XYZ \0\0\0\0\0\0\x83", b"text\0\0\0\0\0\0\x83")),
        ("red outside the profile", &patched(&text, b"rXYZ\0\0", b"rXYZ\xff\xff")),
        ("text for red", &patched(&text, &tag(&text, b"rXYZ")[8..12], b"<scr")),
        ("text in the curve", &patched(&text, &tag(&text, b"rTRC")[12..16], b"<scr")),
        ("a curve of text", &with_curve(hidden.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])))),
        ("a curve that is too long", &with_curve(0..4097)),
    ] {
        let file = with_profile(made::PORTRAIT, &[(1, 1, rejected)]);
        assert_eq!(pictures::clean(&file), Err(PictureFault::ColourProfile), "{name}");
    }
    // These two tags are not needed to define the colours.
    for name in [b"wtpt", b"chad"] {
        let file = cleaned(&[(1, 1, &patched(&text, name, b"html"))]);
        assert_no_metadata(&file);
        assert_eq!(tags(&profile(&file).unwrap()).len(), tags(DISPLAY_P3).len() - 1);
    }
}

/// Browsers apply an RGB profile to a gray picture too. Most RGB profiles have the curve of sRGB and change no gray level, so they can be
/// removed. A gray picture with any other RGB profile is rejected.
#[test]
fn a_gray_picture_with_a_profile_for_colours_is_accepted_if_the_profile_changes_nothing() {
    let gray = include_bytes!("../data/gray.jpg");
    let with = |profile: &[u8]| pictures::clean(&with_profile(gray, &[(1, 1, profile)]));
    assert_eq!(with(DISPLAY_P3), pictures::clean(gray));
    assert_eq!(with(ADOBE_RGB), Err(PictureFault::ColourProfile), "dark levels are up to seven levels darker");
    let straight = with_curve((0..1024).map(|entry| entry * 64));
    assert_eq!(with(&straight), Err(PictureFault::ColourProfile));
}

/// Returns a JPEG with a wide stripe in each colour.
fn stripes(colours: &[[u8; 3]]) -> Vec<u8> {
    let picture = RgbImage::from_fn(960, 96 * u32::try_from(colours.len()).unwrap(), |_, y| Rgb(colours[(y / 96) as usize]));
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 100).encode_image(&picture).unwrap();
    file
}

/// The same colour twice: in the colour space of the profile, and in sRGB.
type Converted = ([u8; 3], [u8; 3]);

/// The expected colours were computed by Little CMS 2.14: `transicc -s -t1 -i PROFILE -o *sRGB`.
#[test]
fn previews_have_the_colours_of_srgb() {
    let cases: [(&[u8], &[Converted]); 3] = [
        (
            DISPLAY_P3,
            &[
                ([255, 0, 0], [255, 0, 0]),
                ([200, 120, 90], [213, 115, 83]),
                ([30, 60, 200], [17, 61, 208]),
                ([128, 128, 128], [128, 128, 128]),
            ],
        ),
        (ADOBE_RGB, &[([200, 120, 90], [224, 121, 88]), ([30, 60, 200], [0, 57, 205]), ([128, 128, 128], [129, 129, 129])]),
        (GRAY, &[([10; 3], [3; 3]), ([64; 3], [62; 3]), ([128; 3], [129; 3]), ([200; 3], [201; 3])]),
    ];
    for (profile, colours) in cases {
        let picture = stripes(&colours.iter().map(|(colour, _)| *colour).collect::<Vec<_>>());
        let picture = if profile == GRAY { in_gray(&picture) } else { picture };
        let (_, copy) = pictures::decode(&with_profile(&picture, &[(1, 1, profile)])).unwrap();
        let preview = image::load_from_memory(&pictures::preview(&copy).unwrap()).unwrap().into_rgb8();
        for (number, (_, expected)) in (0..).zip(colours) {
            for (shown, edge) in [(&copy, 96), (&preview, 48)] {
                let got = shown.get_pixel(shown.width() / 2, edge * number + edge / 2).0;
                let near = got.iter().zip(expected).all(|(got, expected)| got.abs_diff(*expected) <= 3);
                assert!(near, "{got:?} instead of {expected:?}");
            }
        }
    }
    let plain = [[200, 120, 90], [30, 60, 200]];
    let (_, copy) = pictures::decode(&stripes(&plain)).unwrap();
    assert!(copy.get_pixel(480, 48).0.iter().zip(plain[0]).all(|(got, expected)| got.abs_diff(expected) <= 2), "no profile means sRGB");
}

fn in_gray(picture: &[u8]) -> Vec<u8> {
    let gray = image::load_from_memory(picture).unwrap().into_luma8();
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 100).encode_image(&gray).unwrap();
    file
}

#[test]
fn jfif_takes_precedence_over_adobes_segment() {
    let file = include_bytes!("../data/unusual/jfif_and_adobe_rgb.jpg");
    let plain = include_bytes!("../data/baseline_420.jpg");
    let (jpeg, copy) = pictures::decode(file).unwrap();
    assert!((jpeg, copy) == pictures::decode(plain).unwrap(), "the stored file shows the same colours in all programs");
}
