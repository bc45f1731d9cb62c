//! What every client of AWS shares: one configuration and HTTP client, time limits, a count of calls, randomness.

use std::{cell::Cell, future::Future, time::Duration};

pub use aws_config::SdkConfig;
use aws_config::{AppName, BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::interceptors::{Intercept, context::BeforeTransmitInterceptorContextRef, dyn_dispatch_hint},
    client::runtime_components::RuntimeComponents,
};
use aws_smithy_types::config_bag::ConfigBag;

/// One attempt, and a whole call with its retries. The gateway gives up after 29 s, most functions after 10.
const ATTEMPT: Duration = Duration::from_secs(3);
const CALL: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(1);

/// The configuration, from the environment as every AWS SDK reads it (`AWS_ENDPOINT_URL` included). In a function the user agent
/// names it: CloudTrail shows it, and so the tests of faults know whose call they break.
pub async fn config() -> SdkConfig {
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok().and_then(|name| AppName::new(name).ok());
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(function) = function {
        loader = loader.app_name(function);
    }
    loader
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build(),
        )
        .load()
        .await
}

/// For calls that must not be made twice by themselves, such as sending: one attempt, with the time of all. Whoever sends
/// decides about another.
pub fn single_attempt(config: &SdkConfig) -> SdkConfig {
    config
        .to_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(CALL).operation_timeout(CALL).build())
        .build()
}

tokio::task_local! {
    static CALLS: Cell<u32>;
}

/// Runs a future and says how many calls to AWS it made, retries included.
pub async fn counted<F: Future>(future: F) -> (F::Output, u32) {
    CALLS
        .scope(Cell::new(0), async {
            let output = future.await;
            (output, CALLS.with(Cell::get))
        })
        .await
}

/// Counts the requests that leave. Every client of ours is built with it.
#[derive(Debug, Clone, Copy)]
pub struct CallCounter;

#[dyn_dispatch_hint]
impl Intercept for CallCounter {
    fn name(&self) -> &'static str {
        "CallCounter"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Outside of a counted future (at start-up) there is nothing to count for.
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
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
