//! Tests which requests the bucket accepts for a presigned upload URL, and how sealed pictures are stored.

use domain::{ImageKind, business::BusinessId};
use journeys::stack;
use reqwest::{Method, StatusCode, header::HeaderMap};
use storage::{
    StorageError,
    issuances::Declared,
    sealing::{SealingKey, sha256_hex},
    vault::{ObjectRole, StoragePrefix, UploadUrl, Vault},
};

use crate::{aws, business, id};

const PICTURE: &[u8] = b"as declared";
/// Different content with the same length as `PICTURE`.
const ANOTHER: &[u8] = b"as_declared";

async fn vault() -> Vault {
    Vault::new(&aws::config().await, stack::variable("PHOTOS_BUCKET"))
}

struct Upload {
    vault: Vault,
    business: BusinessId,
    id: String,
    presigned: UploadUrl,
}

impl Upload {
    async fn begin() -> Self {
        let (vault, business, id) = (vault().await, business(), storage::time_ordered_id());
        let declared = Declared { bytes: PICTURE.len() as u64, sha256: sha256_hex(PICTURE) };
        let presigned = vault.presign(&business, &id, ImageKind::Face, &declared).await.unwrap();
        Self { vault, business, id, presigned }
    }

    /// Sends a request as a browser does. `changed` replaces one header, or omits it if the value is empty.
    async fn send(&self, method: Method, url: &str, changed: Option<(&'static str, &'static str)>, body: &'static [u8]) -> StatusCode {
        let mut headers = HeaderMap::new();
        // The client sets `content-length` to the length of the body, as every HTTP client does.
        for (name, value) in self.presigned.headers.iter().filter(|(name, _)| name != "content-length") {
            headers.insert(reqwest::header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        match changed {
            Some((name, "")) => drop(headers.remove(name).unwrap()),
            Some((name, value)) => drop(headers.insert(name, value.parse().unwrap())),
            None => {}
        }
        stack::client().request(method, url).headers(headers).body(body).send().await.unwrap().status()
    }

    async fn stored(&self) -> Option<Vec<u8>> {
        self.vault.incoming(&self.business, &self.id, ImageKind::Face).await.unwrap().map(|bytes| bytes.to_vec())
    }
}

#[tokio::test]
async fn an_upload_url_accepts_the_declared_picture() {
    let upload = Upload::begin().await;
    assert_eq!(upload.stored().await, None);
    assert_eq!(upload.send(Method::PUT, &upload.presigned.url, None, PICTURE).await, 200);
    assert_eq!(upload.stored().await.as_deref(), Some(PICTURE));
    assert_eq!(upload.send(Method::PUT, &upload.presigned.url, None, PICTURE).await, 200, "again");
    let delete = || upload.vault.delete_incoming(&upload.business, &upload.id, ImageKind::Face);
    delete().await.unwrap();
    assert_eq!(upload.stored().await, None);
    delete().await.unwrap();
}

/// The exact status of a rejection is S3's choice. The test asserts only that it is 4xx and that nothing is stored.
#[tokio::test]
async fn an_upload_url_accepts_no_other_picture() {
    let upload = Upload::begin().await;
    let url = upload.presigned.url.as_str();
    let put = Method::PUT;
    let elsewhere = url.replace("/face?", "/signature?");
    let for_longer = url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000");
    let signature = url.split_once("X-Amz-Signature=").unwrap().1;
    let unsigned = url.replace(signature, &signature.chars().rev().collect::<String>());
    assert!([&elsewhere, &for_longer, &unsigned].iter().all(|changed| *changed != url));
    let other_digest = aws_sha256(ANOTHER);
    for (url, changed, body, why) in [
        (url, None, ANOTHER, "other content of the same length"),
        (url, None, &PICTURE[1..], "shorter content"),
        (url, None, b"as declared, and more", "longer content"),
        (url, Some(("x-amz-checksum-sha256", other_digest)), ANOTHER, "other content with its own digest"),
        (url, Some(("x-amz-checksum-sha256", "")), PICTURE, "without the digest"),
        (url, Some(("content-type", "text/html")), PICTURE, "with another content type"),
        (url, Some(("content-type", "")), PICTURE, "without the content type"),
        (&elsewhere, None, PICTURE, "under another key"),
        (&for_longer, None, PICTURE, "with a later expiry"),
        (&unsigned, None, PICTURE, "with a wrong signature"),
    ] {
        let status = upload.send(put.clone(), url, changed, body).await;
        assert!(status.is_client_error(), "{why}: {status}");
        assert_eq!(upload.stored().await, None, "{why}");
        let other = upload.vault.incoming(&upload.business, &upload.id, ImageKind::Signature).await.unwrap();
        assert!(other.is_none(), "{why}");
    }
    assert_eq!(upload.send(put, url, None, PICTURE).await, 200);
    for method in [Method::GET, Method::DELETE] {
        assert!(upload.send(method.clone(), url, None, b"").await.is_client_error(), "{method}");
    }
    assert_eq!(upload.stored().await.as_deref(), Some(PICTURE));
}

/// Returns the SHA-256 digest in base64, as in the header `x-amz-checksum-sha256`.
fn aws_sha256(bytes: &[u8]) -> &'static str {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)).leak()
}

#[tokio::test]
async fn a_picture_opens_only_with_its_key_and_its_copy_survives_the_original() {
    let (vault, set, key) = (vault().await, id(), SealingKey::random().unwrap());
    let [face, preview] = [ObjectRole::Image(ImageKind::Face), ObjectRole::Preview(ImageKind::Face)];
    for (role, plain) in [(face, b"face".as_slice()), (preview, b"preview")] {
        vault.store(&key, &set, role, plain).await.unwrap();
    }
    let open = |prefix, role| vault.open(&key, prefix, &set, role);
    assert_eq!(open(StoragePrefix::Pending, face).await.unwrap(), b"face");
    assert_eq!(open(StoragePrefix::Pending, preview).await.unwrap(), b"preview");
    let other = SealingKey::random().unwrap();
    assert!(matches!(vault.open(&other, StoragePrefix::Pending, &set, face).await, Err(StorageError::Corrupt(_))));
    assert!(matches!(open(StoragePrefix::Associated, face).await, Err(StorageError::Corrupt("an object is missing"))));
    for _ in 0..2 {
        vault.copy_to_associated(&set, face).await.unwrap();
    }
    assert!(vault.copy_to_associated(&id(), face).await.is_err(), "the set has no object to copy");
    assert_eq!(open(StoragePrefix::Associated, face).await.unwrap(), b"face");
    vault.delete_pending(&set, face).await.unwrap();
    assert!(open(StoragePrefix::Pending, face).await.is_err());
    assert_eq!(open(StoragePrefix::Associated, face).await.unwrap(), b"face", "the copy remains");
    for _ in 0..2 {
        vault.remove(StoragePrefix::Associated, &set, face).await.unwrap();
    }
    assert!(open(StoragePrefix::Associated, face).await.is_err());
    vault.delete_pending(&set, preview).await.unwrap();
}

/// The object is 3 MB large, so that it arrives in several chunks.
#[tokio::test]
async fn a_large_picture_is_read_back_unchanged() {
    let (vault, set, key) = (vault().await, id(), SealingKey::random().unwrap());
    let face = ObjectRole::Image(ImageKind::Face);
    let plain: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    vault.store(&key, &set, face, &plain).await.unwrap();
    vault.copy_to_associated(&set, face).await.unwrap();
    assert!(vault.open(&key, StoragePrefix::Associated, &set, face).await.unwrap() == plain);
    for prefix in [StoragePrefix::Pending, StoragePrefix::Associated] {
        vault.remove(prefix, &set, face).await.unwrap();
    }
}

#[tokio::test]
async fn the_bucket_encrypts_objects_with_our_key_by_default() {
    let (vault, set, key) = (vault().await, id(), SealingKey::random().unwrap());
    let face = ObjectRole::Image(ImageKind::Face);
    vault.store(&key, &set, face, b"face").await.unwrap();
    vault.copy_to_associated(&set, face).await.unwrap();
    let s3 = crate::objects::s3(&aws::config().await);
    for prefix in ["pending", "associated"] {
        let head = s3.head_object().bucket(stack::variable("PHOTOS_BUCKET")).key(format!("{prefix}/{set}/face")).send().await.unwrap();
        let encryption = head.server_side_encryption().map(aws_sdk_s3::types::ServerSideEncryption::as_str);
        assert_eq!(encryption, Some("aws:kms"), "{prefix}");
        assert_eq!(head.ssekms_key_id(), Some(stack::variable("DATA_KEY").as_str()), "{prefix}");
    }
    for prefix in [StoragePrefix::Pending, StoragePrefix::Associated] {
        vault.remove(prefix, &set, face).await.unwrap();
    }
}
