//! The short way leads where the long one does, whoever else is on that.

use live::{Live, LiveError, Passed, Ticked};
use proptest::prelude::*;
use store::scores::{LeadRow, ScoreRow};

use crate::dossiers::{Step, steps, take_back, written};
use crate::house::{DAY, HOUR, House, accept, at, event, traits};
use crate::inbox::waiting;

fn pass(house: &House, millis: i64) -> (usize, usize) {
    let Passed { reports, leads } = house.live.pass(at(millis)).expect("passed");
    (reports, leads)
}

fn visit(user: &str, millis: i64) -> leads::Report {
    event(user, "page_viewed", millis)
}

/// Forty people visit, by one call of a server that is settled and not scored.
fn forty_visit(house: &House, millis: i64) {
    let visits = (0..40).map(|user| visit(&format!("u{user:02}"), millis));
    accept(&house.live, visits.collect());
    house.live.settle().expect("settled");
}

#[test]
fn what_is_handed_in_is_scored_at_once_and_taken_from_the_inbox() {
    let house = House::new();
    accept(&house.live, vec![visit("17", 0), visit("18", 0)]);
    accept(&house.live, vec![visit("17", HOUR)]);
    assert_eq!(pass(&house, HOUR), (3, 2));
    assert_eq!((house.score("17").score, house.score("18").score), (20, 10));
    assert_eq!(pass(&house, HOUR), (0, 0));
    assert_eq!((house.live.settle(), house.work(HOUR)), (Ok(0), 0));
    assert_eq!(waiting(&house), 0);
}

#[test]
fn it_is_told_of_as_on_the_long_way() {
    let house = House::new();
    let mut news = house.live.subscribe();
    accept(&house.live, vec![traits("17", &serde_json::json!({"title": "director"}), 0)]);
    assert_eq!(pass(&house, 0), (1, 1));
    accept(&house.live, vec![visit("17", 0), visit("17", 1), visit("17", 2)]);
    assert_eq!(pass(&house, 2), (3, 1));
    let told: Vec<_> = std::iter::from_fn(|| news.try_recv().ok()).collect();
    let scores = told.iter().filter_map(|news| match news {
        live::News::Lead { before, score, .. } => Some((*before, *score)),
        _ => None,
    });
    assert_eq!(scores.collect::<Vec<_>>(), [(None, 5), (Some(5), 35)]);
    let transitions = house.transitions();
    assert!(transitions.iter().any(|told| told.contains("cold -> hot")), "{transitions:?}");
}

#[test]
fn not_many_are_left_to_the_short_way_while_it_is_open_and_many_go_both() {
    let house = House::new();
    accept(&house.live, vec![visit("17", 0)]);
    accept(&house.live, (0..30).map(|user| visit(&format!("u{user}"), 0)).collect());
    house.live.open_short_way(true);
    // What a server hands in goes the long way in any case.
    assert_eq!((house.live.settle(), house.live.settle()), (Ok(30), Ok(0)));
    assert_eq!(pass(&house, 0), (1, 1));
    let come = |users: std::ops::Range<i64>| {
        users.for_each(|user| accept(&house.live, vec![visit(&format!("v{user}"), 0)]));
    };
    come(0..600);
    assert_eq!((pass(&house, 0), house.live.settle()), ((256, 256), Ok(0)));
    // 344 wait, and then 644.
    come(600..900);
    assert_eq!((house.live.settle(), pass(&house, 0)), (Ok(644), (0, 0)));
    accept(&house.live, vec![visit("17", 0)]);
    house.live.open_short_way(false);
    assert_eq!((house.live.settle(), house.work(0)), (Ok(1), 675));
    assert_eq!((house.score("17").score, house.score("v899").score), (20, 10));
    assert_eq!(waiting(&house), 0);
}

#[test]
fn what_may_have_been_settled_before_a_restart_goes_the_long_way() {
    let house = House::new();
    accept(&house.live, vec![visit("17", 0)]);
    house.live.settle().expect("settled");
    let house = house.restarted();
    house.live.open_short_way(true);
    assert_eq!(pass(&house, 0), (0, 0));
    assert_eq!((house.live.settle(), house.work(0)), (Ok(1), 1));
    assert_eq!(house.score("17").score, 10);
}

#[test]
fn whoever_is_read_for_the_long_way_and_goes_the_short_one_is_scored_of_both() {
    let house = House::new();
    forty_visit(&house, 0);
    house.work(0);
    forty_visit(&house, 1);
    // The first are written, and the next are being read: all of them pass by.
    house.live.work(at(1), 4).expect("scored");
    for user in 0..40 {
        accept(&house.live, vec![visit(&format!("u{user:02}"), 2)]);
    }
    assert_eq!(pass(&house, 2), (40, 40));
    let scores = || (0..40).map(|user| house.score(&format!("u{user:02}")).score);
    assert!(scores().all(|score| score == 30));
    while house.live.work(at(3), 4).expect("scored") > 0 {
        assert!(scores().all(|score| score == 30));
    }
    accept(&house.live, vec![visit("u00", 4), visit("u39", 4)]);
    assert_eq!(pass(&house, 4), (2, 2));
    assert_eq!((house.score("u00").score, house.score("u39").score), (40, 40));
    assert_eq!(waiting(&house), 0);
}

#[test]
fn whoever_waits_twice_on_the_long_way_is_scored_of_all_on_the_short_one() {
    let house = House::new();
    let come = |millis: i64| {
        accept(&house.live, vec![visit("17", millis)]);
        house.live.settle().expect("settled");
    };
    come(0);
    assert_eq!(house.work(0), 1);
    come(1);
    come(2);
    // The first of the two is scored, and the other is still to be.
    for _ in 0..2 {
        house.live.work(at(2), 1).expect("scored");
    }
    accept(&house.live, vec![visit("17", 3)]);
    assert_eq!((pass(&house, 3), house.score("17").score), ((1, 1), 40));
    house.work(3);
    assert_eq!(house.score("17").score, 40);
}

#[test]
fn what_was_taken_back_a_moment_ago_does_not_count() {
    let house = House::new();
    let mut first = visit("17", 0);
    "first".clone_into(&mut first.id);
    accept(&house.live, vec![first]);
    assert_eq!((pass(&house, 0), house.score("17").score), ((1, 1), 10));
    take_back(&house, "first".to_owned(), 1);
    accept(&house.live, vec![visit("17", HOUR)]);
    assert_eq!((pass(&house, HOUR), house.score("17").score), ((1, 1), 10));
    assert_eq!((house.work(HOUR), house.score("17").score), (0, 10));
}

#[test]
fn a_tick_leaves_alone_whoever_is_written_while_it_looks() {
    let house = House::new();
    forty_visit(&house, 0);
    house.work(0);
    house.live.load_everyone().expect("everyone");
    assert_eq!(house.live.tick(at(0)), Ok(Ticked::default()));
    forty_visit(&house, 1);
    // Some are written, and not told of yet: in memory they are as they were.
    house.live.work(at(1), 4).expect("scored");
    house.live.store().make_safe().expect("written");
    let scores = || (0..40).map(|user| house.score(&format!("u{user:02}")).score);
    let written: Vec<i64> = scores().collect();
    assert!(written.contains(&20) && written.contains(&10));
    assert_eq!(house.live.tick(at(2)), Ok(Ticked::default()));
    assert!(scores().eq(written));
    house.work(3);
    assert!(scores().all(|score| score == 20));
    assert_eq!(house.live.tick(at(3)), Ok(Ticked::default()));
}

/// What is done when something has come in.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    Settle,
    /// A round of scoring, for so many or a few more, which may be ended by the next.
    Round(usize),
    Pass,
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        1 => Just(Then::Nothing),
        2 => Just(Then::Settle),
        2 => (1_usize..3).prop_map(Then::Round),
        3 => Just(Then::Pass),
    ]
}

/// What happens, and nothing of it ahead: that would come to pass with time alone.
fn past() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let past = |step: Step| match step {
        Step::Visits { user, ago, apart, visits } => {
            Step::Visits { user, ago: ago.max(apart * i64::from(visits)), apart, visits }
        }
        Step::Known { user, id, ago } => Step::Known { user, id, ago: ago.max(0) },
        Step::Title { user, director, ago } => Step::Title { user, director, ago: ago.max(0) },
        Step::Address { user, address, ago } => Step::Address { user, address, ago: ago.max(0) },
        Step::Deal { user, ago, stage } => Step::Deal { user, ago: ago.max(0), stage },
        Step::Company { user, company, size, ago } => {
            Step::Company { user, company, size, ago: ago.max(0) }
        }
        Step::Crawler { .. } | Step::Device { .. } | Step::Retract { .. } | Step::Tick => step,
    };
    steps().prop_map(move |steps| {
        steps.into_iter().map(|(step, passes)| (past(step), passes)).collect()
    })
}

/// Everything about everybody, but for the instants at which it was found.
fn found(house: &House) -> Vec<(Option<LeadRow>, Vec<ScoreRow>)> {
    let mut written = written(house);
    for score in written.iter_mut().flat_map(|(_, scores)| scores) {
        score.scored_at = at(0);
    }
    written
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whichever_way_it_went_everyone_stands_where_all_that_is_known_puts_them(
        steps in past(),
        then in prop::collection::vec(prop::collection::vec(then(), 0..4), 14),
    ) {
        let house = House::new();
        house.live.load_everyone().expect("everyone");
        let mut now = DAY;
        for (step, (what, passes)) in steps.iter().enumerate() {
            now += passes;
            Step::comes(what, &house, step, now);
            for then in &then[step] {
                match then {
                    Then::Nothing => {}
                    Then::Settle => drop(house.live.settle().expect("settled")),
                    Then::Round(most) => drop(house.live.work(at(now), *most).expect("scored")),
                    Then::Pass => drop(house.live.pass(at(now)).expect("passed")),
                }
            }
        }
        while house.live.settle().expect("settled") > 0 {}
        house.work(now);
        // Whom nothing came of is scored as of now of what is in memory.
        house.live.tick(at(now)).expect("a tick");
        house.work(now);
        let by_and_by = found(&house);
        prop_assert_eq!(waiting(&house), 0);

        let house = house.restarted();
        let leads: Vec<String> = house.live.store().read(|tx| {
            tx.query("SELECT DISTINCT lead FROM person", &[], |row| row.get(0))
        }).expect("read");
        let touched = house.live.store().write(move |tx| {
            Live::touch(tx, leads.iter().map(String::as_str), "all")?;
            Ok::<(), LiveError>(())
        });
        touched.expect("marked");
        house.work(now);
        prop_assert_eq!(by_and_by, found(&house));
    }
}
