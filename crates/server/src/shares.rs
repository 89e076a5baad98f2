//! How much of something each of many holds at a time: nobody gets more than a share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What each of many holds, by their names.
pub(crate) struct Shares {
    held: Mutex<HashMap<String, usize>>,
    most: usize,
}

/// What one holds, until it is dropped.
pub(crate) struct Share {
    shares: Arc<Shares>,
    name: String,
    amount: usize,
}

impl Shares {
    /// `most` for each name.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), most })
    }

    /// Takes so much for `name`, unless that is more than its share.
    pub(crate) fn take(self: &Arc<Self>, name: &str, amount: usize) -> Option<Share> {
        let mut share = Share { shares: Arc::clone(self), name: name.to_owned(), amount: 0 };
        share.take(amount).then_some(share)
    }
}

impl Share {
    /// Takes so much more, and answers whether there was so much left.
    pub(crate) fn take(&mut self, more: usize) -> bool {
        let mut held = self.shares.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.get(&self.name).copied().unwrap_or(0);
        let after = before.saturating_add(more);
        if after > self.shares.most {
            return false;
        }
        if after > 0 {
            held.insert(self.name.clone(), after);
        }
        self.amount += more;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.name) {
            *count -= self.amount;
            if *count == 0 {
                held.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_a_share_and_what_is_given_back_can_be_had_again() {
        let shares = Shares::new(3);
        let mut one = shares.take("a", 2).expect("a share");
        assert!(shares.take("a", 2).is_none());
        let other = shares.take("b", 3).expect("another has its own");
        assert!(one.take(1) && !one.take(1));
        drop(one);
        assert!(shares.take("a", 3).is_some());
        drop(other);
        assert!(shares.held.lock().expect("the lock").is_empty(), "nothing is left of them");
    }
}
