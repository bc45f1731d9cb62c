//! The bucket: what an upload's address takes, and where sealed pictures lie.

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
/// As long.
const ANOTHER: &[u8] = b"as_declared";

async fn vault() -> Vault {
    Vault::new(&aws::config().await, stack::variable("PHOTOS_BUCKET"))
}

struct Upload {
    vault: Vault,
    business: BusinessId,
    id: String,
    address: UploadUrl,
}

impl Upload {
    async fn begin() -> Self {
        let (vault, business, id) = (vault().await, business(), storage::time_ordered_id());
        let declared = Declared { bytes: PICTURE.len() as u64, sha256: sha256_hex(PICTURE) };
        let address = vault.presign(&business, &id, ImageKind::Face, &declared).await.unwrap();
        Self { vault, business, id, address }
    }

    /// As a browser sends it, but for one thing: an empty value leaves a header out.
    async fn send(&self, method: Method, url: &str, changed: Option<(&'static str, &'static str)>, body: &'static [u8]) -> StatusCode {
        let mut headers = HeaderMap::new();
        // The length is that of the body: no client that speaks HTTP says another.
        for (name, value) in self.address.headers.iter().filter(|(name, _)| name != "content-length") {
            headers.insert(reqwest::header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        match changed {
            Some((name, "")) => drop(headers.remove(name).unwrap()),
            Some((name, value)) => drop(headers.insert(name, value.parse().unwrap())),
            None => {}
        }
        let answer = stack::client().request(method, url).headers(headers).body(body).send().await.unwrap();
        answer.status()
    }

    async fn stored(&self) -> Option<Vec<u8>> {
        self.vault.incoming(&self.business, &self.id, ImageKind::Face).await.unwrap().map(|bytes| bytes.to_vec())
    }
}

#[tokio::test]
async fn an_address_takes_the_picture_that_was_declared() {
    let upload = Upload::begin().await;
    assert_eq!(upload.stored().await, None);
    assert_eq!(upload.send(Method::PUT, &upload.address.url, None, PICTURE).await, 200);
    assert_eq!(upload.stored().await.as_deref(), Some(PICTURE));
    assert_eq!(upload.send(Method::PUT, &upload.address.url, None, PICTURE).await, 200, "again");
    let delete = || upload.vault.delete_incoming(&upload.business, &upload.id, ImageKind::Face);
    delete().await.unwrap();
    assert_eq!(upload.stored().await, None);
    delete().await.unwrap();
}

/// That nothing is stored counts: the status is S3's.
#[tokio::test]
async fn an_address_takes_no_other_picture() {
    let upload = Upload::begin().await;
    let url = upload.address.url.as_str();
    let put = Method::PUT;
    let elsewhere = url.replace("/face?", "/signature?");
    let for_longer = url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000");
    let signature = url.split_once("X-Amz-Signature=").unwrap().1;
    let unsigned = url.replace(signature, &signature.chars().rev().collect::<String>());
    assert!([&elsewhere, &for_longer, &unsigned].iter().all(|changed| *changed != url));
    let of_another = aws_sha256(ANOTHER);
    for (url, changed, body, why) in [
        (url, None, ANOTHER, "another content of that length"),
        (url, None, &PICTURE[1..], "a shorter one"),
        (url, None, b"as declared, and more", "a longer one"),
        (url, Some(("x-amz-checksum-sha256", of_another)), ANOTHER, "another content with its own digest"),
        (url, Some(("x-amz-checksum-sha256", "")), PICTURE, "without the digest"),
        (url, Some(("content-type", "text/html")), PICTURE, "as another type"),
        (url, Some(("content-type", "")), PICTURE, "without its type"),
        (&elsewhere, None, PICTURE, "as another file"),
        (&for_longer, None, PICTURE, "with another end"),
        (&unsigned, None, PICTURE, "without our signature"),
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

/// SHA-256 in base64, for a header.
fn aws_sha256(bytes: &[u8]) -> &'static str {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)).leak()
}

#[tokio::test]
async fn a_picture_is_opened_with_its_key_at_its_place_and_stays_where_it_was_kept() {
    let (vault, set, key) = (vault().await, id(), SealingKey::random().unwrap());
    let [face, preview] = [ObjectRole::Image(ImageKind::Face), ObjectRole::Preview(ImageKind::Face)];
    for (part, plain) in [(face, b"face".as_slice()), (preview, b"preview")] {
        vault.store(&key, &set, part, plain).await.unwrap();
    }
    let open = |shelf, part| vault.open(&key, shelf, &set, part);
    assert_eq!(open(StoragePrefix::Pending, face).await.unwrap(), b"face");
    assert_eq!(open(StoragePrefix::Pending, preview).await.unwrap(), b"preview");
    let other = SealingKey::random().unwrap();
    assert!(matches!(vault.open(&other, StoragePrefix::Pending, &set, face).await, Err(StorageError::Corrupt(_))));
    assert!(matches!(open(StoragePrefix::Associated, face).await, Err(StorageError::Corrupt("an object is missing"))));
    for _ in 0..2 {
        vault.copy_to_associated(&set, face).await.unwrap();
    }
    assert!(vault.copy_to_associated(&id(), face).await.is_err(), "there is none to be kept");
    assert_eq!(open(StoragePrefix::Associated, face).await.unwrap(), b"face");
    vault.delete_pending(&set, face).await.unwrap();
    assert!(open(StoragePrefix::Pending, face).await.is_err());
    assert_eq!(open(StoragePrefix::Associated, face).await.unwrap(), b"face", "the copy stays");
    for _ in 0..2 {
        vault.remove(StoragePrefix::Associated, &set, face).await.unwrap();
    }
    assert!(open(StoragePrefix::Associated, face).await.is_err());
    vault.delete_pending(&set, preview).await.unwrap();
}

/// Over some MiB, whatever chunks it comes in.
#[tokio::test]
async fn a_large_picture_comes_back_as_it_was() {
    let (vault, set, key) = (vault().await, id(), SealingKey::random().unwrap());
    let face = ObjectRole::Image(ImageKind::Face);
    let plain: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    vault.store(&key, &set, face, &plain).await.unwrap();
    vault.copy_to_associated(&set, face).await.unwrap();
    assert!(vault.open(&key, StoragePrefix::Associated, &set, face).await.unwrap() == plain);
    for shelf in [StoragePrefix::Pending, StoragePrefix::Associated] {
        vault.remove(shelf, &set, face).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_stored_is_encrypted_under_our_key_although_no_call_says_so() {
    let (vault, set, key) = (vault().await, id(), SealingKey::random().unwrap());
    let face = ObjectRole::Image(ImageKind::Face);
    vault.store(&key, &set, face, b"face").await.unwrap();
    vault.copy_to_associated(&set, face).await.unwrap();
    let s3 = crate::objects::s3(&aws::config().await);
    for shelf in ["pending", "associated"] {
        let head = s3.head_object().bucket(stack::variable("PHOTOS_BUCKET")).key(format!("{shelf}/{set}/face")).send().await.unwrap();
        let encryption = head.server_side_encryption().map(aws_sdk_s3::types::ServerSideEncryption::as_str);
        assert_eq!(encryption, Some("aws:kms"), "{shelf}");
        assert_eq!(head.ssekms_key_id(), Some(stack::variable("DATA_KEY").as_str()), "{shelf}");
    }
    for shelf in [StoragePrefix::Pending, StoragePrefix::Associated] {
        vault.remove(shelf, &set, face).await.unwrap();
    }
}
