//! The report, compared with one that a person has looked at.

use history::{
    Backtest, BracketRow, Count, CutOff, Decile, Measures, Point, Power, ScoreRange, Sign,
    Suspicion, TraitPower, Warning, interval,
};
use leads::{Duration, Timestamp};

use super::html;

fn day(day: i64) -> Timestamp {
    Timestamp::saturating_from_millis(1_767_225_600_000 + day * 86_400_000)
}

fn days(days: i64) -> Duration {
    Duration::from_millis(days * 86_400_000).unwrap()
}

fn count(leads: u64, conversions: u64) -> Count {
    Count { leads, conversions }
}

/// A small test with everything in it, and with names that try to break out of the page.
fn small() -> Backtest {
    let measures = |count: Count, auc: f64| Measures {
        count,
        base_rate: count.rate(),
        auc: Some(auc),
        average_precision: Some(0.25),
        top_decile_lift: Some(3.5),
    };
    let bracket = |name: Option<&str>, from: &str, own: Count| BracketRow {
        bracket: name.map(str::to_owned),
        from: name.map(|_| from.to_owned()),
        count: own,
        share: own.leads as f64 / 1000.0,
        captured: own.conversions as f64 / 100.0,
        rate: own.rate(),
        interval: interval(own, 3.0),
        lift: own.rate().map(|rate| rate / 0.1),
    };
    let range = |from: i64, own: Count| ScoreRange {
        from,
        to: from + 49,
        mean: from as f64 + 20.0,
        count: own,
        rate: own.rate().unwrap(),
        interval: interval(own, 3.0).unwrap(),
    };
    let seen = |path: &str, undated: f64| TraitPower {
        path: path.to_owned(),
        known: 0.8,
        undated,
        rate_known: Some(0.1),
        auc_known: Some(0.5),
    };
    let power = |name: &str, auc: f64, traits: Vec<TraitPower>| Power {
        name: name.to_owned(),
        gate: false,
        behavioural: traits.is_empty(),
        auc: Some(auc),
        traits,
        suspicion: None,
    };
    let sentence = "‘Contract <b>value</b>’ seems to know the outcome: is the trait ‘contract.value’ filled in only \
                    after the sale?";
    let leak = Power {
        suspicion: Some(Suspicion {
            sign: Sign::Separates,
            path: Some("contract.value".to_owned()),
            sentence: sentence.to_owned(),
        }),
        ..power("Contract <b>value</b>", 0.99, vec![seen("contract.value", 1.0)])
    };
    let decile = |decile: u32| Decile {
        decile,
        leads: 100.0,
        conversions: f64::from(38 - 4 * decile.min(9)),
        rate: f64::from(38 - 4 * decile.min(9)) / 100.0,
        lift: f64::from(38 - 4 * decile.min(9)) / 10.0,
        captured: f64::from(decile) / 10.0,
    };
    let point = |x: f64, y: f64| Point { x, y };
    let cut_off = |at: i64, auc: f64| CutOff {
        at: day(at),
        left_out: 12,
        not_yet_known: 340,
        measures: measures(count(500, 50), auc),
        brackets: vec![count(300, 5), count(150, 20), count(50, 25)],
    };
    Backtest {
        model: "b2b <script>alert(1)</script>".to_owned(),
        outcome: "deal_\"won\"".to_owned(),
        again: false,
        horizon: days(90),
        every: days(30),
        data: (day(0), day(365)),
        time_zone: "Europe/Madrid".to_owned(),
        scale: (0, 100),
        overlap: 2.0,
        different: count(640, 71),
        pooled: measures(count(1000, 100), 0.8125),
        brackets: vec![
            bracket(None, "", count(0, 0)),
            bracket(Some("cold & quiet"), "0", count(600, 10)),
            bracket(Some("warm"), "40", count(300, 40)),
            bracket(Some("<hot>"), "80", count(100, 50)),
        ],
        deciles: (1..=10).map(decile).collect(),
        calibration: vec![range(0, count(800, 40)), range(50, count(200, 60))],
        roc: vec![point(0.0, 0.0), point(0.1, 0.5), point(0.5, 0.9), point(1.0, 1.0)],
        gain: vec![point(0.0, 0.0), point(0.1, 0.35), point(0.5, 0.85), point(1.0, 1.0)],
        cut_offs: vec![cut_off(100, 0.78), cut_off(130, 0.84)],
        criteria: vec![
            leak,
            power("Pricing page", 0.71, vec![]),
            power("Personal address", 0.44, vec![seen("email.kind", 0.2)]),
        ],
        warnings: vec![Warning { code: "leak", sentence: sentence.to_owned() }],
    }
}

#[test]
fn the_report_is_the_one_that_was_looked_at() {
    insta::assert_snapshot!(html(&small()));
}

#[test]
fn the_page_says_whether_an_outcome_counts_again() {
    let left_out = html(&small());
    assert!(left_out.contains("is left out from then on") && !left_out.contains("counts as well"));
    let again = html(&Backtest { again: true, ..small() });
    assert!(!again.contains("left out from then on") && again.contains("counts as well"));
    assert!(again.contains("Nobody is left out for having had it before"));
}

#[test]
fn nothing_from_a_file_becomes_markup() {
    let page = html(&small());
    assert!(!page.contains("<script") && !page.contains("<b>value") && !page.contains("<hot>"));
    assert!(!page.contains("deal_\"won\""));
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let page = html(&small());
    for request in ["http://", "https://", "url(", "@import", "src=", "<link"] {
        assert!(!page.contains(request), "{request}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_test_in_which_nobody_converts_is_still_a_page() {
    let empty = Backtest {
        pooled: Measures { count: count(10, 0), base_rate: Some(0.0), ..Measures::default() },
        brackets: Vec::new(),
        deciles: Vec::new(),
        calibration: Vec::new(),
        roc: Vec::new(),
        gain: Vec::new(),
        cut_offs: Vec::new(),
        criteria: Vec::new(),
        warnings: Vec::new(),
        ..small()
    };
    let page = html(&empty);
    assert!(page.contains("Nothing can be said") && !page.contains("NaN") && !page.contains("inf"));
}
