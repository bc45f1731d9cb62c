//! Code shared by all AWS clients: configuration with trust store and time limits, call statistics, presigning and random bytes.

mod call_statistics;
mod presigning;

use std::{ffi::OsString, time::Duration};

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
use aws_smithy_runtime_api::{client::http::SharedHttpClient, client::runtime_components::RuntimeComponents};
use aws_types::{
    sdk_config,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};
pub use call_statistics::{CallCounter, CallStatistics, completed_rounds, counted, counted_after};
pub use presigning::SignOnly;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time limit of a call with its retries. Most functions time out after 10 s, and the gateway after 29 s.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// Returns the configuration for command-line tools. Credentials and settings come from the default provider chain of the AWS SDK.
pub async fn config() -> SdkConfig {
    with_time_limits(aws_config::load_defaults(BehaviorVersion::latest()).await.into_builder())
}

/// Returns the configuration for Lambda functions. Credentials and settings come only from the environment variables that Lambda sets,
/// because the other providers of the SDK would make every start of a function slower (docs/benchmarks.md). The user agent contains the
/// name of the function, so that CloudTrail shows it and the fault tests know which function makes a call.
pub fn of_function() -> SdkConfig {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .service_config(ServiceEndpoints);
    config.set_region(variable("AWS_REGION").map(Region::new));
    config.set_endpoint_url(variable(ENDPOINT_VARIABLE));
    config.set_app_name(variable("AWS_LAMBDA_FUNCTION_NAME").and_then(|name| AppName::new(name).ok()));
    with_time_limits(config)
}

fn with_time_limits(config: sdk_config::Builder) -> SdkConfig {
    config
        .http_client(http_client(trust_store(std::env::vars_os()), Reuse::Pooled))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(CALL_TIMEOUT)
                .build(),
        )
        .build()
}

const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL";

/// Loads the endpoint of a service from its own variable, such as `AWS_ENDPOINT_URL_SESV2`.
#[derive(Debug)]
struct ServiceEndpoints;

impl LoadServiceConfig for ServiceEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        std::env::var(service_variable(&key)).ok().filter(|value| !value.is_empty())
    }
}

fn service_variable(key: &ServiceConfigKey<'_>) -> String {
    format!("{}_{}", key.env(), key.service_id().to_uppercase().replace([' ', '-'], "_"))
}

/// Root certificates of Amazon Trust Services.
static AMAZON_ROOTS: &str = include_str!("../roots/amazon.pem");

/// Returns the trust store for AWS endpoints. By default it contains only Amazon's root certificates. AWS needs no others, and loading the
/// system's certificates takes longer than everything else that a function does before its first event. Returns the system's certificates
/// if an endpoint is overridden with an `https:` URL, or if `SSL_CERT_FILE` or `SSL_CERT_DIR` is set.
fn trust_store(variables: impl Iterator<Item = (OsString, OsString)>) -> TrustStore {
    let needs_system_roots = |(name, value): (OsString, OsString)| match (name.to_string_lossy(), value.to_string_lossy()) {
        (name, endpoint) if name.starts_with("AWS_ENDPOINT_URL") => endpoint.starts_with("https:"),
        (name, path) => matches!(&*name, "SSL_CERT_FILE" | "SSL_CERT_DIR") && !path.is_empty(),
    };
    if variables.into_iter().any(needs_system_roots) {
        TrustStore::default()
    } else {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    }
}

/// Whether a connection is reused after a response.
#[derive(Debug, Clone, Copy)]
enum Reuse {
    /// The connection is pooled for later requests. If it has been closed meanwhile, the SDK retries the request.
    Pooled,
    /// The connection is closed.
    Never,
}

/// Returns the default HTTP client of the SDK with the given trust store and connection reuse.
fn http_client(trust_store: TrustStore, reuse: Reuse) -> SharedHttpClient {
    // `build` cannot fail here, because it only stores the trust store.
    let context = TlsContext::builder().with_trust_store(trust_store).build().unwrap_or_default();
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

/// Returns a configuration for calls that must not be retried automatically, such as sending messages. The single attempt may take as long
/// as a whole call with retries.
///
/// Each request opens a new connection. Lambda freezes a process between events for minutes, during which AWS closes idle connections.
/// Without retries, the next request on such a connection would be lost (docs/decisions/delivery.md).
pub fn single_attempt(config: &SdkConfig) -> SdkConfig {
    config
        .to_builder()
        .http_client(http_client(trust_store(std::env::vars_os()), Reuse::Never))
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(CALL_TIMEOUT)
                .operation_timeout(CALL_TIMEOUT)
                .build(),
        )
        .build()
}

/// The operating system's random source failed.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes")]
pub struct NoRandom;

/// Fills `bytes` with cryptographically secure random bytes.
///
/// # Errors
/// Returns an error if the random source fails.
pub fn random(bytes: &mut [u8]) -> Result<(), NoRandom> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| NoRandom)
}

/// Returns `N` cryptographically secure random bytes.
///
/// # Errors
/// Returns an error if the random source fails.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    random(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// SHA-256 digests of the certificates of Amazon Root CA 1 to 4 and of Starfield Services Root Certificate Authority - G2, as listed on
    /// <https://www.amazontrust.com/repository/>.
    const DIGESTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_trusted_roots_are_the_five_of_amazon() {
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
    fn system_roots_are_trusted_for_other_https_endpoints_or_if_the_environment_says_so() {
        let trusts_system = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
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
    fn each_service_has_its_own_endpoint_variable() {
        for (service, variable) in [("SESv2", "AWS_ENDPOINT_URL_SESV2"), ("API Gateway", "AWS_ENDPOINT_URL_API_GATEWAY")] {
            let key = ServiceConfigKey::builder().service_id(service).env(ENDPOINT_VARIABLE).profile("endpoint_url").build();
            assert_eq!(service_variable(&key.expect("a key")), variable);
        }
    }

    /// Response of DynamoDB to `ListTables` if there are no tables.
    const RESPONSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";

    #[tokio::test]
    async fn an_endpoint_is_trusted_only_if_its_root_is_in_the_trust_store() {
        let (endpoint, _) = tls::answering(RESPONSE).await;
        let list_tables = async |trust_store: TrustStore| {
            let config = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(aws_sdk_dynamodb::config::Region::from_static("eu-south-1"))
                .credentials_provider(aws_sdk_dynamodb::config::Credentials::new("id", "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .endpoint_url(&endpoint.url)
                .http_client(http_client(trust_store, Reuse::Pooled));
            aws_sdk_dynamodb::Client::from_conf(config.build()).list_tables().send().await
        };
        list_tables(TrustStore::empty().with_pem_certificate(endpoint.root.as_str())).await.expect("the endpoint is trusted");
        let error = list_tables(trust_store(std::iter::empty())).await.expect_err("the root is not one of Amazon's");
        assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
        let (other, _) = tls::answering(RESPONSE).await;
        let error =
            list_tables(TrustStore::empty().with_pem_certificate(other.root.as_str())).await.expect_err("another root of the same name");
        assert!(format!("{error:?}").contains("BadSignature") || format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    }
}
