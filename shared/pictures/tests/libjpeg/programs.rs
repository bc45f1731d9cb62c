//! Runs the programs of libjpeg-turbo.

use std::{
    io::{ErrorKind, Write},
    process::{Command, Output, Stdio},
    thread,
};

use image::RgbImage;

/// Runs a program with this input, and returns its output.
pub(crate) fn run(program: &str, arguments: &[String], input: &[u8]) -> Output {
    let mut command = Command::new(program);
    let spawned = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("{program} is missing, which these tests need: install it (Debian: apt-get install libjpeg-turbo-progs)")
        }
        Err(error) => panic!("{program}: {error}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A program may end without reading all of its input.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    })
}

/// Decodes a file. Returns the picture and djpeg's warnings, or its error.
pub(crate) fn djpeg(file: &[u8]) -> Result<(RgbImage, String), String> {
    // The limit stops djpeg on files whose header claims a giant picture.
    let output = run("djpeg", &["-pnm", "-maxmemory", "400000"].map(str::to_owned), file);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let Some(picture) = pnm(&output.stdout).filter(|_| output.status.code().is_some_and(|code| code == 0 || code == 2)) else {
        return Err(messages);
    };
    // Some cameras add bytes after the last block. All decoders skip them.
    let warnings: Vec<_> = messages.lines().filter(|line| !line.contains("extraneous bytes before marker")).collect();
    Ok((picture, warnings.join("; ")))
}

/// Reads a picture in the format PGM or PPM, as djpeg writes it.
fn pnm(bytes: &[u8]) -> Option<RgbImage> {
    let mut parts = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
    let kind = parts.next()?;
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let (width, height): (u32, u32) = (number()?, number()?);
    let pixels = parts.next()?.strip_prefix(b"255\n")?;
    let pixels = if kind == b"P5" { pixels.iter().flat_map(|level| [*level; 3]).collect() } else { pixels.to_vec() };
    RgbImage::from_raw(width, height, pixels)
}

/// Writes a picture in the format PPM.
pub(crate) fn ppm(picture: &RgbImage) -> Vec<u8> {
    [format!("P6\n{} {}\n255\n", picture.width(), picture.height()).as_bytes(), picture.as_raw()].concat()
}
