//! Values that are used once: the `state` of a sign-in, the `jti` of an application's signed request.

use aws_sdk_dynamodb::{Client, types::ReturnValue};
use domain::{Moment, application::ApplicationId, session::SIGN_IN_VALID};
use serde::{Deserialize, Serialize};

use crate::{
    error::{StorageError, failed},
    sealing::digest_text,
    table::{TTL_ATTRIBUTE, Table, from_item, is_live, key, moment, text, to_item},
};

const KEY: &str = "nonce";
const BY: &str = "used_by";

/// A sign-in under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Digest of the cookie of the browser that began it.
    pub browser: String,
    /// Where to go afterwards: a path of ours.
    pub return_to: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct NonceItem {
    nonce: String,
    expires_at: Moment,
    sign_in: SignIn,
}

#[derive(Debug, Serialize)]
struct UsedItem<'a> {
    nonce: String,
    expires_at: Moment,
    /// The call that used it: the same one may write it again, as the SDK does where an answer is lost.
    used_by: &'a str,
}

#[derive(Debug, Clone)]
pub struct Nonces(Table);

impl Nonces {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// # Errors
    /// Storage errors.
    pub async fn begin_sign_in(&self, state: &str, sign_in: SignIn, now: Moment) -> Result<bool, StorageError> {
        let item = NonceItem { nonce: state_key(state), expires_at: now.plus(SIGN_IN_VALID), sign_in };
        self.0.put_new(to_item(&item)?, KEY, now).await
    }

    /// Takes the sign-in of this state, once. None where the state is unknown, used or expired.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn take_sign_in(&self, state: &str, now: Moment) -> Result<Option<SignIn>, StorageError> {
        let output = self
            .0
            .client
            .delete_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, &state_key(state))))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(failed("DeleteItem"))?;
        let item = output.attributes.filter(|item| is_live(item, now));
        item.map(|item| from_item::<NonceItem>(item).map(|nonce| nonce.sign_in)).transpose()
    }

    /// Uses the `jti` of an application's request, once, and remembers it until `until`. False where it was used before.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn use_jti(
        &self,
        application: &ApplicationId,
        jti: &str,
        call: &str,
        until: Moment,
        now: Moment,
    ) -> Result<bool, StorageError> {
        let item = UsedItem { nonce: jti_key(application, jti), expires_at: until, used_by: call };
        let result = self
            .0
            .client
            .put_item()
            .table_name(&self.0.name)
            .set_item(Some(to_item(&item)?))
            .condition_expression("attribute_not_exists(#key) OR #end <= :now OR #by = :call")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#end", TTL_ATTRIBUTE)
            .expression_attribute_names("#by", BY)
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":call", text(call))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(false),
            Err(error) => Err(failed("PutItem")(error)),
        }
    }
}

fn state_key(state: &str) -> String {
    format!("state#{}", digest_text(state))
}

fn jti_key(application: &ApplicationId, jti: &str) -> String {
    format!("jti#{application}#{}", digest_text(jti))
}
