//! Lets tests that depend on the day begin and end on the same day in Athens.

use std::time::Duration;

use domain::{AthensDay, Moment, time::Span};

use crate::application;

/// Waits until midnight in Athens is over if it is less than `time` away. The service counts its daily limits from midnight to midnight. A
/// test that depends on such a count or on the day calls this function first, with a time in which it ends even on a busy machine.
///
/// # Panics
/// If the clock is before 1970.
pub async fn avoid(time: Span) {
    let now = Moment::from_epoch_seconds(application::now());
    let midnight = AthensDay::of(now).next().start();
    if now.plus(time).has_reached(midnight) {
        let seconds = midnight.plus(Span::seconds(1)).epoch_seconds() - now.epoch_seconds();
        tokio::time::sleep(Duration::from_secs(u64::try_from(seconds).expect("a midnight in the future"))).await;
    }
}
