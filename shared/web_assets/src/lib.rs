//! The web application as Vite built it (web/dist), within the binary of the one function that serves it.

/// Its Content-Security-Policy, a directive a line. `UPLOADS_ORIGIN` stands for where pictures are put.
pub const CONTENT_SECURITY_POLICY: &str = include_str!("../content_security_policy.txt");

#[derive(Debug)]
pub struct Asset {
    /// Path under web/dist, such as `assets/index-BX3k9dQ1.js`.
    pub name: &'static str,
    pub content_type: &'static str,
    /// Of its bytes, for validators.
    pub digest: &'static str,
    pub identity: &'static [u8],
    /// Smaller forms, where there are.
    pub brotli: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of exactly this path.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.name.cmp(name)).ok().and_then(|at| ASSETS.get(at))
}
