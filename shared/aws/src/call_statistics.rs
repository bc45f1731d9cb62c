//! Statistics of requests to AWS: how many requests, retries and consecutive rounds an operation needs.

use std::{cell::Cell, future::Future};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
            dyn_dispatch_hint,
        },
        retries::RequestAttempts,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// Statistics of the requests to AWS that a future made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallStatistics {
    /// Requests sent, including retries.
    pub calls: u32,
    /// How many of `calls` were retries by the SDK.
    pub retries: u32,
    /// Number of consecutive rounds. A request belongs to round `n + 1` if it was sent after a response to a request of round `n` had
    /// arrived. Concurrent requests therefore belong to one round.
    pub rounds: u32,
    /// How many of `calls` were sent by background tasks.
    pub background_calls: u32,
    /// Latest round in which a response has arrived.
    completed: u32,
}

impl CallStatistics {
    /// Adds the statistics of a background task that ran concurrently.
    #[must_use]
    pub fn alongside(self, background: Self) -> Self {
        Self {
            calls: self.calls + background.calls,
            retries: self.retries + background.retries,
            rounds: self.rounds.max(background.rounds),
            background_calls: self.background_calls + background.calls,
            completed: self.completed.max(background.completed),
        }
    }
}

tokio::task_local! {
    static CALL_STATISTICS: Cell<CallStatistics>;
}

/// Runs a future and returns its output with the statistics of its requests.
pub async fn counted<F: Future>(future: F) -> (F::Output, CallStatistics) {
    counted_after(0, future).await
}

/// Does the same as [`counted`] for a background task that starts after round `rounds` of the main work. The first round of the task is
/// `rounds + 1`.
pub async fn counted_after<F: Future>(rounds: u32, future: F) -> (F::Output, CallStatistics) {
    CALL_STATISTICS
        .scope(Cell::new(CallStatistics { completed: rounds, ..CallStatistics::default() }), async {
            let output = future.await;
            (output, CALL_STATISTICS.with(Cell::get))
        })
        .await
}

/// Returns how many rounds have completed so far in the current counted future, or 0 outside of one.
pub fn completed_rounds() -> u32 {
    CALL_STATISTICS.try_with(|statistics| statistics.get().completed).unwrap_or_default()
}

/// Interceptor that counts requests. Every AWS client of the service is built with it. Requests outside of a counted future, such as those
/// at start-up, are not counted.
#[derive(Debug, Clone, Copy)]
pub struct CallCounter;

/// The round to which a request belongs ([`CallStatistics::rounds`]). Stored when the request is sent, and read after
/// the attempt.
#[derive(Debug, Clone, Copy)]
struct Round(u32);

impl Storable for Round {
    type Storer = StoreReplace<Self>;
}

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
            let CallStatistics { calls, retries, rounds, completed, .. } = cell.get();
            let round = completed + 1;
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
            let _ = CALL_STATISTICS.try_with(|cell| cell.set(CallStatistics { completed: cell.get().completed.max(round), ..cell.get() }));
        }
        Ok(())
    }
}
