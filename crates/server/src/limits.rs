//! How often somebody may come: buckets that fill up steadily, one per key, address or caller.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use leads::Timestamp;

use crate::config::Rate;

/// Buckets that are kept; full ones are forgotten first. 64 bytes each.
const KEPT: usize = 100_000;

/// One bucket per name.
pub(crate) struct Buckets {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one from the bucket of `name`, or answers after how many seconds there is one again.
    pub(crate) fn take(&self, name: &str, now: Timestamp) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEPT && !buckets.contains_key(name) {
            let rate = self.rate;
            buckets.retain(|_, bucket| bucket.filled(rate, now).left < rate.burst);
            if buckets.len() >= KEPT {
                // More names at a time than there are memory for: nobody of them is known better.
                buckets.clear();
            }
        }
        let full = Bucket { left: self.rate.burst, at: now };
        let bucket = match buckets.get_mut(name) {
            Some(bucket) => bucket,
            None => buckets.entry(name.to_owned()).or_insert(full),
        };
        *bucket = bucket.filled(self.rate, now);
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let seconds = (1.0 - bucket.left) / self.rate.per_second;
        Err(seconds.ceil().clamp(1.0, 300.0) as u64)
    }
}

impl Bucket {
    /// As it is at `now`. A clock that went back fills nothing.
    fn filled(self, rate: Rate, now: Timestamp) -> Self {
        let passed = (now.as_millis() - self.at.as_millis()).max(0) as f64 / 1000.0;
        Self { left: (self.left + passed * rate.per_second).min(rate.burst), at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::saturating_from_millis(millis)
    }

    #[test]
    fn a_burst_is_taken_and_then_the_steady_rate() {
        let buckets = Buckets::new(Rate { per_second: 2.0, burst: 3.0 });
        for _ in 0..3 {
            assert_eq!(buckets.take("a", at(0)), Ok(()));
        }
        assert_eq!(buckets.take("a", at(0)), Err(1));
        assert_eq!(buckets.take("b", at(0)), Ok(()), "another name has its own");
        assert_eq!(buckets.take("a", at(500)), Ok(()));
        assert_eq!(buckets.take("a", at(500)), Err(1));
        assert_eq!(buckets.take("a", at(-10_000)), Err(1), "a clock that goes back gives nothing");
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let buckets = Buckets::new(Rate { per_second: 1.0, burst: 2.0 });
        for name in 0..KEPT + 10 {
            assert_eq!(buckets.take(&name.to_string(), at(0)), Ok(()));
        }
        assert!(buckets.buckets.lock().expect("the lock").len() <= KEPT);
    }
}
