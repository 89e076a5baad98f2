//! Several links of one message at once: a gateway tries them all, a person reads on after the first.

use std::collections::BTreeSet;

use leads::{Duration, Timestamp};

/// A click on a link of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Click<'a> {
    /// When.
    pub at: Timestamp,
    /// Which link.
    pub link: &'a str,
}

/// How many distinct links within which time are a burst.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burst {
    /// At least so many distinct links; below two nothing is a burst.
    pub links: usize,
    /// From the first of these clicks to the last, this long at most.
    pub within: Duration,
}

impl Default for Burst {
    /// Three links within five seconds. Nobody reads a page in between; and gateways click within a
    /// second of each other, however long after the sending they come.
    fn default() -> Self {
        Self { links: 3, within: Duration::from_millis(5_000).unwrap_or(Duration::ZERO) }
    }
}

impl Burst {
    /// Which of the clicks on one message to one recipient belong to a burst: one truth for each
    /// click, in the order given, whatever that is. A burst makes earlier clicks machines' too, so ask
    /// again with all of them when another one comes.
    pub fn find(&self, clicks: &[Click<'_>]) -> Vec<bool> {
        let mut order: Vec<usize> = (0..clicks.len()).collect();
        order.sort_by_key(|place| clicks[*place].at);
        let mut found = vec![false; clicks.len()];
        if self.links < 2 {
            return found;
        }
        let mut start = 0;
        for end in 0..order.len() {
            let latest = clicks[order[end]].at;
            while clicks[order[start]].at.saturating_add(self.within) < latest {
                start += 1;
            }
            let window = &order[start..=end];
            let links: BTreeSet<&str> = window.iter().map(|place| clicks[*place].link).collect();
            if links.len() >= self.links {
                for place in window {
                    found[*place] = true;
                }
            }
        }
        found
    }
}
