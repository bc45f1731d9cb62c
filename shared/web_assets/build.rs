//! Embeds the files of web/dist into the binary, each uncompressed and, if that makes it smaller, also compressed.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// File types in the output of Vite: extension, media type, and whether to compress the file.
const TYPES: [(&str, &str, bool); 14] = [
    ("html", "text/html; charset=utf-8", true),
    ("js", "text/javascript; charset=utf-8", true),
    ("css", "text/css; charset=utf-8", true),
    ("json", "application/json", true),
    ("webmanifest", "application/manifest+json", true),
    ("svg", "image/svg+xml; charset=utf-8", true),
    ("txt", "text/plain; charset=utf-8", true),
    ("wasm", "application/wasm", true),
    ("ico", "image/x-icon", false),
    ("png", "image/png", false),
    ("jpg", "image/jpeg", false),
    ("webp", "image/webp", false),
    ("woff2", "font/woff2", false),
    ("woff", "font/woff", false),
];
/// Largest file that fits into a Lambda response as base64, with room for headers.
const ASSETS_BYTES_MAX: usize = 4_300_000;
const BROTLI_QUALITY_MAX: i32 = 11;
/// Base-2 logarithm of the window size. The window has 4 MB, which is larger than any file that is compressed here.
const BROTLI_WINDOW_BITS: i32 = 22;

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        println!("cargo::error=web/dist is missing: run `make web`");
        return Ok(());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut names = Vec::new();
    collect_files(&dist, "", &mut names)?;
    // Sorted, because `find` uses binary search.
    names.sort();
    let mut list = format!("pub(crate) static ASSETS: [Asset; {}] = [\n", names.len());
    for (number, name) in names.iter().enumerate() {
        list += &asset(&dist.join(name), name, &out, number)?;
    }
    list += "];\n";
    Ok(fs::write(out.join("assets.rs"), list)?)
}

/// Collects the paths of all files in a folder, relative to `web/dist` and with `/` as separator. `prefix` is the path of the folder.
fn collect_files(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "a file name is not valid UTF-8")?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect_files(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Returns the Rust source of one asset and writes its contents to files in `out`.
fn asset(file: &Path, name: &str, out: &Path, number: usize) -> Result<String, Box<dyn Error>> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let file_type = TYPES.iter().find(|(known, ..)| *known == extension);
    let (_, content_type, is_compressible) = file_type.ok_or_else(|| format!("web/dist/{name}: unknown media type"))?;
    let bytes = fs::read(file)?;
    let write_file = |kind: &str, content: &[u8]| -> io::Result<String> {
        let path = out.join(format!("{number}.{kind}"));
        fs::write(&path, content)?;
        Ok(format!("include_bytes!({path:?})"))
    };
    let write_if_smaller = |kind: &str, content: &[u8]| -> io::Result<String> {
        if *is_compressible && content.len() < bytes.len() {
            Ok(format!("Some({})", write_file(kind, content)?))
        } else {
            Ok("None".to_owned())
        }
    };
    let brotli = write_if_smaller("br", &brotli(&bytes)?)?;
    let gzip = write_if_smaller("gz", &gzip(&bytes)?)?;
    if bytes.len() > ASSETS_BYTES_MAX {
        return Err(format!("web/dist/{name}: too large for a Lambda response").into());
    }
    let identity = write_file("identity", &bytes)?;
    let mut digest = String::new();
    for byte in Sha256::digest(&bytes).iter().take(16) {
        write!(digest, "{byte:02x}")?;
    }
    Ok(format!(
        "    Asset {{ name: {name:?}, content_type: {content_type:?}, digest: {digest:?}, identity: {identity}, brotli: {brotli}, gzip: {gzip} }},\n"
    ))
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: BROTLI_QUALITY_MAX, lgwin: BROTLI_WINDOW_BITS, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
