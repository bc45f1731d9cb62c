//! What every client of AWS shares: one configuration and HTTP client, time limits, a count of calls and rounds, randomness.

mod presigning;

use std::{cell::Cell, ffi::OsString, future::Future, time::Duration};

pub use aws_config::SdkConfig;
use aws_config::{
    AppName, BehaviorVersion, Region, environment::EnvironmentVariableCredentialsProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::http::SharedHttpClient,
    client::interceptors::{
        Intercept,
        context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
        dyn_dispatch_hint,
    },
    client::retries::RequestAttempts,
    client::runtime_components::RuntimeComponents,
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_types::{
    sdk_config,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};
pub use presigning::SignOnly;

/// One attempt, and a whole call with its retries. The gateway gives up after 29 s, most functions after 10.
const ATTEMPT: Duration = Duration::from_secs(3);
const CALL: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(1);

/// For commands: wherever the shell of whoever types them has its credentials, as every AWS SDK looks for them.
pub async fn config() -> SdkConfig {
    within_limits(aws_config::load_defaults(BehaviorVersion::latest()).await.into_builder())
}

/// For functions: what Lambda puts into their environment, and nothing else. Every place where an SDK could look for credentials and
/// settings is code to load, to relocate and to run before the first event (docs/benchmarks.md). The user agent names the function:
/// CloudTrail shows it, and so the tests of faults know whose call they break.
pub fn of_function() -> SdkConfig {
    let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .service_config(Endpoints);
    config.set_region(text("AWS_REGION").map(Region::new));
    config.set_endpoint_url(text(ENDPOINT));
    config.set_app_name(text("AWS_LAMBDA_FUNCTION_NAME").and_then(|name| AppName::new(name).ok()));
    within_limits(config)
}

fn within_limits(config: sdk_config::Builder) -> SdkConfig {
    config
        .http_client(http_client(trust_store(std::env::vars_os()), Reuse::Pooled))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build(),
        )
        .build()
}

const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// The endpoint of one service where it has a variable of its own, such as `AWS_ENDPOINT_URL_SESV2`.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        std::env::var(own_variable(&key)).ok().filter(|value| !value.is_empty())
    }
}

fn own_variable(key: &ServiceConfigKey<'_>) -> String {
    format!("{}_{}", key.env(), key.service_id().to_uppercase().replace([' ', '-'], "_"))
}

/// Whose word proves that it is AWS.
static AMAZON_ROOTS: &str = include_str!("../roots/amazon.pem");

/// Amazon's own roots: reading all that a system trusts takes longer than everything else that a function does before its first event, and
/// whom AWS is not certified by need not be trusted. The system's where an endpoint is another one, or it is said what the system trusts.
fn trust_store(variables: impl Iterator<Item = (OsString, OsString)>) -> TrustStore {
    let is_elsewhere = |(name, value): (OsString, OsString)| match (name.to_string_lossy(), value.to_string_lossy()) {
        (name, endpoint) if name.starts_with("AWS_ENDPOINT_URL") => endpoint.starts_with("https:"),
        (name, path) => matches!(&*name, "SSL_CERT_FILE" | "SSL_CERT_DIR") && !path.is_empty(),
    };
    if variables.into_iter().any(is_elsewhere) { TrustStore::default() } else { TrustStore::empty().with_pem_certificate(AMAZON_ROOTS) }
}

/// What becomes of a connection after a response.
#[derive(Debug, Clone, Copy)]
enum Reuse {
    /// It is kept for later requests. The SDK repeats a request that meets a closed one.
    Pooled,
    /// It is closed.
    Never,
}

/// Returns the SDK's own client, but with the given trust store and pool.
fn http_client(trusted: TrustStore, reuse: Reuse) -> SharedHttpClient {
    // Fails nowhere: it takes what it is given.
    let context = TlsContext::builder().with_trust_store(trusted).build().unwrap_or_default();
    aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context.clone());
        connector.set_pool_max_idle_per_host(match reuse {
            Reuse::Pooled => None,
            Reuse::Never => Some(0),
        });
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

/// Returns a configuration for calls that must not be repeated automatically, such as sending: one attempt, with the time limit of all.
///
/// Each request opens a connection of its own. Lambda freezes a process between events, for minutes; meanwhile AWS closes idle connections,
/// and without a retry the next request on one of them is lost (docs/decisions/delivery.md).
pub fn single_attempt(config: &SdkConfig) -> SdkConfig {
    config
        .to_builder()
        .http_client(http_client(trust_store(std::env::vars_os()), Reuse::Never))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(CALL).operation_timeout(CALL).build())
        .build()
}

/// What was asked of AWS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallStatistics {
    /// Requests that left, repeated ones included.
    pub calls: u32,
    /// Of those, the SDK's own repetitions.
    pub retries: u32,
    /// How many followed one another: each began after one of the round before it was answered.
    pub rounds: u32,
    /// Of the calls, those of work beside the main one.
    pub background_calls: u32,
    answered: u32,
}

impl CallStatistics {
    /// Together with that of work which went on beside it.
    #[must_use]
    pub fn alongside(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            retries: self.retries + other.retries,
            rounds: self.rounds.max(other.rounds),
            background_calls: self.background_calls + other.calls,
            answered: self.answered.max(other.answered),
        }
    }
}

tokio::task_local! {
    static CALL_STATISTICS: Cell<CallStatistics>;
}

/// Runs a future and says what it asked of AWS.
pub async fn counted<F: Future>(future: F) -> (F::Output, CallStatistics) {
    counted_after(0, future).await
}

/// For a task of its own, which begins when `rounds` rounds were answered.
pub async fn counted_after<F: Future>(rounds: u32, future: F) -> (F::Output, CallStatistics) {
    CALL_STATISTICS
        .scope(Cell::new(CallStatistics { answered: rounds, ..CallStatistics::default() }), async {
            let output = future.await;
            (output, CALL_STATISTICS.with(Cell::get))
        })
        .await
}

/// How many rounds were answered so far. 0 outside of a counted future.
pub fn rounds_answered() -> u32 {
    CALL_STATISTICS.try_with(|statistics| statistics.get().answered).unwrap_or_default()
}

/// Counts the requests that leave. Every client of ours is built with it.
#[derive(Debug, Clone, Copy)]
pub struct CallCounter;

/// The round that a request belongs to.
#[derive(Debug, Clone, Copy)]
struct Round(u32);

impl Storable for Round {
    type Storer = StoreReplace<Self>;
}

// Outside of a counted future (at start-up) there is nothing to count for.
#[dyn_dispatch_hint]
impl Intercept for CallCounter {
    fn name(&self) -> &'static str {
        "CallCounter"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_retry = config.load::<RequestAttempts>().is_some_and(|attempt| attempt.attempts() > 1);
        let round = CALL_STATISTICS.try_with(|cell| {
            let CallStatistics { calls, retries, rounds, answered, .. } = cell.get();
            let round = answered + 1;
            cell.set(CallStatistics { calls: calls + 1, retries: retries + u32::from(is_retry), rounds: rounds.max(round), ..cell.get() });
            round
        });
        if let Ok(round) = round {
            config.interceptor_state().store_put(Round(round));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        _context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Round(round)) = config.load::<Round>().copied() {
            let _ = CALL_STATISTICS.try_with(|cell| cell.set(CallStatistics { answered: cell.get().answered.max(round), ..cell.get() }));
        }
        Ok(())
    }
}

/// The operating system's random source failed. Nothing can go on without it.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes")]
pub struct NoRandom;

/// Fills `bytes` from the cryptographic random source.
///
/// # Errors
/// Where the source fails.
pub fn random(bytes: &mut [u8]) -> Result<(), NoRandom> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| NoRandom)
}

/// `N` random bytes.
///
/// # Errors
/// Where the source fails.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    random(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// SHA-256 of the certificates of Amazon Root CA 1 to 4 and of Starfield Services Root Certificate Authority - G2, as
    /// <https://www.amazontrust.com/repository/> lists them.
    const DIGESTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_the_five_of_amazon() {
        let certificates = AMAZON_ROOTS.split("-----BEGIN CERTIFICATE-----").skip(1).map(|rest| {
            let text: String = rest.split("-----END").next().unwrap_or_default().split_whitespace().collect();
            let bytes = aws_smithy_types::base64::decode(text).expect("base64");
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
            digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        });
        assert_eq!(certificates.collect::<Vec<_>>(), DIGESTS);
    }

    #[test]
    fn elsewhere_or_where_it_is_said_the_system_is_trusted() {
        let trusts_system = |set: &[(&str, &str)]| {
            let variables = set.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
            format!("{:?}", trust_store(variables)).contains("enable_native_roots: true")
        };
        assert!(!trusts_system(&[]));
        assert!(!trusts_system(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("SSL_CERT_FILE", ""), ("OTHER", "https://a.example")]));
        assert!(trusts_system(&[("AWS_ENDPOINT_URL", "https://emulator.example")]));
        assert!(trusts_system(&[("AWS_ENDPOINT_URL_S3", "https://storage.example")]));
        assert!(trusts_system(&[("SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt")]));
        assert!(trusts_system(&[("SSL_CERT_DIR", "/etc/ssl/certs")]));
    }

    #[test]
    fn a_service_may_have_an_endpoint_of_its_own() {
        for (service, variable) in [("SESv2", "AWS_ENDPOINT_URL_SESV2"), ("API Gateway", "AWS_ENDPOINT_URL_API_GATEWAY")] {
            let key = ServiceConfigKey::builder().service_id(service).env(ENDPOINT).profile("endpoint_url").build();
            assert_eq!(own_variable(&key.expect("a key")), variable);
        }
    }

    /// As of DynamoDB that has no tables.
    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";

    #[tokio::test]
    async fn an_endpoint_is_believed_only_if_its_root_is_one_of_those_that_are_trusted() {
        let (endpoint, _) = tls::answering(ANSWER).await;
        let asked = async |trusted: TrustStore| {
            let config = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(aws_sdk_dynamodb::config::Region::from_static("eu-south-1"))
                .credentials_provider(aws_sdk_dynamodb::config::Credentials::new("id", "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .endpoint_url(&endpoint.url)
                .http_client(http_client(trusted, Reuse::Pooled));
            aws_sdk_dynamodb::Client::from_conf(config.build()).list_tables().send().await
        };
        asked(TrustStore::empty().with_pem_certificate(endpoint.root.as_str())).await.expect("believed");
        let refused = asked(trust_store(std::iter::empty())).await.expect_err("not one of Amazon's");
        assert!(format!("{refused:?}").contains("UnknownIssuer"), "{refused:?}");
        let (other, _) = tls::answering(ANSWER).await;
        let refused = asked(TrustStore::empty().with_pem_certificate(other.root.as_str())).await.expect_err("of the same name");
        assert!(format!("{refused:?}").contains("BadSignature") || format!("{refused:?}").contains("UnknownIssuer"), "{refused:?}");
    }
}
