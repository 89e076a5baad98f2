//! What is at stake with a lead, and the priority that follows.

use leads::{Deal, Report, What};
use live::MONEY;
use serde_json::{Map, json};
use store::Tx;
use store::settings::{self, Expected};

use crate::house::{House, at, event, traits};

#[test]
fn money_at_stake_times_closeness_is_priority() {
    let house = House::new();
    house.take(vec![
        traits("17", &json!({"expected_value": 1000}), 0),
        event("17", "page_viewed", 0),
        event("18", "page_viewed", 0),
    ]);
    house.work(1);
    // 10 of 100 of 1,000.00 and of 1.00.
    assert_eq!((house.score("17").priority, house.score("18").priority), (10_000, 10));
}

#[test]
fn deals_in_other_currencies_are_at_stake_at_their_rates_from_the_moment_that_these_are_set() {
    let house = House::new();
    let worth = |who: &str, deal: &str, amount: i64, currency: &str| {
        let deal = Deal {
            id: deal.to_owned(),
            stage: "proposal".to_owned(),
            name: None,
            amount_minor: Some(amount),
            currency: Some(currency.to_owned()),
            owner: None,
            properties: Map::new(),
        };
        Report { what: What::Deal(deal), ..event(who, "deal", 0) }
    };
    house.take(vec![
        event("17", "page_viewed", 0),
        event("18", "page_viewed", 0),
        event("19", "page_viewed", 0),
        worth("17", "a", 100_000, "RON"),
        worth("17", "b", 10_000, "EUR"),
        worth("18", "c", 20_000, "EUR"),
        worth("19", "d", 500_000, "JPY"),
    ]);
    house.work(1);
    let at_stake = || ["17", "18", "19"].map(|who| house.score(who).at_stake);
    assert_eq!(at_stake(), [110_000, 20_000, 500_000]);
    assert!(!house.live.reprice(at(1)).unwrap(), "nobody has said what money is worth");
    let set = json!({"currency": "EUR", "rates": {"RON": "0.2"}});
    let put = move |tx: &mut Tx<'_>| {
        settings::put(tx, MONEY, &set, Expected::Anything, "user:eva", at(2))
    };
    house.live.store().write(put).unwrap();
    assert!(house.live.reprice(at(2)).unwrap());
    assert!(!house.live.reprice(at(2)).unwrap(), "once is enough");
    house.work(2);
    // What yens are worth nobody has said.
    assert_eq!(at_stake(), [30_000, 20_000, 100]);
    assert_eq!(house.score("17").priority, 3000);
    let house = house.restarted();
    house.take(vec![event("17", "page_viewed", 3)]);
    house.work(4);
    assert_eq!(house.score("17").at_stake, 30_000, "after a restart, too");
}
