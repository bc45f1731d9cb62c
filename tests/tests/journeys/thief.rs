//! Simulates a thief who has every table and the whole bucket, may use both KMS keys, and tries to decrypt one set of photos.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use domain::CodeNumber;
use journeys::stack;
use storage::{
    codes::{CodeItem, unwrap_key},
    sealing::SealingKey,
};

use crate::{aws, objects};

pub(crate) struct Thief {
    config: aws_config::SdkConfig,
    set_id: String,
    wrapped_key: Vec<u8>,
    /// The sealed preview of the face photo. The thief tries to decrypt it instead of the photo, because it is smaller and sealed under the
    /// same key.
    sealed_preview: Vec<u8>,
}

impl Thief {
    /// Creates a thief who tries to open the associated photos of this code.
    pub(crate) async fn new(code_id: &str) -> Self {
        let config = aws::config().await;
        let key = AttributeValue::S(code_id.to_owned());
        let get = aws::dynamodb(&config).get_item().table_name(stack::variable("CODES_TABLE")).key("code_id", key);
        let item: CodeItem = serde_dynamo::aws_sdk_dynamodb_1::from_item(get.send().await.unwrap().item.unwrap()).unwrap();
        let object = format!("associated/{}/face-preview", item.set_id);
        let get = objects::s3(&config).get_object().bucket(stack::variable("PHOTOS_BUCKET")).key(object);
        let sealed_preview = get.send().await.unwrap().body.collect().await.unwrap().to_vec();
        Self { config, set_id: item.set_id, wrapped_key: item.wrapped_key, sealed_preview }
    }

    /// Returns whether any secret in the tables decrypts the photos. Tries the short binary attributes of all items, and all binary
    /// attributes after decryption by KMS with either key, in each encryption context that the service uses.
    pub(crate) async fn opens(&self) -> bool {
        self.secrets().await.iter().any(|secret| self.opens_by(secret))
    }

    pub(crate) fn opens_with(&self, code: &CodeNumber) -> bool {
        unwrap_key(&self.wrapped_key, code, &self.set_id).is_ok_and(|key| self.opens_picture(&key))
    }

    fn opens_picture(&self, key: &SealingKey) -> bool {
        key.open(&format!("{}/face-preview", self.set_id), &self.sealed_preview).is_ok()
    }

    /// Tries each sequence of 32 bytes in the secret as the data key, each sequence of 16 bytes as the code, and each sequence of 22
    /// characters as the text of the code.
    fn opens_by(&self, secret: &[u8]) -> bool {
        let data_key = |window: &[u8]| self.opens_picture(&SealingKey::from_bytes(window.try_into().unwrap()));
        let code = |window: &[u8]| self.opens_with(&CodeNumber::from_bytes(window.try_into().unwrap()));
        let code_text = |window: &[u8]| {
            std::str::from_utf8(window).ok().and_then(|text| CodeNumber::parse(text).ok()).is_some_and(|code| self.opens_with(&code))
        };
        secret.windows(32).any(data_key) || secret.windows(16).any(code) || secret.windows(22).any(code_text)
    }

    /// Collects the possible secrets of all tables except the sessions, whose content is sealed under tokens that are stored nowhere.
    async fn secrets(&self) -> Vec<Vec<u8>> {
        const SECRET_BYTES_MAX: usize = 128;
        let dynamodb = aws::dynamodb(&self.config);
        let mut secrets = Vec::new();
        for (_, table) in stack::resources("_TABLE").into_iter().filter(|(variable, _)| variable != "SESSIONS_TABLE") {
            let mut items = dynamodb.scan().table_name(&table).into_paginator().items().send();
            while let Some(item) = items.next().await {
                let item = item.unwrap();
                for sealed in item.values().filter_map(|value| value.as_b().ok()) {
                    secrets.extend(self.decrypted_by_kms(sealed.as_ref(), &item).await);
                    if sealed.as_ref().len() <= SECRET_BYTES_MAX {
                        secrets.push(sealed.as_ref().to_vec());
                    }
                }
            }
        }
        secrets
    }

    async fn decrypted_by_kms(&self, sealed: &[u8], item: &HashMap<String, AttributeValue>) -> Vec<Vec<u8>> {
        let kms = aws_sdk_kms::Client::new(&self.config);
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let contexts = [
            (stack::variable("ASSOCIATIONS_KEY"), vec![("subject_id", text("subject_id")), ("set", text("set_id"))]),
            (stack::variable("OUTBOX_KEY"), vec![("message_id", text("message_id"))]),
        ];
        let mut opened = Vec::new();
        for (key, context) in contexts {
            let mut call = kms.decrypt().key_id(key).ciphertext_blob(Blob::new(sealed));
            for (name, value) in context {
                call = call.encryption_context(name, value);
            }
            opened.extend(call.send().await.ok().and_then(|output| output.plaintext).map(Blob::into_inner));
        }
        opened
    }
}
