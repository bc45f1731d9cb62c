//! The web application as built by Vite (web/dist), embedded into the binary of the function that serves it.

/// Content-Security-Policy of the web application, one directive per line. `UPLOADS_ORIGIN` is a placeholder for the origin to which
/// pictures are uploaded.
pub const CONTENT_SECURITY_POLICY: &str = include_str!("../content_security_policy.txt");

/// A file of the web application.
#[derive(Debug)]
pub struct Asset {
    /// Path under web/dist, such as `assets/index-BX3k9dQ1.js`.
    pub name: &'static str,
    pub content_type: &'static str,
    /// Digest of the uncompressed contents, for validators such as `ETag`.
    pub digest: &'static str,
    /// Uncompressed contents.
    pub identity: &'static [u8],
    /// Brotli-compressed contents, if they are smaller.
    pub brotli: Option<&'static [u8]>,
    /// Gzip-compressed contents, if they are smaller.
    pub gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Returns the file with exactly this path.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.name.cmp(name)).ok().and_then(|at| ASSETS.get(at))
}
