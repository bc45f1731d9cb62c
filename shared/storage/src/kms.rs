//! Small secrets sealed by AWS KMS: opened only by the functions whose role may, each opening seen in CloudTrail.

use aws_config::SdkConfig;
use aws_sdk_kms::{Client, primitives::Blob};
use zeroize::Zeroizing;

use crate::error::{StorageError, failed};

/// One KMS key. The encryption context binds a blob to its place: moved elsewhere it does not open.
#[derive(Debug, Clone)]
pub struct KmsKey {
    client: Client,
    key_id: String,
}

impl KmsKey {
    pub fn new(config: &SdkConfig, key_id: String) -> Self {
        let client = Client::from_conf(aws_sdk_kms::config::Builder::from(config).interceptor(aws::CallCounter).build());
        Self { client, key_id }
    }

    /// # Errors
    /// Storage errors.
    pub async fn seal(&self, context: &[(&str, &str)], plain: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut call = self.client.encrypt().key_id(&self.key_id).plaintext(Blob::new(plain));
        for (name, value) in context {
            call = call.encryption_context(*name, *value);
        }
        let output = call.send().await.map_err(failed("Encrypt"))?;
        output.ciphertext_blob.map(Blob::into_inner).ok_or(StorageError::Corrupt("KMS gave no ciphertext"))
    }

    /// # Errors
    /// Storage errors; another context is one.
    pub async fn open(&self, context: &[(&str, &str)], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StorageError> {
        // The key is named, although the blob names one too: a blob under another key of the account is refused.
        let mut call = self.client.decrypt().key_id(&self.key_id).ciphertext_blob(Blob::new(sealed));
        for (name, value) in context {
            call = call.encryption_context(*name, *value);
        }
        let output = call.send().await.map_err(failed("Decrypt"))?;
        output.plaintext.map(|blob| Zeroizing::new(blob.into_inner())).ok_or(StorageError::Corrupt("KMS gave no plaintext"))
    }
}
