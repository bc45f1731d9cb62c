//! A store of values with a short lifetime: authorization codes and access tokens.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use uuid::Uuid;

pub(crate) struct Expiring<T> {
    lifetime: Duration,
    values: HashMap<String, (Instant, T)>,
    /// Expiry and key of each value, oldest first. All values have the same lifetime.
    order: VecDeque<(Instant, String)>,
}

impl<T> Expiring<T> {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, values: HashMap::new(), order: VecDeque::new() }
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Stores a value under a new random key. Returns the key. Removes expired values first, so that memory stays bounded.
    pub(crate) fn put(&mut self, now: Instant, value: T) -> String {
        while let Some((_, key)) = self.order.pop_front_if(|(until, _)| *until <= now) {
            self.values.remove(&key);
        }
        let key = Uuid::new_v4().simple().to_string();
        let until = now + self.lifetime;
        self.order.push_back((until, key.clone()));
        self.values.insert(key.clone(), (until, value));
        key
    }

    pub(crate) fn get(&self, now: Instant, key: &str) -> Option<&T> {
        self.values.get(key).filter(|(until, _)| now < *until).map(|(_, value)| value)
    }

    /// Removes and returns the value, unless it has expired.
    pub(crate) fn take(&mut self, now: Instant, key: &str) -> Option<T> {
        self.values.remove(key).filter(|(until, _)| now < *until).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_be_taken_once_and_only_during_its_lifetime() {
        let start = Instant::now();
        let mut codes = Expiring::new(Duration::from_secs(60));
        let first = codes.put(start, "first");
        let second = codes.put(start, "second");
        assert_eq!(codes.take(start + Duration::from_secs(59), &first), Some("first"));
        assert_eq!(codes.take(start, &first), None);
        assert_eq!(codes.get(start, &second), Some(&"second"));
        assert_eq!(codes.get(start + Duration::from_secs(60), &second), None);
        codes.put(start + Duration::from_secs(60), "third");
        assert_eq!(codes.values.len(), 1);
    }
}
