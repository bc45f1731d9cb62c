//! The cases that are measured. The first case of each group does the work as the Lambda functions do it. The other cases do a part of this
//! work, or the same work with another library.

use std::{
    io::Cursor,
    path::Path,
    process::{Command, Stdio},
};

use domain::{CodeNumber, FileProfile, ImageKind, Language, Moment};
use fast_image_resize::{FilterType as Fast, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image};
use image::{DynamicImage, RgbImage, codecs::jpeg::JpegDecoder, imageops::FilterType};
use messages::{pdf, zip::PhotosZip};
use storage::sealing::SealingKey;
use zune_jpeg::{
    JpegDecoder as Zune,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

/// Longer edge in pixels of the small copy that functions make of a whole picture (shared/pictures).
const COPY: u32 = 960;
/// Longer edge in pixels of a preview (shared/pictures).
const PREVIEW: u32 = 480;

/// A function to measure. Its result depends on everything that it computes, so that the compiler cannot remove any of it.
type Work = Box<dyn Fn() -> usize>;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Reads the input and returns the function to measure.
    pub(crate) prepare: fn(&Path) -> Work,
}

pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) cases: &'static [Case],
}

pub(crate) static GROUPS: [Group; 5] = [
    Group {
        name: "a picture in issue_code",
        cases: &[
            Case {
                name: "accept: stripped, checked, its face found, its preview made",
                prepare: |path| {
                    with(path, |file| pictures::accept(FileProfile::Standard, ImageKind::Face, file).expect("a picture").preview.len())
                },
            },
            Case {
                name: "only its face located, as for a crop",
                prepare: |path| with(path, |file| pictures::locate(file).expect("a picture").map_or(0, |face| face.width as usize)),
            },
            Case {
                name: "part of accept: stripped, and all its data read once",
                prepare: |path| with(path, |file| pictures::clean(file).expect("a picture").len()),
            },
            Case {
                name: "then: sealed",
                prepare: |path| {
                    let key = SealingKey::random().expect("randomness");
                    with(path, move |file| key.seal("a picture", file).expect("sealed").len())
                },
            },
        ],
    },
    Group {
        name: "a whole picture, decoded",
        cases: &[
            Case { name: "image, which decodes by zune-jpeg", prepare: |path| with(path, |file| decoded(file).as_bytes().len()) },
            Case { name: "zune-jpeg alone", prepare: |path| with(path, |file| zune(file).2.len()) },
            Case { name: "libjpeg-turbo (djpeg, and its process)", prepare: |path| djpeg(path, &[]) },
        ],
    },
    Group {
        name: "a whole picture, decoded and made small for measures and preview",
        cases: &[
            Case {
                name: "pictures, our own decoder",
                prepare: |path| with(path, |file| pictures::decode(file).expect("a picture").1.as_raw().len()),
            },
            Case { name: "image, box", prepare: |path| with(path, |file| decoded(file).thumbnail(COPY, COPY).as_bytes().len()) },
            Case {
                name: "zune-jpeg and fast_image_resize, box",
                prepare: |path| {
                    with(path, |file| {
                        let (width, height, pixels) = zune(file);
                        fast(width, height, pixels, COPY, ResizeAlg::Convolution(Fast::Box)).len()
                    })
                },
            },
            Case { name: "libjpeg-turbo at a quarter (djpeg, and its process)", prepare: |path| djpeg(path, &["-scale", "1/4"]) },
        ],
    },
    Group {
        name: "a preview of the small copy",
        cases: &[
            Case {
                name: "image, triangle",
                prepare: |path| {
                    with_copy(path, |copy| DynamicImage::from(copy).resize(PREVIEW, PREVIEW, FilterType::Triangle).as_bytes().len())
                },
            },
            Case {
                name: "fast_image_resize, bilinear",
                prepare: |path| {
                    with_copy(path, |copy| {
                        fast(copy.width(), copy.height(), copy.into_raw(), PREVIEW, ResizeAlg::Convolution(Fast::Bilinear)).len()
                    })
                },
            },
        ],
    },
    Group {
        name: "photos.zip",
        cases: &[
            Case {
                name: "two such pictures and the page",
                prepare: |path| {
                    with(path, |file| {
                        let (code, page) = page();
                        PhotosZip { code: &code, face: Some(file), signature: Some(file), pdf: &page }.build().expect("a zip").len()
                    })
                },
            },
            Case { name: "of that: the page, with its QR code", prepare: |_| Box::new(|| page().1.len()) },
        ],
    },
];

fn with(path: &Path, work: impl Fn(&[u8]) -> usize + 'static) -> Work {
    let file = std::fs::read(path).expect("a picture");
    Box::new(move || work(&file))
}

/// Makes the small copy of the picture, and returns a function that calls `work` with a clone of this copy.
fn with_copy(path: &Path, work: impl Fn(RgbImage) -> usize + 'static) -> Work {
    let copy = decoded(&std::fs::read(path).expect("a picture")).thumbnail(COPY, COPY).into_rgb8();
    Box::new(move || work(copy.clone()))
}

fn decoded(file: &[u8]) -> DynamicImage {
    DynamicImage::from_decoder(JpegDecoder::new(Cursor::new(file)).expect("a JPEG")).expect("a picture")
}

fn zune(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = Zune::new_with_options(ZCursor::new(file), DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB));
    let pixels = decoder.decode().expect("a picture");
    let (width, height) = decoder.dimensions().expect("a size");
    let edge = |pixels: usize| u32::try_from(pixels).expect("an edge of a JPEG");
    (edge(width), edge(height), pixels)
}

/// Resizes a picture with fast_image_resize so that its longer edge has `longer` pixels.
fn fast(width: u32, height: u32, pixels: Vec<u8>, longer: u32, algorithm: ResizeAlg) -> Vec<u8> {
    let scaled = |edge: u32| edge * longer / width.max(height);
    let from = Image::from_vec_u8(width, height, pixels, PixelType::U8x3).expect("a picture");
    let mut to = Image::new(scaled(width), scaled(height), PixelType::U8x3);
    Resizer::new().resize(&from, &mut to, &ResizeOptions::new().resize_alg(algorithm)).expect("resized");
    to.into_vec()
}

/// Returns a function that decodes the picture with the program `djpeg`.
fn djpeg(path: &Path, options: &'static [&'static str]) -> Work {
    let path = path.to_owned();
    Box::new(move || {
        let output = Command::new("djpeg").args(options).arg(&path).stderr(Stdio::inherit()).output().expect("djpeg");
        assert!(output.status.success());
        output.stdout.len()
    })
}

/// Returns a code number and the PDF page that shows it.
fn page() -> (CodeNumber, Vec<u8>) {
    let code = CodeNumber::draw(|bytes| {
        bytes.fill(7);
        Ok::<_, ()>(())
    })
    .expect("a code number");
    let page = pdf::code_sheet(&code, Moment::from_epoch_seconds(1_800_000_000), "https://example.org", Language::El).expect("a page");
    (code, page)
}
