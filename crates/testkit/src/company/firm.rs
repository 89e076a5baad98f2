//! The firms that leads work for. A firm is made from its number alone, so that its people agree
//! on it without anyone keeping a list of firms.

use super::names::{MARKETS, Market, slug};
use crate::dice::{Dice, Purpose};

/// A firm, as its people would describe it.
#[derive(Debug)]
pub(super) struct Firm {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) employees: i64,
    pub(super) industry: &'static str,
    pub(super) market: Market,
    /// Its mail gateway opens every mail and follows every link within a second.
    pub(super) scans_mail: bool,
}

/// By trade, in the order of the lists of trades.
const INDUSTRIES: [&str; 16] = [
    "logistics",
    "consulting",
    "software",
    "hospitality",
    "food",
    "engineering",
    "education",
    "health",
    "insurance",
    "real_estate",
    "retail",
    "manufacturing",
    "energy",
    "finance",
    "logistics",
    "design",
];

impl Firm {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Firm, number);
        let market = dice.weighted(&MARKETS);
        let tongue = market.tongue;
        let (stems, trades) = (tongue.surnames(), tongue.trades());
        // Neighbouring numbers differ in both words; what repeats after all the pairs is numbered.
        let pairs = (stems.len() * trades.len()) as u64;
        let (pair, round) = (number.wrapping_mul(7919) % pairs, number / pairs);
        let (stem, trade) = (stems[pair as usize % stems.len()], pair as usize / stems.len());
        let again = if round == 0 { String::new() } else { format!(" {}", round + 1) };
        let legal_form = dice.pick(tongue.legal_forms());
        Self {
            name: format!("{stem} {}{again} {legal_form}", trades[trade]),
            domain: format!(
                "{}-{}{}.{}.example",
                slug(stem),
                slug(trades[trade]),
                again.trim(),
                market.country.to_ascii_lowercase()
            ),
            employees: {
                let (low, high) = dice.weighted(&SIZES);
                dice.between(low, high)
            },
            industry: INDUSTRIES[trade],
            market,
            scans_mail: dice.chance(40),
        }
    }
}

const SIZES: [(i64, (i64, i64)); 6] = [
    (180, (1, 4)),
    (240, (5, 9)),
    (280, (10, 49)),
    (190, (50, 249)),
    (80, (250, 999)),
    (30, (1000, 18_000)),
];
