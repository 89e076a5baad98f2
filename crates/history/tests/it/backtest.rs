//! What a model would have said, against what happened.

use history::{Backtest, BacktestError, Options, Sign, backtest};
use leads::{Duration, LeadFacts, Timestamp};
use proptest::prelude::*;

use crate::small::{Telling, day, history, later, lead, programs};

/// Ten points a visit, up to 100; five for a known size.
const VISITS: &str = "
model: visits
groups:
  - group: Behaviour
    criteria:
      - {name: Visits, event: visited, points: 10}
  - group: Profile
    criteria:
      - {name: Large company, trait: size, is: large, points: 5}
brackets: [{name: cold, from: 0}, {name: warm, from: 20}, {name: hot, from: 50}]
";

fn days(days: i64) -> Duration {
    Duration::from_millis(days * 86_400_000).expect("fewer than 1,000 years")
}

/// One cut-off, on day 100, looking 30 days ahead.
fn at_day_100() -> Options {
    Options {
        outcome: "won".to_owned(),
        horizon: days(30),
        every: days(30),
        from: Some(day(100.0)),
        to: Some(day(100.0)),
        again: false,
    }
}

fn tested(facts: &[LeadFacts], options: &Options) -> Backtest {
    tested_with(VISITS, facts, options)
}

fn tested_with(model: &str, facts: &[LeadFacts], options: &Options) -> Backtest {
    let (programs, needs) = programs(&[model], "won");
    backtest(&history(&needs, facts), &programs[0], options, 2)
        .expect("the outcome happens and is gathered")
}

/// Somebody without an outcome whose visit on day 300 says that the data go on until then.
fn clock() -> LeadFacts {
    lead("clock", 299.0).does("visited", day(300.0))
}

/// A lead that visits `times` before day 100 and wins on day 110, or never does.
fn visitor(name: impl ToString, times: usize, wins: bool) -> LeadFacts {
    let visits = (0..times)
        .fold(lead(name, 1.0), |lead, time| lead.does("visited", day(50.0 + time as f64)));
    if wins { visits.does("won", day(110.0)) } else { visits }
}

fn close(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-12)
}

#[test]
fn six_leads_come_out_as_worked_out_by_hand() {
    let six = [(9, true), (8, false), (7, true), (7, false), (4, true), (2, false)];
    let mut facts: Vec<LeadFacts> = six
        .iter()
        .enumerate()
        .map(|(index, (times, wins))| visitor(index, *times, *wins))
        .collect();
    facts.push(clock());
    let test = tested(&facts, &at_day_100());
    assert_eq!((test.pooled.count.leads, test.pooled.count.conversions), (6, 3));
    assert!(close(test.pooled.base_rate, 0.5));
    assert!(close(test.pooled.auc, 5.5 / 9.0));
    assert!(close(test.pooled.average_precision, 0.7));
    assert!(close(test.pooled.top_decile_lift, 2.0));
    let rows: Vec<_> = test
        .brackets
        .iter()
        .map(|row| (row.bracket.as_deref().unwrap(), row.count.leads, row.count.conversions))
        .collect();
    assert_eq!(rows, [("cold", 0, 0), ("warm", 2, 1), ("hot", 4, 2)]);
    assert!(close(test.brackets[2].lift, 1.0));
    assert_eq!(test.brackets[0].rate, None);
    assert_eq!(test.cut_offs.len(), 1);
    assert_eq!(test.cut_offs[0].not_yet_known, 1, "the clock is created later");
}

#[test]
fn an_outcome_counts_from_just_after_the_cut_off_to_the_end_of_the_horizon() {
    let (cut_off, end) = (day(100.0), day(130.0));
    let wins = |name: &str, at: Timestamp| lead(name, 1.0).does("won", at);
    let test = tested(
        &[
            wins("at the cut-off", cut_off),
            wins("just after", later(cut_off, 1)),
            wins("at the end", end),
            wins("just after the end", later(end, 1)),
            clock(),
        ],
        &at_day_100(),
    );
    assert_eq!(test.cut_offs[0].left_out, 1);
    assert_eq!((test.pooled.count.leads, test.pooled.count.conversions), (3, 2));
}

#[test]
fn a_second_win_does_not_bring_back_who_is_left_out() {
    let twice = lead("twice", 1.0).does("won", day(50.0)).does("won", day(110.0));
    let test = tested(&[twice, visitor("other", 1, true), clock()], &at_day_100());
    assert_eq!((test.cut_offs[0].left_out, test.pooled.count.conversions), (1, 1));
}

#[test]
fn where_outcomes_count_again_nobody_is_left_out_and_any_of_the_horizon_is_a_conversion() {
    let (cut_off, end) = (day(100.0), day(130.0));
    let again = Options { again: true, ..at_day_100() };
    let before = |name: &str| lead(name, 1.0).does("won", day(50.0));
    let converts = |facts: LeadFacts| {
        let test = tested(&[facts, clock()], &again);
        assert_eq!((test.again, test.cut_offs[0].left_out, test.pooled.count.leads), (true, 0, 1));
        test.pooled.count.conversions == 1
    };
    assert!(!converts(before("only before")));
    assert!(!converts(before("at the cut-off").does("won", cut_off)));
    assert!(converts(before("just after").does("won", later(cut_off, 1))));
    assert!(converts(before("at the end").does("won", end)));
    assert!(!converts(before("just after the end").does("won", later(end, 1))));
    assert!(converts(before("at the cut-off too").does("won", cut_off).does("won", end)));
    assert!(converts(lead("first time", 1.0).does("won", end)));
    let left_out = tested(&[before("x").does("won", end), clock()], &at_day_100());
    assert_eq!((left_out.again, left_out.cut_offs[0].left_out), (false, 1));
}

#[test]
fn a_fact_at_the_cut_off_is_known_and_one_after_it_is_not() {
    let cut_off = day(100.0);
    let at = visitor("at", 0, true).does("visited", cut_off);
    let after = visitor("after", 0, false).does("visited", later(cut_off, 1));
    let test = tested(&[at, after, clock()], &at_day_100());
    let by_score: Vec<_> =
        test.calibration.iter().map(|range| (range.from, range.count.leads)).collect();
    assert_eq!(by_score, [(0, 1), (10, 1)]);
    assert!(close(test.pooled.auc, 1.0));
}

#[test]
fn a_lead_counts_from_its_beginning_or_its_first_event() {
    let created_at = |at: Timestamp| LeadFacts { created_at: Some(at), ..lead("x", 0.0) };
    let named = |name: &str, facts: LeadFacts| LeadFacts { lead: name.to_owned(), ..facts };
    let cut_off = day(100.0);
    let test = tested(
        &[
            named("at the cut-off", created_at(cut_off)),
            named("too late", created_at(later(cut_off, 1))),
            named("imported late", created_at(day(200.0))).does("visited", day(90.0)),
            named("always", LeadFacts::default()),
            visitor("winner", 1, true),
            clock(),
        ],
        &at_day_100(),
    );
    assert_eq!(test.cut_offs[0].not_yet_known, 2, "too late, and the clock");
    assert_eq!(test.pooled.count.leads, 4);
}

#[test]
fn no_cut_off_is_without_a_whole_horizon_of_data_after_it() {
    let facts = [visitor("a", 3, true), lead("early", 0.0).does("visited", day(0.25)), clock()];
    let options = Options { from: None, to: None, every: days(45), ..at_day_100() };
    let test = tested(&facts, &options);
    // The first visit is on day 0.25: 30 days later, at the next midnight, is day 31.
    let expected: Vec<Timestamp> = [31.0, 76.0, 121.0, 166.0, 211.0, 256.0].map(day).to_vec();
    assert_eq!(test.cut_offs.iter().map(|cut_off| cut_off.at).collect::<Vec<_>>(), expected);
    // The last event is on day 300, so 270 is the last that a horizon of 30 days allows.
    let late =
        Options { from: Some(day(270.0)), to: Some(day(400.0)), every: days(1), ..options.clone() };
    assert_eq!(tested(&facts, &late).cut_offs.len(), 1);
    let too_late = Options { from: Some(later(day(270.0), 1)), ..late };
    let (programs, needs) = programs(&[VISITS], "won");
    let history = history(&needs, &facts);
    let refused = backtest(&history, &programs[0], &too_late, 1);
    assert!(matches!(refused, Err(BacktestError::NoCutOff { .. })), "{refused:?}");
    let many = Options { every: Duration::from_millis(1000).unwrap(), ..options };
    assert!(matches!(backtest(&history, &programs[0], &many, 1), Err(BacktestError::TooMany(_))));
}

#[test]
fn an_outcome_that_nobody_has_is_a_clear_error() {
    let (programs, needs) = programs(&[VISITS], "won");
    let history = history(&needs, &[visitor("a", 1, false), clock()]);
    let refused = backtest(&history, &programs[0], &at_day_100(), 1).unwrap_err();
    assert_eq!(refused, BacktestError::NeverHappens("won".to_owned()));
    let other = Options { outcome: "lost".to_owned(), ..at_day_100() };
    let refused = backtest(&history, &programs[0], &other, 1).unwrap_err();
    assert_eq!(refused, BacktestError::NotGathered("lost".to_owned()));
}

/// 200 leads of whom every fourth wins; visits say a little.
fn company(with: impl Fn(LeadFacts, bool) -> LeadFacts) -> Vec<LeadFacts> {
    let lead = |index: usize| {
        let wins = index.is_multiple_of(4);
        with(visitor(index, index * 7 % 5 + usize::from(wins), wins), wins)
    };
    (0..200).map(lead).chain([clock()]).collect()
}

#[test]
fn a_trait_filled_in_after_the_sale_without_a_date_is_caught() {
    let leaky = company(|lead, wins| if wins { lead.knows("size", "large") } else { lead });
    let test = tested(&leaky, &at_day_100());
    let suspicion = test.criteria[0].suspicion.clone().unwrap();
    assert_eq!(test.criteria[0].name, "Large company");
    assert_eq!((suspicion.sign, suspicion.path.as_deref()), (Sign::Separates, Some("size")));
    assert!(
        suspicion.sentence.contains("‘Large company’ seems to know the outcome")
            && suspicion.sentence.contains("is the trait ‘size’ filled in only after the sale?"),
        "{}",
        suspicion.sentence
    );
    assert!(test.warnings.iter().any(|warning| warning.code == "leak"));
    assert!(test.criteria[1].suspicion.is_none(), "honest visits are not suspected");
}

#[test]
fn a_leak_into_a_few_leads_is_caught_as_well() {
    // Only every other winner gives itself away: 25 of 200 leads.
    let leaky = company(|lead, wins| {
        let given_away = wins && lead.lead.parse::<usize>().unwrap().is_multiple_of(8);
        if given_away { lead.knows("size", "large") } else { lead }
    });
    let test = tested(&leaky, &at_day_100());
    let leak = test.criteria.iter().find(|power| power.name == "Large company").unwrap();
    assert!(leak.auc.unwrap() < 0.8, "the area alone would not tell");
    assert_eq!(leak.suspicion.as_ref().unwrap().sign, Sign::GivesAway);
}

#[test]
fn a_gate_that_knows_the_outcome_is_caught() {
    let gated = format!(
        "{VISITS}gates: [{{name: Customer, when: {{trait: kind, is: customer}}, disqualify: true}}]\n"
    );
    let leaky = company(|lead, wins| if wins { lead.knows("kind", "customer") } else { lead });
    let test = tested_with(&gated, &leaky, &at_day_100());
    let gate = test.criteria.iter().find(|power| power.gate).unwrap();
    assert!(close(gate.auc, 0.0));
    assert_eq!(gate.suspicion.as_ref().unwrap().sign, Sign::Separates);
}

#[test]
fn a_dated_change_after_the_cut_off_cannot_leak() {
    let honest =
        company(|lead, wins| if wins { lead.learns("size", "large", day(120.0)) } else { lead });
    let test = tested(&honest, &at_day_100());
    let size = test.criteria.iter().find(|power| power.name == "Large company").unwrap();
    assert!(close(size.auc, 0.5), "nobody is known to be large on day 100");
    assert_eq!(test.warnings.iter().filter(|warning| warning.code == "leak").count(), 0);
    let without = tested(&company(|lead, _| lead), &at_day_100());
    assert_eq!(test.pooled, without.pooled);
}

#[test]
fn honest_fit_that_decides_much_is_not_called_a_leak() {
    // Large companies win in 60 of 100 cases, the others in 13: strong, and believable.
    let fit = company(|lead, wins| {
        let number: usize = lead.lead.parse().unwrap();
        let large = if wins { number % 5 < 3 } else { number % 10 < 2 };
        lead.knows("size", if large { "large" } else { "small" })
    });
    let test = tested(&fit, &at_day_100());
    assert!(test.criteria.iter().all(|power| power.suspicion.is_none()), "{:?}", test.criteria);
}

#[test]
fn overlapping_horizons_widen_the_intervals() {
    let facts = company(|lead, _| lead);
    let once =
        tested(&facts, &Options { from: Some(day(80.0)), to: Some(day(110.0)), ..at_day_100() });
    let often = tested(
        &facts,
        &Options { from: Some(day(80.0)), to: Some(day(110.0)), every: days(6), ..at_day_100() },
    );
    assert!((once.overlap - 1.0).abs() < 1e-12 && (often.overlap - 5.0).abs() < 1e-12);
    assert!(often.pooled.count.leads > 2 * once.pooled.count.leads);
    assert_eq!((once.different.leads, once.different.conversions), (200, 50));
    assert_eq!(once.different, often.different, "the same leads, seen more often");
    assert!(once.cut_offs.len() == 2 && often.cut_offs.len() == 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_after_a_cut_off_changes_the_score_at_it(
        visits in proptest::collection::vec((0..12_usize, any::<bool>()), 8..30),
        after in proptest::collection::vec(101.0..300.0_f64, 0..30),
    ) {
        let facts: Vec<LeadFacts> =
            visits.iter().enumerate().map(|(index, (times, wins))| visitor(index, *times, *wins)).collect();
        let mut later = facts.clone();
        for (index, at) in after.iter().enumerate() {
            let lead = &mut later[index % facts.len()];
            *lead = std::mem::take(lead).does("visited", day(*at)).learns("size", "large", day(*at));
        }
        prop_assume!(visits.iter().any(|(_, wins)| *wins));
        let with_clock = |mut facts: Vec<LeadFacts>| { facts.push(clock()); facts };
        let (one, two) = (tested(&with_clock(facts), &at_day_100()), tested(&with_clock(later), &at_day_100()));
        prop_assert_eq!(one.pooled, two.pooled);
        prop_assert_eq!(one.brackets, two.brackets);
        prop_assert_eq!(one.calibration, two.calibration);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    // More leads than fit into two blocks.
    let leads = 0..20_000_usize;
    let mut facts: Vec<LeadFacts> =
        leads.map(|lead| visitor(lead, lead * 7 % 11, lead.is_multiple_of(13))).collect();
    facts.push(clock());
    let (programs, needs) = programs(&[VISITS], "won");
    let history = history(&needs, &facts);
    let options = Options { from: Some(day(40.0)), every: days(7), ..at_day_100() };
    let test = |threads| {
        let test = backtest(&history, &programs[0], &options, threads).unwrap();
        serde_json::to_string(&test).unwrap()
    };
    let one = test(1);
    assert!((2..5).all(|threads| test(threads) == one));
}
