//! Values that are used once: the `state` of a sign-in.

use aws_sdk_dynamodb::{Client, types::ReturnValue};
use domain::{Moment, session::SIGN_IN_VALID};
use serde::{Deserialize, Serialize};

use crate::{
    error::{StorageError, failed},
    sealing::digest_text,
    table::{Table, from_item, is_live, key, to_item},
};

const KEY: &str = "nonce";

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
}

fn state_key(state: &str) -> String {
    format!("state#{}", digest_text(state))
}
