//! A file of JSON lines that persists state across restarts.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use serde::{Serialize, de::DeserializeOwned};

pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// Current size of the file in bytes.
    pub(crate) bytes: u64,
}

impl Journal {
    /// Opens the file and calls `each` for every line, oldest first. If the last line has no line break, it is removed, because the process
    /// was killed while it wrote the line. Any other line that cannot be parsed is an error.
    pub(crate) fn open<T: DeserializeOwned>(path: PathBuf, mut each: impl FnMut(T)) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path)?;
        let mut reader = BufReader::new(&file);
        let mut bytes = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                break;
            }
            if line.last() != Some(&b'\n') {
                file.set_len(bytes)?;
                break;
            }
            each(serde_json::from_slice(&line).map_err(io::Error::other)?);
            bytes += length;
        }
        Ok(Self { path, file, bytes })
    }

    pub(crate) fn append(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry).map_err(io::Error::other)?;
        line.push(b'\n');
        // A single write, so that lines are never interleaved.
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// Replaces the content of the file by `entries`.
    pub(crate) fn rewrite<'a, T: Serialize + 'a>(&mut self, entries: impl Iterator<Item = &'a T>) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, b"")?;
        let mut shorter = Self { file: OpenOptions::new().append(true).open(&fresh)?, path: fresh, bytes: 0 };
        for entry in entries {
            shorter.append(entry)?;
        }
        fs::rename(&shorter.path, &self.path)?;
        self.file = shorter.file;
        self.bytes = shorter.bytes;
        Ok(())
    }
}
