//! Rewrites colour profiles (ICC.1), so that only the few numbers that define the colours remain.
//!
//! Without its profile, a phone's picture (Display P3) shows other colours. But a profile is a file within the file, and its texts and
//! tables can hide any content. A picture whose profile defines colours by tables (most printers, some scanners) is rejected. Profiles that
//! browsers ignore are removed completely.

use std::sync::Arc;

use domain::photo::PictureFault;
use moxcms::{ColorProfile, Layout, TransformExecutor, TransformOptions};

/// The beginning of a segment that contains a part of a profile. The number of this part and the total number of parts follow, one byte
/// each.
pub(crate) const SEGMENT: &[u8] = b"ICC_PROFILE\0";

const HEADER: usize = 128;
/// Length of a tag's entry in the tag table: name, offset of its data, and length of its data, four bytes each.
const ENTRY: usize = 12;
/// The text that is written in place of the profile's name and copyright.
const TEXT: &[u8] = b"Picture";
/// Maximum number of entries in a curve. Real curves have none, 1,024 or 4,096. The entries must also ascend, which the bytes of a hidden
/// text hardly ever do.
const CURVE_ENTRIES_MAX: usize = 4_096;
/// Limit for the integer part of each number in a matrix, white point or parametric curve. Genuine profiles have smaller numbers. The limit
/// leaves little room for hidden text in the upper half of each number.
const TAG_VALUE_MAX: i16 = 16;

type Name = [u8; 4];
/// Decoders ignore a profile that lacks one of these tags.
const NEEDED_RGB: &[Name] = &[*b"rXYZ", *b"gXYZ", *b"bXYZ", *b"rTRC", *b"gTRC", *b"bTRC"];
const NEEDED_GRAY: &[Name] = &[*b"kTRC"];
/// Tags with tables that convert the picture's colours to standard colours, one tag for each rendering intent.
const TABLES: [Name; 3] = [*b"A2B0", *b"A2B1", *b"A2B2"];
/// Tags that describe the light source. Most decoders do not need them.
const OPTIONAL: &[Name] = &[*b"wtpt", *b"chad"];

/// Returns the rewritten profile of a picture with `components` colour components, or `None` if it has no profile that browsers use.
/// `parts` are the parts of the profile from the file's segments. Each part begins with its position and the total number of parts.
///
/// # Errors
/// [`PictureFault::ColourProfile`] if browsers use the profile, but it does not define colours by a few numbers.
pub(crate) fn keep(parts: &[&[u8]], components: usize) -> Result<Option<Vec<u8>>, PictureFault> {
    let Some(joined) = join(parts) else { return Ok(None) };
    let Some(profile) = number(&joined, 0).and_then(|length| joined.get(..length)) else { return Ok(None) };
    if profile.get(36..40) != Some(b"acsp") {
        return Ok(None);
    }
    match (profile.get(16..20), components) {
        (Some(b"RGB "), 3) | (Some(b"GRAY"), 1) => {
            let rewritten = rewrite(profile).filter(|profile| ToSrgb::of(profile).is_some());
            Ok(Some(rewritten.ok_or(PictureFault::ColourProfile)?))
        }
        // Browsers apply an RGB profile to gray pictures too. Most RGB profiles do not change gray. Such a profile is removed. A gray
        // picture with any other RGB profile is rejected.
        (Some(b"RGB "), 1) => {
            let to_srgb = rewrite(profile).and_then(|profile| ToSrgb::of(&profile));
            to_srgb.filter(ToSrgb::leaves_gray_unchanged).map(|_| None).ok_or(PictureFault::ColourProfile)
        }
        // The profile is removed. Either browsers ignore it, because its colour space differs from that of the picture, or the picture is
        // CMYK. Browsers convert the colours of CMYK pictures in different ways, so the report has a warning.
        _ => Ok(None),
    }
}

/// Joins the parts of a profile in the order of their numbers, as libjpeg does. Returns `None` if a part is missing or duplicated.
fn join(parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut pieces = Vec::new();
    for part in parts {
        let (&[number, count], data) = part.split_first_chunk()?;
        if usize::from(count) != parts.len() {
            return None;
        }
        pieces.push((number, data));
    }
    pieces.sort_by_key(|(number, _)| *number);
    let in_order = (1..).zip(&pieces).all(|(expected, (number, _))| usize::from(*number) == expected);
    (in_order && !pieces.is_empty()).then(|| pieces.into_iter().flat_map(|(_, data)| data).copied().collect())
}

/// Rewrites a profile. Returns `None` if it is broken, or defines colours by tables.
fn rewrite(profile: &[u8]) -> Option<Vec<u8>> {
    let (version, class) = (*profile.get(8)?, profile.get(12..16)?);
    let spaces = profile.get(16..24)?;
    let needed = match spaces {
        b"RGB XYZ " => NEEDED_RGB,
        b"GRAYXYZ " | b"GRAYLab " => NEEDED_GRAY,
        _ => return None,
    };
    // If a profile has tables, programs use them even if it has a matrix and curves too.
    if TABLES.iter().any(|name| tag(profile, name).is_some()) {
        return None;
    }
    // Accepts profiles of screens, cameras, scanners and colour spaces. Of printer profiles, only gray ones (dot gain) are accepted,
    // because they consist of a single curve.
    let known = matches!(class, b"mntr" | b"scnr" | b"spac") || (class == b"prtr" && spaces.starts_with(b"GRAY"));
    if !matches!(version, 2 | 4) || !known {
        return None;
    }
    let (name, rights) = texts(version);
    let mut tags = vec![(*b"desc", name), (*b"cprt", rights)];
    tags.extend(OPTIONAL.iter().filter_map(|name| Some((*name, numbers(name, tag(profile, name)?)?.to_vec()))));
    for name in needed {
        tags.push((*name, numbers(name, tag(profile, name)?)?.to_vec()));
    }
    write(version, class, spaces, &tags)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_be_bytes(*four)).ok()
}

fn tag<'a>(profile: &'a [u8], name: &Name) -> Option<&'a [u8]> {
    let entries = profile.get(HEADER + 4..)?.chunks_exact(ENTRY).take(number(profile, HEADER)?);
    let entry = entries.into_iter().find(|entry| entry.starts_with(name))?;
    let (start, length) = (number(entry, 4)?, number(entry, 8)?);
    profile.get(start..start.checked_add(length)?)
}

/// Returns a tag's data, truncated to the length that its type defines. Returns `None` if the type is not accepted for this tag, or if the
/// numbers are not plausible for colours.
fn numbers<'a>(name: &Name, data: &'a [u8]) -> Option<&'a [u8]> {
    let is_curve = name.ends_with(b"TRC");
    let end = match (data.first_chunk()?, name) {
        (b"XYZ ", b"wtpt" | b"rXYZ" | b"gXYZ" | b"bXYZ") => 20,
        (b"sf32", b"chad") => 44,
        (b"para", _) if is_curve => match data.get(8..12)? {
            [0, 0, 0, 0] => 16,
            [0, 1, 0, 0] => 24,
            [0, 2, 0, 0] => 28,
            [0, 3, 0, 0] => 32,
            [0, 4, 0, 0] => 40,
            _ => return None,
        },
        (b"curv", _) if is_curve => 12 + 2 * number(data, 8).filter(|&count| count <= CURVE_ENTRIES_MAX)?,
        _ => return None,
    };
    let data = data.get(..end)?;
    // A number has a 16-bit integer part and a 16-bit fraction.
    let is_small =
        |number: &[u8]| number.first_chunk().is_some_and(|whole| (-TAG_VALUE_MAX..TAG_VALUE_MAX).contains(&i16::from_be_bytes(*whole)));
    let sound = if data.starts_with(b"curv") { data[12..].chunks_exact(2).is_sorted() } else { data[8..].chunks_exact(4).all(is_small) };
    Some(data).filter(|data| sound && data[4..8] == [0; 4])
}

/// Returns the tags of the name and the copyright, which the standard requires. Their data types depend on the profile's version.
fn texts(version: u8) -> (Vec<u8>, Vec<u8>) {
    let length = TEXT.len() as u8;
    if version == 2 {
        // The Unicode and ScriptCode names after the ASCII name are empty.
        let name = [b"desc\0\0\0\0\0\0\0", &[length + 1][..], TEXT, &[0; 79]].concat();
        (name, [b"text\0\0\0\0", TEXT, &[0]].concat())
    } else {
        let mut text = [b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0", &[2 * length][..], &[0, 0, 0, 28]].concat();
        text.extend(TEXT.iter().flat_map(|&letter| [0, letter]));
        (text.clone(), text)
    }
}

fn write(version: u8, class: &[u8], spaces: &[u8], tags: &[(Name, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut table = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    let mut places: Vec<(&[u8], usize)> = Vec::new();
    for (name, bytes) in tags {
        // Tags with equal data refer to one copy of it. In most profiles the three curves are equal.
        let known = places.iter().find(|(known, _)| known == bytes).map(|(_, at)| *at);
        let at = known.unwrap_or_else(|| {
            let at = HEADER + 4 + ENTRY * tags.len() + data.len();
            data.extend_from_slice(bytes);
            data.resize(data.len().next_multiple_of(4), 0);
            places.push((bytes, at));
            at
        });
        table.extend_from_slice(name);
        table.extend(u32::try_from(at).ok()?.to_be_bytes());
        table.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
    }
    let length = u32::try_from(HEADER + 4 + table.len() + data.len()).ok()?;
    let header = [
        &length.to_be_bytes()[..],
        &[0; 4],
        &[version, 0x20, 0, 0],
        class,
        spaces,
        // 1 January 2000.
        &[0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0],
        b"acsp",
        &[0; 28],
        // D50, which is the illuminant of every profile.
        &[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d],
        &[0; 48],
        &u32::try_from(tags.len()).ok()?.to_be_bytes(),
    ];
    Some([&header.concat()[..], &table, &data].concat())
}

/// Converts colours from a rewritten profile to sRGB.
pub(crate) struct ToSrgb {
    transform: Arc<dyn TransformExecutor<u8> + Send + Sync>,
    /// Whether the profile is for gray pictures.
    is_gray: bool,
}

impl ToSrgb {
    /// Returns `None` if the profile's numbers do not define colours, for example if two of the basic colours are equal.
    pub(crate) fn of(profile: &[u8]) -> Option<Self> {
        let is_gray = profile.get(16..20)? == b"GRAY";
        let layout = if is_gray { Layout::Gray } else { Layout::Rgb };
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        let transform = profile.create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default()).ok()?;
        Some(Self { transform, is_gray })
    }

    /// Converts pixels of three bytes: red, green and blue. If the profile is for gray pictures, the three bytes of each pixel must be
    /// equal.
    pub(crate) fn convert(&self, pixels: &[u8]) -> Option<Vec<u8>> {
        let mut converted = vec![0; pixels.len()];
        if self.is_gray {
            let gray: Vec<u8> = pixels.as_chunks::<3>().0.iter().map(|&[level, ..]| level).collect();
            self.transform.transform(&gray, &mut converted).ok()?;
        } else {
            self.transform.transform(pixels, &mut converted).ok()?;
        }
        Some(converted)
    }

    fn leaves_gray_unchanged(&self) -> bool {
        let levels: Vec<u8> = (0..=255).flat_map(|level| [level; 3]).collect();
        self.convert(&levels).is_some_and(|converted| converted.iter().zip(&levels).all(|(one, other)| one.abs_diff(*other) <= 2))
    }
}
