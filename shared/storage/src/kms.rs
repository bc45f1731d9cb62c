//! Encryption of small secrets by AWS KMS. Only functions whose role has the permission can decrypt, and CloudTrail records each
//! decryption.

use aws_config::SdkConfig;
use aws_sdk_kms::{Client, primitives::Blob};
use zeroize::Zeroizing;

use crate::error::{StorageError, failed};

/// A KMS key. The encryption context names the item that a blob belongs to, so that the blob cannot be opened as part of another item.
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

    /// Encrypts a secret of up to 4 KiB.
    ///
    /// # Errors
    /// Errors of KMS.
    pub async fn seal(&self, context: &[(&str, &str)], plain: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut call = self.client.encrypt().key_id(&self.key_id).plaintext(Blob::new(plain));
        for (name, value) in context {
            call = call.encryption_context(*name, *value);
        }
        let output = call.send().await.map_err(failed("Encrypt"))?;
        output.ciphertext_blob.map(Blob::into_inner).ok_or(StorageError::Corrupt("KMS gave no ciphertext"))
    }

    /// Decrypts a secret.
    ///
    /// # Errors
    /// Errors of KMS, which also rejects a context other than the one given to [`Self::seal`].
    pub async fn open(&self, context: &[(&str, &str)], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StorageError> {
        // The blob contains the ID of its key, so `key_id` is optional here. It is set so that KMS rejects a blob encrypted with another
        // key.
        let mut call = self.client.decrypt().key_id(&self.key_id).ciphertext_blob(Blob::new(sealed));
        for (name, value) in context {
            call = call.encryption_context(*name, *value);
        }
        let output = call.send().await.map_err(failed("Decrypt"))?;
        output.plaintext.map(|blob| Zeroizing::new(blob.into_inner())).ok_or(StorageError::Corrupt("KMS gave no plaintext"))
    }
}
