//! Stages that are held at once, and what facts that come late make of them.

use leads::{MachineSign, Report};
use live::Live;
use serde_json::json;
use store::{DbError, Tx};

use crate::house::{DAY, HOUR, House, MODEL, at, event, fresh_id, traits};

/// Two stages that are held at once: at twenty, and at forty.
fn two_stages() -> House {
    let house = House::empty();
    let second = "  - {stage: sales_qualified, enter: {score: 40}, leave: {score: 35}}\n";
    house.activate(&format!("{MODEL}{second}"), 0);
    house
}

/// Transitions between stages, without how they are dated.
fn stages(house: &House) -> Vec<String> {
    let all = house.transitions().into_iter().filter(|told| told.contains(" stage_"));
    all.map(|told| told.split_once(' ').expect("an instant").1.to_owned()).collect()
}

#[test]
fn a_fact_from_a_moment_before_the_last_look_leaves_no_stage_that_is_held() {
    let house = two_stages();
    house.take((0..3).map(|_| event("17", "page_viewed", 0)).collect());
    house.work(10);
    // It happened before the lead was looked at, and came after that.
    house.take(vec![event("17", "page_viewed", 5)]);
    house.work(20);
    assert_eq!(
        stages(&house),
        [
            "stage_entered  -> marketing_qualified: reached its thresholds",
            "stage_entered  -> sales_qualified: reached its thresholds",
        ]
    );
    assert_eq!(
        house.score("17").held.as_deref(),
        Some(r#"["marketing_qualified","sales_qualified"]"#)
    );
}

#[test]
fn a_late_past_leads_through_every_stage_and_back_and_there_again() {
    let house = two_stages();
    house.listen();
    house.take(vec![traits("17", &json!({"name": "Ana"}), 0)]);
    house.work(DAY);
    let visits: Vec<Report> = (0..4).map(|_| event("17", "page_viewed", HOUR)).collect();
    let ids: Vec<String> = visits.iter().map(|visit| visit.id.clone()).collect();
    house.take(visits);
    house.work(DAY + 1);
    let came = [
        "stage_entered  -> marketing_qualified: reached its thresholds",
        "stage_entered  -> sales_qualified: reached its thresholds",
    ];
    assert_eq!(stages(&house), came);
    label(&house, &ids, Some("crawler"));
    house.work(DAY + 2);
    assert_eq!(house.score("17").held, None);
    label(&house, &ids, None);
    house.work(DAY + 3);
    assert_eq!(house.score("17").stage.as_deref(), Some("sales_qualified"));
    let mut all = stages(&house);
    all.sort();
    assert_eq!(
        all,
        [
            came[0],
            came[0],
            came[1],
            came[1],
            "stage_left marketing_qualified -> : earlier facts changed",
            "stage_left sales_qualified -> : earlier facts changed"
        ]
    );
    let entered = house.messages().into_iter().filter(|told| told["type"] == "lead.stage_entered");
    assert_eq!(entered.count(), 4, "each time it came into one is told");
}

#[test]
fn what_an_earlier_program_wrote_of_the_last_stage_makes_no_news_of_those_below() {
    let house = two_stages();
    house.take((0..4).map(|_| event("17", "page_viewed", 0)).collect());
    house.work(10);
    let forget = |tx: &mut Tx<'_>| tx.execute("UPDATE score SET held = NULL", &[]);
    house.live.store().write::<_, DbError>(forget).expect("as it was written before");
    let house = house.restarted();
    let before = stages(&house);
    house.take(vec![event("17", "page_viewed", 20)]);
    house.work(30);
    assert_eq!(stages(&house), before);
    assert_eq!(house.score("17").held.as_deref().map(str::len), Some(41));
}

/// Says of facts that a machine made them, or that it did not.
fn label(house: &House, ids: &[String], reason: Option<&str>) {
    let sign = reason.map(|reason| MachineSign { reason: reason.to_owned(), confidence: 100 });
    let (ids, mark) = (ids.to_vec(), format!("label-{}", reason.is_some()));
    let job = move |tx: &mut Tx<'_>| {
        let mut facts = Vec::new();
        for id in &ids {
            facts.extend(store::facts::labelled(tx, id)?);
        }
        let changed = store::facts::label(tx, &mark, &facts, sign.as_ref(), at(0), &mut fresh_id)?;
        Live::touch(tx, changed.leads.iter().map(String::as_str), &mark)
    };
    house.live.store().write::<_, DbError>(job).expect("labelled");
    house.live.wake();
}
