//! The vault: sealed images and previews in S3. The prefix of an object determines how long it is stored.

use std::{future::Future, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_s3::{
    Client,
    error::ProvideErrorMetadata,
    presigning::{PresignedRequest, PresigningConfig},
    primitives::ByteStream,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{ImageKind, business::BusinessId, retention::UPLOAD_URL_VALID, submission::CodeState};
use zeroize::Zeroizing;

use crate::{
    error::{StorageError, failed},
    issuances::Declared,
    sealing::SealingKey,
};

/// Content type of uploads. The presigned URL accepts no other.
pub const UPLOAD_TYPE: &str = "image/jpeg";

/// The headers that the signature of an upload covers, sorted as `X-Amz-SignedHeaders` lists them.
///
/// Clients send all of them. HTTP clients set `host` and `content-length` by themselves. The bucket's CORS rule (template.yaml) allows
/// browsers to send the other headers.
const SIGNED_HEADERS: [&str; 4] = ["content-length", "content-type", HOST, "x-amz-checksum-sha256"];
const HOST: &str = "host";

/// The role of an object in its photo set. It is authenticated when the object is opened, so objects cannot be exchanged for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectRole {
    Image(ImageKind),
    Preview(ImageKind),
}

impl ObjectRole {
    const fn name(self) -> &'static str {
        match self {
            Self::Image(ImageKind::Face) => "face",
            Self::Image(ImageKind::Signature) => "signature",
            Self::Preview(ImageKind::Face) => "face-preview",
            Self::Preview(ImageKind::Signature) => "signature-preview",
        }
    }
}

/// The prefix under which the objects of a photo set are stored. It determines their retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoragePrefix {
    /// The set was never associated. Objects are stored for 14 days.
    Pending,
    /// The set has been associated. Objects are stored for 365 days.
    Associated,
}

impl StoragePrefix {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending/",
            Self::Associated => "associated/",
        }
    }

    /// Returns the prefix of a photo set whose code is in this state.
    pub const fn of(state: CodeState) -> Self {
        match state {
            CodeState::Issued => Self::Pending,
            CodeState::Associated | CodeState::Dissociated => Self::Associated,
        }
    }
}

/// A presigned URL that accepts exactly one upload: this key, length, type and content.
#[derive(Debug, Clone)]
pub struct UploadUrl {
    pub url: String,
    /// Headers that the client must send unchanged. `host` is not among them, because every HTTP client sends it.
    pub headers: Vec<(String, String)>,
}

impl UploadUrl {
    /// Takes the URL and the signed headers from a presigned request. Headers that are not signed are dropped.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] unless exactly [`SIGNED_HEADERS`] are signed. S3 rejects an upload that lacks a signed header, and clients
    /// send only these headers.
    fn of<'a>(url: &str, headers: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, StorageError> {
        let (_, query) = url.split_once('?').unwrap_or_default();
        let signed = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-SignedHeaders="));
        let mut headers: Vec<_> = headers
            .filter(|(name, _)| *name != HOST && SIGNED_HEADERS.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        headers.sort();
        let all = SIGNED_HEADERS.iter().filter(|name| **name != HOST);
        if signed != Some(SIGNED_HEADERS.join("%3B").as_str()) || !headers.iter().map(|(name, _)| name).eq(all) {
            return Err(StorageError::Corrupt("the signed headers of an upload"));
        }
        Ok(Self { url: url.to_owned(), headers })
    }
}

/// An object that was fetched and not yet opened (decrypted).
#[derive(Debug)]
pub struct SealedObject {
    sealed: Zeroizing<Vec<u8>>,
    context: String,
}

impl SealedObject {
    /// Opens the object.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if it was sealed with another key, or for another set or role.
    pub fn open(&self, data_key: &SealingKey) -> Result<Vec<u8>, StorageError> {
        data_key.open(&self.context, &self.sealed)
    }
}

#[derive(Debug, Clone)]
pub struct Vault {
    client: Client,
    bucket: String,
}

impl Vault {
    pub fn new(config: &SdkConfig, bucket: String) -> Self {
        // With a custom endpoint the bucket goes into the path instead of the host name, so that the endpoint's certificate is valid for
        // all buckets.
        Self::with_addressing(config, bucket, std::env::var_os("AWS_ENDPOINT_URL").is_some())
    }

    fn with_addressing(config: &SdkConfig, bucket: String, path_style: bool) -> Self {
        let client = Client::from_conf(
            aws_sdk_s3::config::Builder::from(config)
                .force_path_style(path_style)
                .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(aws_sdk_s3::config::ResponseChecksumValidation::WhenRequired)
                .interceptor(aws::CallCounter)
                .build(),
        );
        Self { client, bucket }
    }

    /// Signs a URL to which the declared picture can be uploaded. Makes no call to AWS.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if the declaration cannot be signed, or if the SDK signs other headers than [`SIGNED_HEADERS`].
    pub async fn presign(
        &self,
        business: &BusinessId,
        upload_id: &str,
        kind: ImageKind,
        declared: &Declared,
    ) -> Result<UploadUrl, StorageError> {
        let digest = hex_to_base64(&declared.sha256).ok_or(StorageError::Corrupt("a declared digest"))?;
        let valid = PresigningConfig::expires_in(Duration::from_secs(UPLOAD_URL_VALID.as_seconds().unsigned_abs()))
            .map_err(|_| StorageError::Corrupt("a presigning time"))?;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(incoming(business, upload_id, kind))
            .content_type(UPLOAD_TYPE)
            .content_length(i64::try_from(declared.bytes).map_err(|_| StorageError::Corrupt("a declared length"))?)
            .checksum_sha256(digest)
            .customize()
            .interceptor(aws::SignOnly(&SIGNED_HEADERS))
            .presigned(valid);
        // Presigning sends nothing, so it must not appear among the calls that the function's log line reports.
        let (signed, _) = aws::counted(request).await;
        let signed: PresignedRequest = signed.map_err(failed("presign"))?;
        UploadUrl::of(signed.uri(), signed.headers())
    }

    /// Fetches an uploaded original. Returns `None` if nothing was uploaded or the original was deleted.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn incoming(
        &self,
        business: &BusinessId,
        upload_id: &str,
        kind: ImageKind,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        match self.get(&incoming(business, upload_id, kind)).await {
            // S3 denies access to an absent object if the caller may not list the bucket.
            Err(StorageError::Denied) => Ok(None),
            other => other,
        }
    }

    /// Deletes an uploaded original. Deleting an absent object is not an error.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn delete_incoming(&self, business: &BusinessId, upload_id: &str, kind: ImageKind) -> Result<(), StorageError> {
        self.delete(&incoming(business, upload_id, kind)).await
    }

    /// Seals an object of a set and stores it as pending.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn store(&self, data_key: &SealingKey, set_id: &str, role: ObjectRole, plain: &[u8]) -> Result<(), StorageError> {
        let sealed = data_key.seal(&context(set_id, role), plain)?;
        self.put(&object(StoragePrefix::Pending, set_id, role), sealed).await
    }

    /// Fetches and opens an object of a set.
    ///
    /// # Errors
    /// Storage errors. An absent object is an error, because callers open only objects that the database lists.
    pub async fn open(
        &self,
        data_key: &SealingKey,
        prefix: StoragePrefix,
        set_id: &str,
        role: ObjectRole,
    ) -> Result<Vec<u8>, StorageError> {
        self.fetch(prefix, set_id, role).await?.open(data_key)
    }

    /// Fetches an object of a set without opening it, so that the caller can fetch the data key at the same time.
    ///
    /// # Errors
    /// The same as [`Self::open`].
    pub async fn fetch(&self, prefix: StoragePrefix, set_id: &str, role: ObjectRole) -> Result<SealedObject, StorageError> {
        let sealed = self.get(&object(prefix, set_id, role)).await?.ok_or(StorageError::Corrupt("an object is missing"))?;
        Ok(SealedObject { sealed, context: context(set_id, role) })
    }

    /// Copies a sealed object from the pending to the associated prefix. Repeating the call has no further effect.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn copy_to_associated(&self, set_id: &str, role: ObjectRole) -> Result<(), StorageError> {
        self.client
            .copy_object()
            .bucket(&self.bucket)
            .copy_source(format!("{}/{}", self.bucket, object(StoragePrefix::Pending, set_id, role)))
            .key(object(StoragePrefix::Associated, set_id, role))
            .send()
            .await
            .map(|_| ())
            .map_err(failed("CopyObject"))
    }

    /// Deletes a pending object of a set that has no code because the code could not be issued.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn delete_pending(&self, set_id: &str, role: ObjectRole) -> Result<(), StorageError> {
        self.remove(StoragePrefix::Pending, set_id, role).await
    }

    /// Deletes an object of a set. Deleting an absent object is not an error.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn remove(&self, prefix: StoragePrefix, set_id: &str, role: ObjectRole) -> Result<(), StorageError> {
        self.delete(&object(prefix, set_id, role)).await
    }

    fn put(&self, key: &str, body: Vec<u8>) -> impl Future<Output = Result<(), StorageError>> + Send + use<> {
        let call = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(body));
        async move { call.send().await.map(|_| ()).map_err(failed("PutObject")) }
    }

    async fn get(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        let output = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => output,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => return Ok(None),
            Err(error) if error.code() == Some("AccessDenied") => return Err(StorageError::Denied),
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let body = output.body.collect().await.map_err(|_| StorageError::Unavailable("GetObject: the body ended early".to_owned()))?;
        Ok(Some(Zeroizing::new(body.to_vec())))
    }

    async fn delete(&self, key: &str) -> Result<(), StorageError> {
        self.client.delete_object().bucket(&self.bucket).key(key).send().await.map(|_| ()).map_err(failed("DeleteObject"))
    }
}

fn incoming(business: &BusinessId, upload_id: &str, kind: ImageKind) -> String {
    format!("incoming/{}/{upload_id}/{}", business.as_str(), kind.name())
}

fn object(prefix: StoragePrefix, set_id: &str, role: ObjectRole) -> String {
    format!("{}{set_id}/{}", prefix.as_str(), role.name())
}

/// Returns the sealing context of an object: its set and its role. The context does not contain the format version, which is the first byte
/// of sealed data.
fn context(set_id: &str, role: ObjectRole) -> String {
    format!("{set_id}/{}", role.name())
}

fn hex_to_base64(hex: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> =
        hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect();
    bytes.filter(|bytes| bytes.len() == 32).map(|bytes| STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use domain::retention::LIFECYCLE;

    use super::*;

    #[test]
    fn every_object_key_begins_with_a_prefix_that_has_a_retention() {
        let role = ObjectRole::Image(ImageKind::Face);
        let business = BusinessId::from_hash("b".into());
        let keys = [
            incoming(&business, "u", ImageKind::Face),
            object(StoragePrefix::Pending, "s", role),
            object(StoragePrefix::Associated, "s", role),
        ];
        for (key, (prefix, _)) in keys.iter().zip(LIFECYCLE) {
            assert!(key.starts_with(prefix), "{key}");
        }
    }

    /// The pages' Content-Security-Policy allows uploads to the origin `Photos.RegionalDomainName` only (template.yaml). The upload URLs
    /// must therefore have this origin.
    #[tokio::test]
    async fn upload_urls_have_the_origin_of_the_bucket() {
        use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-south-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test")))
            .build();
        let vault = Vault::with_addressing(&sdk, "myphoto-photos-1a2b".to_owned(), false);
        let declared = Declared { bytes: 4, sha256: "00".repeat(32) };
        let upload = vault.presign(&BusinessId::from_hash("b".into()), "u", ImageKind::Face, &declared).await.unwrap();
        assert!(upload.url.starts_with("https://myphoto-photos-1a2b.s3.eu-south-1.amazonaws.com/incoming/"), "{}", upload.url);
        let digest = STANDARD.encode([0; 32]);
        let headers = [("content-length", "4"), ("content-type", UPLOAD_TYPE), ("x-amz-checksum-sha256", digest.as_str())];
        assert_eq!(upload.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_upload_url_that_needs_other_headers_is_rejected() {
        const SIGNED: &str = "content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256";
        const HEADERS: [(&str, &str); 3] = [("content-type", UPLOAD_TYPE), ("content-length", "4"), ("x-amz-checksum-sha256", "AA==")];
        let url = |signed: &str| format!("https://bucket.example/key?x-id=PutObject&X-Amz-SignedHeaders={signed}&X-Amz-Signature=00");
        let names = |upload: UploadUrl| upload.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>();

        let valid = UploadUrl::of(&url(SIGNED), HEADERS.into_iter()).unwrap();
        assert_eq!(names(valid), ["content-length", "content-type", "x-amz-checksum-sha256"]);
        let unsigned = [("host", "bucket.example"), ("x-amzn-trace-id", "Root=1"), ("user-agent", "SDK")];
        let with_unsigned = UploadUrl::of(&url(SIGNED), HEADERS.into_iter().chain(unsigned)).unwrap();
        assert_eq!(names(with_unsigned), ["content-length", "content-type", "x-amz-checksum-sha256"]);

        let invalid_lists = [
            format!("{SIGNED}%3Bx-amzn-trace-id"),
            format!("{SIGNED}%3Bx-amz-user-agent"),
            "content-length%3Bcontent-type%3Bhost".to_owned(),
            String::new(),
        ];
        for signed in invalid_lists {
            let error = UploadUrl::of(&url(&signed), HEADERS.into_iter()).unwrap_err();
            assert!(matches!(error, StorageError::Corrupt(_)), "{signed}");
        }
        assert!(UploadUrl::of("https://bucket.example/key", HEADERS.into_iter()).is_err());
        assert!(UploadUrl::of(&url(SIGNED), HEADERS.into_iter().skip(1)).is_err(), "a signed header without its value");
    }

    #[test]
    fn digests_are_read_from_hexadecimal() {
        assert_eq!(hex_to_base64(&"00".repeat(32)).unwrap(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        for text in ["", "00", &"0g".repeat(32), &"00".repeat(33)] {
            assert!(hex_to_base64(text).is_none(), "{text}");
        }
    }
}
