//! `photos.zip`, the file that a citizen downloads.

use std::io::{Cursor, Write};

use ::zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};
use domain::CodeNumber;

use crate::{RenderError, link::url_safe};

/// The content of the file: the images that the photo set has, and the PDF with the code number.
pub struct PhotosZip<'a> {
    pub code: &'a CodeNumber,
    pub face: Option<&'a [u8]>,
    pub signature: Option<&'a [u8]>,
    pub pdf: &'a [u8],
}

impl PhotosZip<'_> {
    /// Builds the zip file. Entries are not compressed, because JPEG and PDF hardly shrink. Entries have no timestamps. The same content
    /// therefore gives the same file, so that a client can fetch it in ranges by several requests.
    ///
    /// # Errors
    /// [`RenderError::Io`] or [`RenderError::Zip`] if writing to memory fails.
    pub fn build(&self) -> Result<Vec<u8>, RenderError> {
        let options = SimpleFileOptions::DEFAULT
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644);
        let code = url_safe(self.code);
        let entries = [("PASSPORT_PROFILE.jpg", self.face), ("PASSPORT_SIGNATURE.jpg", self.signature), ("QR.pdf", Some(self.pdf))];
        let size: usize = entries.iter().filter_map(|(_, content)| *content).map(|content| content.len() + 512).sum();
        let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(size)));
        for (name, content) in entries {
            if let Some(content) = content {
                writer.start_file(format!("{code}_{name}"), options)?;
                writer.write_all(content)?;
            }
        }
        Ok(writer.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::testing::code;

    fn read(file: Vec<u8>) -> Vec<(String, Vec<u8>)> {
        let mut archive = ::zip::ZipArchive::new(Cursor::new(file)).unwrap();
        (0..archive.len())
            .map(|at| {
                let mut entry = archive.by_index(at).unwrap();
                assert_eq!(entry.compression(), CompressionMethod::Stored);
                assert_eq!(entry.last_modified(), Some(DateTime::DEFAULT));
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                (entry.name().unwrap().into_owned(), content)
            })
            .collect()
    }

    #[test]
    fn no_entry_name_leads_outside_the_extraction_folder() {
        // Our own codes contain neither `+` nor `/`, but codes of another issuer may. A `/` in the name of a file would make its first part
        // a folder.
        for bytes in [[0xfb; 16], [0xff; 16]] {
            let code = CodeNumber::from_bytes(bytes);
            assert!(code.expose().contains(['+', '/']));
            let file = PhotosZip { code: &code, face: Some(b"face"), signature: Some(b"signature"), pdf: b"pdf" }.build().unwrap();
            for (name, _) in read(file) {
                assert!(!name.contains(['+', '/', '\\', ':']) && !name.contains(".."), "{name}");
                assert!(CodeNumber::parse(&name[..22]).unwrap() == code, "{name}: the code can be typed from it");
            }
        }
    }

    #[test]
    fn entries_have_the_names_that_the_state_uses_and_the_original_bytes() {
        let code = code();
        let whole = PhotosZip { code: &code, face: Some(b"face"), signature: Some(b"signature"), pdf: b"pdf" };
        let file = whole.build().unwrap();
        assert_eq!(file, whole.build().unwrap());
        let expected = [
            ("adEC3wlknv5LcQn5W65twA_PASSPORT_PROFILE.jpg", "face"),
            ("adEC3wlknv5LcQn5W65twA_PASSPORT_SIGNATURE.jpg", "signature"),
            ("adEC3wlknv5LcQn5W65twA_QR.pdf", "pdf"),
        ];
        let entry = |(name, content): &(&str, &str)| ((*name).to_owned(), content.as_bytes().to_vec());
        assert_eq!(read(file), expected.iter().map(entry).collect::<Vec<_>>());
        let no_face = PhotosZip { face: None, ..whole }.build().unwrap();
        assert_eq!(read(no_face), expected[1..].iter().map(entry).collect::<Vec<_>>());
    }
}
