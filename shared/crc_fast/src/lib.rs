//! The part of crc-fast that `aws-smithy-checksums` uses, made of another library: the crate itself has tables of 50 algorithms, which no linker
//! can leave out (its issue 61), and they would be 0.7 MB in each function with a client of S3. Functions ask S3 for no checksums, so it is small
//! rather than quick.

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Table};

static CRC32: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
static CRC64_NVME: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_NVME);

/// What S3 knows, by the names of the CRC catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC32.
    Crc32IsoHdlc,
    /// CRC32C.
    Crc32Iscsi,
    /// CRC64NVME.
    Crc64Nvme,
}

/// A checksum of what was added so far.
#[derive(Clone)]
pub struct Digest(State);

#[derive(Clone)]
enum State {
    Of32(crc::Digest<'static, u32, Table<1>>),
    Of64(crc::Digest<'static, u64, Table<1>>),
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Digest")
    }
}

impl Digest {
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Of32(CRC32.digest()),
            CrcAlgorithm::Crc32Iscsi => State::Of32(CRC32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Of64(CRC64_NVME.digest()),
        })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Of32(digest) => digest.update(bytes),
            State::Of64(digest) => digest.update(bytes),
        }
    }

    pub fn finalize(&self) -> u64 {
        match self.0.clone() {
            State::Of32(digest) => digest.finalize().into(),
            State::Of64(digest) => digest.finalize(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(algorithm: CrcAlgorithm, parts: &[&[u8]]) -> u64 {
        let mut digest = Digest::new(algorithm);
        for part in parts {
            digest.update(part);
        }
        digest.finalize()
    }

    /// "Check" of each in the catalogue of parametrised CRC algorithms (reveng.sourceforge.io).
    #[test]
    fn each_is_what_the_catalogue_says() {
        for (algorithm, of_digits) in [
            (CrcAlgorithm::Crc32IsoHdlc, 0xCBF4_3926),
            (CrcAlgorithm::Crc32Iscsi, 0xE306_9283),
            (CrcAlgorithm::Crc64Nvme, 0xAE8B_1486_0A79_9888),
        ] {
            assert_eq!(checksum(algorithm, &[]), 0, "{algorithm:?}");
            assert_eq!(checksum(algorithm, &[b"123456789"]), of_digits, "{algorithm:?}");
            assert_eq!(checksum(algorithm, &[b"1", b"", b"2345678", b"9"]), of_digits, "in parts: {algorithm:?}");
        }
    }
}
