use super::*;

/// The parts of a minimal picture. Each of its Huffman tables has one code, which is a single zero bit.
#[derive(Clone)]
struct Parts {
    /// Marker and payload.
    frame: (u8, Vec<u8>),
    tables: Vec<(u8, Vec<u8>)>,
    /// Header and image data.
    scans: Vec<(Vec<u8>, Vec<u8>)>,
}

const BASELINE: u8 = 0xc0;
const PROGRESSIVE: u8 = 0xc2;
/// The id, sampling factors and quantisation table of a component.
const GRAY: [u8; 3] = [1, 0x11, 0];
const OTHER: [u8; 3] = [2, 0x11, 0];
const THIRD: [u8; 3] = [3, 0x11, 0];

fn frame(marker: u8, width: u8, height: u8, components: &[[u8; 3]]) -> (u8, Vec<u8>) {
    (marker, [&[8, 0, height, 0, width, components.len() as u8], components.concat().as_slice()].concat())
}

fn table(class_and_place: u8, value: u8) -> (u8, Vec<u8>) {
    (DHT, [&[class_and_place, 1][..], &[0; 15], &[value]].concat())
}

/// Returns a picture of two gray blocks. Each block has two codes: no change of brightness, and end of block.
fn baseline() -> Parts {
    Parts {
        frame: frame(BASELINE, 16, 8, &[GRAY]),
        tables: vec![table(0x00, 0), table(0x10, 0)],
        scans: vec![(vec![1, 1, 0, 0, 63, 0], vec![0b0000_1111])],
    }
}

/// Returns a progressive picture of one block. The first scan has the block's brightness, the second has the other coefficients, which are
/// all zero.
fn progressive() -> Parts {
    let scans = vec![(vec![1, 1, 0, 0, 0, 0], vec![0b0111_1111]), (vec![1, 1, 0, 1, 63, 0], vec![0b0111_1111])];
    Parts { frame: frame(PROGRESSIVE, 8, 8, &[GRAY]), scans, ..baseline() }
}

/// Changes a picture and checks the resulting file.
fn with(mut parts: Parts, change: impl FnOnce(&mut Parts)) -> Result<(), PictureFault> {
    change(&mut parts);
    let segment = |marker: u8, payload: &[u8]| [&[0xff, marker, 0, payload.len() as u8 + 2], payload].concat();
    let mut file = vec![0xff, 0xd8];
    let quantisation = (DQT, [&[0][..], &[1; 64]].concat());
    for (marker, payload) in [&quantisation].into_iter().chain(&parts.tables).chain([&parts.frame]) {
        file.extend(segment(*marker, payload));
    }
    for (header, bits) in &parts.scans {
        file.extend([&segment(SOS, header)[..], bits].concat());
    }
    file.extend([0xff, 0xd9]);
    decode(&file).map(|_| ())
}

const DAMAGED: Result<(), PictureFault> = Err(PictureFault::Damaged);

#[test]
fn minimal_pictures_are_complete() {
    assert_eq!(with(baseline(), |_| {}), Ok(()));
    assert_eq!(with(progressive(), |_| {}), Ok(()));
    let refining = |parts: &mut Parts| {
        parts.scans[1].0 = vec![1, 1, 0, 1, 63, 1];
        parts.scans.push((vec![1, 1, 0, 1, 63, 0x10], vec![0b0111_1111]));
    };
    assert_eq!(with(progressive(), refining), Ok(()));
}

#[test]
fn an_invalid_frame_is_damage() {
    for impossible in [
        // There is no fifth quantisation table.
        frame(BASELINE, 16, 8, &[[1, 0x11, 4]]),
        // This frame header announces two components but contains only one.
        (BASELINE, vec![8, 0, 8, 0, 16, 2, 1, 0x11, 0]),
    ] {
        assert_eq!(with(baseline(), |parts| parts.frame = impossible.clone()), DAMAGED, "{impossible:?}");
    }
    let empty = |parts: &mut Parts| (parts.frame, parts.scans[0].1) = (frame(BASELINE, 0, 8, &[GRAY]), Vec::new());
    assert_eq!(with(baseline(), empty), DAMAGED);
    let none = |parts: &mut Parts| (parts.frame, parts.scans) = (frame(BASELINE, 16, 8, &[]), Vec::new());
    assert_eq!(with(baseline(), none), DAMAGED);
}

#[test]
fn unsupported_kinds_are_named() {
    use UnsupportedJpeg as U;
    let as_frame = |frame: (u8, Vec<u8>)| with(baseline(), |parts| parts.frame = frame);
    let three = |sampling: [u8; 3]| frame(BASELINE, 16, 8, &[[1, sampling[0], 0], [2, sampling[1], 0], [3, sampling[2], 0]]);
    let with_precision = |precision| (BASELINE, [&[precision][..], &baseline().frame.1[1..]].concat());
    for (frame, reason) in [
        (frame(0xc3, 16, 8, &[GRAY]), U::Lossless),
        (frame(0xc5, 16, 8, &[GRAY]), U::Hierarchical),
        (frame(0xc9, 16, 8, &[GRAY]), U::ArithmeticCoding),
        (frame(0xca, 16, 8, &[GRAY]), U::ArithmeticCoding),
        (with_precision(12), U::Precision),
        (frame(BASELINE, 16, 0, &[GRAY]), U::Height),
        (frame(BASELINE, 16, 8, &[GRAY, OTHER]), U::Components),
        (frame(BASELINE, 16, 8, &[1, 2, 3, 4, 5].map(|id| [id, 0x11, 0])), U::Components),
        (frame(BASELINE, 16, 8, &[GRAY, OTHER, GRAY]), U::Components),
        (three([0x31, 0x11, 0x11]), U::Sampling),
        (three([0x01, 0x11, 0x11]), U::Sampling),
        (three([0x15, 0x11, 0x11]), U::Sampling),
        (three([0x11, 0x21, 0x11]), U::Sampling),
    ] {
        assert_eq!(as_frame(frame), Err(PictureFault::Unsupported(reason)), "{reason:?}");
    }
    let no_tables = |parts: &mut Parts| parts.tables.clear();
    assert_eq!(with(baseline(), no_tables), Err(PictureFault::Unsupported(U::HuffmanTables)));
    assert_eq!(as_frame(frame(BASELINE, 16, 8, &[[1, 0x33, 0]])), Ok(()), "the sampling factors of a single component have no meaning");
}

#[test]
fn a_picture_above_the_pixel_limit_is_not_decoded() {
    let with_size = |width: u16, height: u16| {
        let [w1, w0] = width.to_be_bytes();
        let [h1, h0] = height.to_be_bytes();
        // Each scan contains one zero bit for each block of the picture. A zero bit is the only code of the Huffman tables.
        let bits = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
        let scan = |band: [u8; 3]| ([&[1, 1, 0][..], &band].concat(), vec![0; bits.div_ceil(8)]);
        with(progressive(), |parts| {
            parts.frame = (PROGRESSIVE, vec![8, h1, h0, w1, w0, 1, 1, 0x11, 0]);
            parts.scans = vec![scan([0, 0, 0]), scan([1, 63, 0])];
        })
    };
    assert_eq!(with_size(10_000, 5_000), Ok(()));
    assert_eq!(with_size(10_000, 5_001), DAMAGED);
}

#[test]
fn an_invalid_scan_header_is_damage() {
    let header = |header: [u8; 6]| move |parts: &mut Parts| parts.scans[1].0 = header.to_vec();
    let backwards = |parts: &mut Parts| parts.scans[1] = (vec![1, 1, 0, 5, 3, 0], Vec::new());
    assert_eq!(with(progressive(), backwards), DAMAGED, "the band ends before it begins");
    assert_eq!(with(progressive(), header([1, 1, 0, 1, 64, 0])), DAMAGED, "a block has 64 coefficients");
    assert_eq!(with(progressive(), header([1, 1, 0, 1, 5, 0])), DAMAGED, "the other coefficients are missing");
    assert_eq!(with(progressive(), header([1, 1, 0, 1, 63, 1])), DAMAGED, "the last bits of the coefficients are missing");
    assert_eq!(with(progressive(), header([1, 1, 0, 1, 63, 0x10])), DAMAGED, "a refinement of unknown coefficients");
    assert_eq!(with(progressive(), |parts| parts.scans.swap(0, 1)), DAMAGED, "other coefficients before the first");
    assert_eq!(with(baseline(), |parts| parts.scans[0].0[4] = 5), DAMAGED, "a band in a sequential picture");
    assert_eq!(with(baseline(), |parts| parts.scans.push(parts.scans[0].clone())), DAMAGED, "a component twice");
    assert_eq!(with(progressive(), header([1, 1, 0, 0, 5, 0])), DAMAGED, "first and other coefficients in one scan");
    let of_nothing = |parts: &mut Parts| parts.scans.push((vec![0, 0, 0, 0], Vec::new()));
    assert_eq!(with(progressive(), of_nothing), DAMAGED);
    let two = |last: Vec<u8>| {
        move |parts: &mut Parts| {
            parts.frame = frame(PROGRESSIVE, 8, 8, &[GRAY, OTHER, THIRD]);
            parts.scans = vec![(vec![3, 1, 0, 2, 0, 3, 0, 0, 0, 0], vec![0b0001_1111]), (last, vec![0b0001_1111])];
        }
    };
    assert_eq!(with(progressive(), two(vec![3, 1, 0, 2, 0, 3, 0, 1, 63, 0])), DAMAGED, "coefficients of two components in one scan");
}

#[test]
fn a_component_without_a_scan_is_damage() {
    assert_eq!(with(baseline(), |parts| parts.frame = frame(BASELINE, 16, 8, &[GRAY, OTHER, THIRD])), DAMAGED);
    assert_eq!(with(baseline(), |parts| parts.scans.clear()), DAMAGED);
}

#[test]
fn a_second_frame_is_damage() {
    let second = |parts: &mut Parts| parts.tables.push(parts.frame.clone());
    assert_eq!(with(baseline(), second), DAMAGED);
}

#[test]
fn an_invalid_code_is_damage() {
    let three_of_one_bit = (DHT, [&[0x00, 3][..], &[0; 15], &[0, 0, 0]].concat());
    assert_eq!(with(baseline(), |parts| parts.tables[0] = three_of_one_bit), DAMAGED);
    let seventeen_bits = |parts: &mut Parts| {
        parts.tables[0] = table(0x00, 17);
        parts.scans[0].1 = vec![0; 6];
    };
    assert_eq!(with(baseline(), seventeen_bits), DAMAGED);
    let blocks_to_come = |parts: &mut Parts| {
        parts.tables[1] = table(0x10, 0x10);
        parts.scans[0].1 = vec![0b0000_1111];
    };
    assert_eq!(with(baseline(), blocks_to_come), DAMAGED, "an end of several blocks, which only progressive scans may have");
}

#[test]
fn a_coefficient_after_the_last_of_its_band_is_damage() {
    let fifteen_zeros = |parts: &mut Parts| {
        parts.tables[1] = table(0x10, 0xf1);
        parts.scans[1].1 = vec![0b0011_1111];
    };
    assert_eq!(with(progressive(), fifteen_zeros), DAMAGED);
    let refining = |parts: &mut Parts| {
        parts.scans.remove(1);
        parts.tables[1] = table(0x10, 0x51);
        parts.scans.extend([(vec![1, 1, 0, 1, 63, 1], vec![0b0111_1111]), (vec![1, 1, 0, 1, 63, 0x10], vec![0b0011_1111])]);
    };
    assert_eq!(with(progressive(), refining), DAMAGED);
}

#[test]
fn restart_markers_must_be_in_order_and_directly_after_their_blocks() {
    let restarted = |bits: &'static [u8]| {
        move |parts: &mut Parts| {
            parts.tables.push((DRI, vec![0, 1]));
            parts.scans[0].1 = bits.to_vec();
        }
    };
    assert_eq!(with(baseline(), restarted(&[0x3f, 0xff, 0xd0, 0x3f])), Ok(()));
    assert_eq!(with(baseline(), restarted(&[0x3f, 0xff, 0xd1, 0x3f])), DAMAGED, "a wrong number");
    assert_eq!(with(baseline(), restarted(&[0x3f, 0x3f, 0xff, 0xd0, 0x3f])), DAMAGED, "a byte before it");
    assert_eq!(with(baseline(), restarted(&[0x3f, 0x3f])), DAMAGED, "no marker");
}

#[test]
fn only_padding_may_follow_the_last_block() {
    let then = |rest: &'static [u8]| move |parts: &mut Parts| parts.scans[0].1.extend(rest);
    assert_eq!(with(baseline(), then(&[0; 30])), Ok(()));
    assert_eq!(with(baseline(), then(b"<")), DAMAGED);
    assert_eq!(with(baseline(), then(b"\0\0\0\0\0\0\0\0\0\0\0\0<")), DAMAGED);
}
