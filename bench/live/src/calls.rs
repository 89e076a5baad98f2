//! What clients of the system send: tracking calls of about 370 bytes, with ids in no order.

use std::io::Write as _;

use leads::Timestamp;

/// Kinds of events with their share of a hundred.
const KINDS: [(&str, u64); 12] = [
    ("page_view", 56),
    ("email_open", 14),
    ("pricing_view", 8),
    ("email_click", 6),
    ("social_engage", 4),
    ("download", 4),
    ("form_submit", 3),
    ("webinar", 1),
    ("demo_request", 1),
    ("purchase", 1),
    ("unsubscribe", 1),
    ("bounce", 1),
];

pub(crate) const TITLES: [&str; 6] =
    ["CEO", "CTO", "Marketing Manager", "Sales Manager", "Accountant", "Director general"];
pub(crate) const COUNTRIES: [&str; 6] = ["ES", "RO", "MX", "DE", "FR", "CL"];
const DOMAINS: [&str; 4] = ["gmail.com", "example.com", "acme.example", "mailinator.com"];

/// Visitors of a site at least.
const VISITORS_LEAST: u64 = 100;

/// Writes calls, the same for the same seed. Each of its sites has visitors of its own: of a person one source speaks, as
/// of most of a company's.
pub(crate) struct Calls {
    seed: u64,
    leads: u64,
    /// How many sites there are, each with a key to report.
    sites: u64,
    next: u64,
    /// Who is on the site: a visit has three events or so.
    user: u64,
    /// Batches so far.
    batches: u64,
}

/// A body, and the number of the site that sends it.
pub(crate) struct Call {
    pub(crate) body: Vec<u8>,
    pub(crate) site: usize,
}

impl Calls {
    /// `sites` at most: where there are few people, they are all of one.
    pub(crate) fn new(seed: u64, leads: u64, sites: usize) -> Self {
        let sites = sites as u64;
        let sites = if leads < sites * VISITORS_LEAST { 1 } else { sites };
        Self { seed, leads, sites, next: 0, user: 0, batches: 0 }
    }

    /// A batch of so many events.
    pub(crate) fn batch(&mut self, size: usize) -> Call {
        let site = self.batches % self.sites;
        self.batches += 1;
        let mut body = Vec::with_capacity(size * 400);
        body.extend_from_slice(b"{\"batch\":[");
        for number in 0..size {
            if number > 0 {
                body.push(b',');
            }
            let dice = self.dice();
            if number == 0 || dice % 10 < 3 {
                let visitors = self.leads / self.sites;
                self.user = (mix(dice) % visitors) * self.sites + site;
            }
            self.event(dice, &mut body, true);
        }
        body.extend_from_slice(b"]}");
        Call { body, site: site as usize }
    }

    /// A single event.
    pub(crate) fn single(&mut self) -> Call {
        let mut body = Vec::with_capacity(400);
        let dice = self.dice();
        if self.next == 0 || dice % 10 < 3 {
            self.user = mix(dice) % self.leads;
        }
        self.event(dice, &mut body, false);
        Call { body, site: (self.user % self.sites) as usize }
    }

    fn dice(&self) -> u64 {
        mix(self.seed ^ self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn event(&mut self, dice: u64, body: &mut Vec<u8>, in_batch: bool) {
        let number = self.next;
        self.next += 1;
        let kind = kind(dice >> 8);
        let kind_of_call = if in_batch { "\"type\":\"track\"," } else { "" };
        let (user, page, seconds) = (self.user, (dice >> 20) % 211, (dice >> 32) % 600);
        let id = message_id(self.seed, number);
        // Writing to memory does not fail.
        let _ = write!(
            body,
            "{{{kind_of_call}\"messageId\":\"{id}\",\"userId\":\"user-{user}\",\"event\":\"{kind}\",\
             \"properties\":{{\"path\":\"/pages/{page}\",\"title\":\"What lead scoring is and how it \
             is done\",\"referrer\":\"https://search.example/?q=lead+scoring+software\",\
             \"seconds\":{seconds}}},\"context\":{{\"library\":{{\"name\":\"analytics\",\
             \"version\":\"4.1.2\"}},\"locale\":\"es-ES\"}}}}"
        );
    }
}

/// An id of a message: unlike the one before.
pub(crate) fn message_id(seed: u64, number: u64) -> String {
    let high = mix(seed.wrapping_add(number));
    format!("{high:016x}-{seed:04x}-{number:010x}")
}

/// Who a user is: a body for `identify` within a batch.
pub(crate) fn identify(user: u64, at: Timestamp, into: &mut Vec<u8>) {
    let dice = mix(user);
    let title = TITLES[(dice % 6) as usize];
    let country = COUNTRIES[((dice >> 8) % 6) as usize];
    let domain = DOMAINS[((dice >> 16) % 4) as usize];
    let _ = write!(
        into,
        "{{\"type\":\"identify\",\"messageId\":\"identify-{user}\",\"userId\":\"user-{user}\",\
         \"timestamp\":\"{at}\",\"traits\":{{\"email\":\"user{user}@{domain}\",\
         \"name\":\"User {user}\",\"title\":\"{title}\",\"country\":\"{country}\"}}}}"
    );
}

pub(crate) fn kind(dice: u64) -> &'static str {
    let mut share = dice % 100;
    for (name, of_hundred) in KINDS {
        if share < of_hundred {
            return name;
        }
        share -= of_hundred;
    }
    KINDS[0].0
}

/// Bits that look like chance.
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
