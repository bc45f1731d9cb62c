//! The table `Nonces`: values that can be used once. These are the `state` of a sign-in, the code that an app exchanges for its session,
//! and the `jti` of an application's signed request.

use aws_sdk_dynamodb::{Client, types::ReturnValue};
use domain::{
    Language, Moment,
    application::ApplicationId,
    native_app::{AppSignIn, CodeChallenge, RedirectUri},
    session::{EXCHANGE_VALID, SIGN_IN_VALID},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    error::{StorageError, failed},
    sealing::{ExchangeCode, SessionToken, sha256_base64url},
    table::{TTL_ATTRIBUTE, Table, from_item, is_live, key, moment, text, to_item},
};

const KEY: &str = "nonce";
const USED_BY: &str = "used_by";
/// Sealing context of a session token.
const TOKEN_CONTEXT: &str = "exchange token";

/// A sign-in that has started and is not completed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Digest of the cookie of the browser that started the sign-in.
    pub browser: String,
    /// The path of this site to which the browser is redirected after the sign-in.
    pub return_to: String,
    /// The language that the person chose on the page where the sign-in began. Absent if the request named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The app that started the sign-in and receives the session. Absent if the browser itself receives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppSignIn>,
}

/// The session token that an app receives for its exchange code, and the values with which the app's request is compared.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub redirect_uri: RedirectUri,
    pub code_challenge: CodeChallenge,
    pub token: SessionToken,
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
    /// ID of the call that used the value. The same call may write the item again, because the SDK repeats a write whose response was lost.
    used_by: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
struct ExchangeItem {
    nonce: String,
    expires_at: Moment,
    redirect_uri: RedirectUri,
    code_challenge: CodeChallenge,
    /// Session token, sealed with a key derived from the exchange code.
    #[serde(with = "serde_bytes")]
    token: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Nonces(Table);

impl Nonces {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Stores a sign-in under its `state`.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn begin_sign_in(&self, state: &str, sign_in: SignIn, now: Moment) -> Result<(), StorageError> {
        let item = NonceItem { nonce: state_key(state), expires_at: now.plus(SIGN_IN_VALID), sign_in };
        self.0.put(to_item(&item)?).await
    }

    /// Removes and returns the sign-in with this `state`. Returns `None` if the `state` is unknown, used or expired.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn take_sign_in(&self, state: &str, now: Moment) -> Result<Option<SignIn>, StorageError> {
        Ok(self.take::<NonceItem>(&state_key(state), now).await?.map(|nonce| nonce.sign_in))
    }

    /// Stores a session token for the app that will present this exchange code.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn begin_exchange(
        &self,
        code: &ExchangeCode,
        app: &AppSignIn,
        token: &SessionToken,
        now: Moment,
    ) -> Result<(), StorageError> {
        let item = ExchangeItem {
            nonce: exchange_key(code),
            expires_at: now.plus(EXCHANGE_VALID),
            redirect_uri: app.redirect_uri.clone(),
            code_challenge: app.code_challenge.clone(),
            token: code.key().seal(TOKEN_CONTEXT, Zeroizing::new(token.expose()).as_bytes())?,
        };
        self.0.put(to_item(&item)?).await
    }

    /// Removes and returns the exchange with this code. Returns `None` if the code is unknown, used or expired.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn take_exchange(&self, code: &ExchangeCode, now: Moment) -> Result<Option<Exchange>, StorageError> {
        let Some(item) = self.take::<ExchangeItem>(&exchange_key(code), now).await? else {
            return Ok(None);
        };
        let plain = Zeroizing::new(code.key().open(TOKEN_CONTEXT, &item.token)?);
        let token = std::str::from_utf8(&plain).ok().and_then(SessionToken::parse).ok_or(StorageError::Corrupt("a token"))?;
        Ok(Some(Exchange { redirect_uri: item.redirect_uri, code_challenge: item.code_challenge, token }))
    }

    /// Deletes an item and returns it in one call, so that only one of several concurrent calls gets it.
    async fn take<T: DeserializeOwned>(&self, nonce: &str, now: Moment) -> Result<Option<T>, StorageError> {
        let output = self
            .0
            .client
            .delete_item()
            .table_name(&self.0.name)
            .set_key(Some(key(KEY, nonce)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(failed("DeleteItem"))?;
        output.attributes.filter(|item| is_live(item, now)).map(from_item).transpose()
    }

    /// Marks the `jti` of an application's request as used until `until`. Returns `false` if another call has used it before.
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
            .expression_attribute_names("#by", USED_BY)
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
    format!("state#{}", sha256_base64url(state))
}

fn jti_key(application: &ApplicationId, jti: &str) -> String {
    format!("jti#{application}#{}", sha256_base64url(jti))
}

fn exchange_key(code: &ExchangeCode) -> String {
    format!("exchange#{}", code.id())
}
