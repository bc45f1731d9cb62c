//! Rewrites colour profiles (ICC.1), so that only the few numbers that define the colours remain.
//!
//! Without its profile, a phone's picture (Display P3) shows other colours. But a profile is a file within the file, and its texts and
//! tables can hide any content. Profiles that define colours by tables (CMYK, most printers) are removed completely.

/// The beginning of a segment with a part of a profile. The part's number and the number of parts follow, one byte each.
pub(crate) const SEGMENT: &[u8] = b"ICC_PROFILE\0";

const HEADER: usize = 128;
/// Length of a tag's entry in the tag table: name, offset of its data, and length of its data, four bytes each.
const ENTRY: usize = 12;
/// Replaces the profile's name and copyright.
const TEXT: &[u8] = b"Picture";
/// Maximum number of entries in a curve. Real curves have none, 1,024 or 4,096. The entries must also ascend, which the bytes of a hidden
/// text hardly ever do.
const CURVE_ENTRIES_MAX: usize = 4_096;
/// Real matrices, white points and curve parameters are smaller than this. The limit leaves little room for hidden text in the upper half
/// of each number.
const TAG_VALUE_MAX: i16 = 16;

type Name = [u8; 4];
/// Decoders ignore a profile that lacks one of these tags.
const NEEDED_RGB: &[Name] = &[*b"rXYZ", *b"gXYZ", *b"bXYZ", *b"rTRC", *b"gTRC", *b"bTRC"];
const NEEDED_GRAY: &[Name] = &[*b"kTRC"];
/// These tags describe the light source. Most decoders do not need them.
const OPTIONAL: &[Name] = &[*b"wtpt", *b"chad"];

/// Rewrites the profile of a picture with this number of components. `parts` are the pieces from the file's segments. Returns `None` if the
/// profile is broken or defines colours by tables.
pub(crate) fn rewrite(parts: &[&[u8]], components: u8) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    for (expected, part) in (1..).zip(parts) {
        let (&[number, count], data) = part.split_first_chunk()?;
        if usize::from(number) != expected || usize::from(count) != parts.len() {
            return None;
        }
        joined.extend_from_slice(data);
    }
    let profile = joined.get(..number(&joined, 0)?)?;
    let (version, class) = (*profile.get(8)?, profile.get(12..16)?);
    let spaces = profile.get(16..24)?;
    let needed = match (spaces, components) {
        (b"RGB XYZ ", 3) => NEEDED_RGB,
        (b"GRAYXYZ " | b"GRAYLab ", 1) => NEEDED_GRAY,
        _ => return None,
    };
    // Accepts profiles of screens, cameras, scanners and colour spaces. Of printers, accepts only gray profiles (dot gain), which consist
    // of a single curve.
    let known = matches!(class, b"mntr" | b"scnr" | b"spac") || (class == b"prtr" && components == 1);
    if !matches!(version, 2 | 4) || !known || profile.get(36..40)? != b"acsp" {
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

/// Returns a tag's data, cut to the length of its type, if it consists of numbers that are plausible for colours.
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

/// Returns the name and the copyright, which the standard requires, in the types of the profile's version.
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
        // The illuminant of every profile, D50.
        &[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d],
        &[0; 48],
        &u32::try_from(tags.len()).ok()?.to_be_bytes(),
    ];
    Some([&header.concat()[..], &table, &data].concat())
}
