//! Colour profiles (ICC.1): of each the few numbers that say how its colours are meant, in a profile written anew.
//!
//! Without its profile a phone's picture (Display P3) shows other colours; but a profile is a file of its own, with texts and tables of
//! any content. What only its tables say (CMYK, most printers) is lost.

/// How a segment with a part of a profile begins; the part's number and how many there are follow.
pub(crate) const SEGMENT: &[u8] = b"ICC_PROFILE\0";

const HEADER: usize = 128;
/// A tag's entry in the table: name, where its data begins, and length.
const ENTRY: usize = 12;
/// What stands in place of the profile's name and rights.
const TEXT: &[u8] = b"Picture";
/// Of a curve, which must rise: hardly any text does. Real ones have 1,024 or 4,096, if any.
const CURVE_ENTRIES_MAX: usize = 4_096;
/// Matrices, white points and parameters of curves are smaller than this, so that half of their bytes are no text.
const TAG_VALUE_MAX: i16 = 16;

type Name = [u8; 4];
/// Decoders show a picture without any of these as if it had no profile.
const NEEDED_RGB: &[Name] = &[*b"rXYZ", *b"gXYZ", *b"bXYZ", *b"rTRC", *b"gTRC", *b"bTRC"];
const NEEDED_GRAY: &[Name] = &[*b"kTRC"];
/// These describe the light; most decoders do without.
const OPTIONAL: &[Name] = &[*b"wtpt", *b"chad"];

/// The profile that comes in these parts, for a picture of so many components. None where it is broken or says nothing that can be kept.
pub(crate) fn rewritten(parts: &[&[u8]], components: u8) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    for (number, part) in (1..).zip(parts) {
        let (&[its_number, count], data) = part.split_first_chunk()?;
        if usize::from(its_number) != number || usize::from(count) != parts.len() {
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
    // Of a screen, a camera or scanner, or a space of colours as such; of a printer (dot gain) where one curve is all.
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
    written(version, class, spaces, &tags)
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

/// As much of a tag's data as its type has, if that is numbers, and such as colours have.
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
    // The whole part of a number whose other 16 bits are its fraction.
    let is_small = |number: &[u8]| number.first_chunk().is_some_and(|whole| (-TAG_VALUE_MAX..TAG_VALUE_MAX).contains(&i16::from_be_bytes(*whole)));
    let sound = if data.starts_with(b"curv") { data[12..].chunks_exact(2).is_sorted() } else { data[8..].chunks_exact(4).all(is_small) };
    Some(data).filter(|data| sound && data[4..8] == [0; 4])
}

/// A name and a word on rights: the standard asks for both, in the types of its version.
fn texts(version: u8) -> (Vec<u8>, Vec<u8>) {
    let length = TEXT.len() as u8;
    if version == 2 {
        // After the name, the same for other writing systems: empty.
        let name = [b"desc\0\0\0\0\0\0\0", &[length + 1][..], TEXT, &[0; 79]].concat();
        (name, [b"text\0\0\0\0", TEXT, &[0]].concat())
    } else {
        let mut text = [b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0", &[2 * length][..], &[0, 0, 0, 28]].concat();
        text.extend(TEXT.iter().flat_map(|&letter| [0, letter]));
        (text.clone(), text)
    }
}

fn written(version: u8, class: &[u8], spaces: &[u8], tags: &[(Name, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut table = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    let mut places: Vec<(&[u8], usize)> = Vec::new();
    for (name, bytes) in tags {
        // The three curves are mostly the same one.
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
        // D50, the light of all profiles.
        &[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d],
        &[0; 48],
        &u32::try_from(tags.len()).ok()?.to_be_bytes(),
    ];
    Some([&header.concat()[..], &table, &data].concat())
}
