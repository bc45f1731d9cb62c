//! Background tasks, which run at the same time as the handler.

use aws::CallStatistics;

use super::Call;

impl Call {
    /// Starts a task that runs at the same time as the handler. The response is sent after the task has ended, and does not depend on its
    /// result.
    pub(crate) fn spawn_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let rounds_before = aws::completed_rounds();
        let handle = tokio::spawn(async move { aws::counted_after(rounds_before, work).await.1 });
        if let Ok(mut handles) = self.background.lock() {
            handles.push(handle);
        }
    }

    /// Waits for all background tasks and returns the statistics of their calls to AWS.
    pub(crate) async fn finish_background(&self) -> CallStatistics {
        let handles = self.background.lock().map(|mut handles| std::mem::take(&mut *handles)).unwrap_or_default();
        let mut statistics = CallStatistics::default();
        for handle in handles {
            statistics = statistics.alongside(handle.await.unwrap_or_default());
        }
        statistics
    }
}
