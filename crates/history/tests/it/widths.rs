//! Many instants at once reckon in 32 bits where a lead's sums fit them: amounts on both sides of
//! what fits.

use history::History;
use leads::{LeadFacts, Timestamp};
use scoring::{Program, Score};

use crate::small::{Telling, day, history, lead, programs};

const WEEKS: usize = 5;

/// A curve has an amount for every unit of 1e-8 point, so that 32 bits end at 21.47 points; rounding
/// needs half a point of them.
fn document(points: &str, events: &str) -> String {
    format!(
        "model: widths\nscale: [-100, 100]\ngroups:\n  \
         - group: Profile\n    criteria:\n      \
         - {{name: country, when: {{trait: country, is: ES}}, points: {points}}}\n  \
         - group: Activity\n    dimension: engagement\n    criteria:\n      \
         - {{name: visits, event: visit, points: {events}, decay: {{half_life: 7d}}}}\n      \
         - {{name: silence, since: {{event: call}}, curve: [{{at: 0d, points: 0}}, {{at: 9d, points: 1}}]}}\n"
    )
}

fn everyone() -> Vec<LeadFacts> {
    let somebody = |name: &str| {
        let country = name.split('-').next().expect("a country");
        lead(name, 0.0).knows("country", country)
    };
    let visits = |facts: LeadFacts, visits: u32| {
        (0..visits).fold(facts, |facts, visit| facts.does("visit", day(3.0 + f64::from(visit))))
    };
    let mut everyone = Vec::new();
    for country in ["ES", "PT"] {
        for number in [0, 1, 2, 25] {
            let facts = visits(somebody(&format!("{country}-{number}")), number);
            everyone.push(if number == 2 { facts.does("call", day(4.0)) } else { facts });
        }
    }
    everyone
}

#[test]
fn amounts_on_both_sides_of_32_bits_give_the_same_at_once_as_alone() {
    let weeks: Vec<Timestamp> = (0..WEEKS).map(|week| day(3.5 + 7.0 * week as f64)).collect();
    for points in ["0", "1", "20.97", "20.98", "21.47", "21.48", "22", "42.94", "42.95", "86"] {
        for (sign, events) in [("", "0.01"), ("", "21.47"), ("-", "21.48"), ("-", "-30")] {
            let document = document(&format!("{sign}{points}"), events);
            let (programs, needs) = programs(&[&document], "visit");
            let history = history(&needs, &everyone());
            assert_same(&history, &programs[0], &weeks, &document);
        }
    }
}

/// Events of one day count a few times only, and weigh less and less: however many there are, they
/// never give more than so much.
#[test]
fn what_so_many_events_a_day_can_give_is_known_before_they_are_counted() {
    let weeks: Vec<Timestamp> = (0..WEEKS).map(|week| day(3.5 + 7.0 * week as f64)).collect();
    let busy = (0..40).fold(lead("busy", 0.0), |facts, number| {
        (0..30).fold(facts, |facts, hour| {
            facts.does("visit", day(f64::from(number) + f64::from(hour) / 30.0))
        })
    });
    // 12 full weights at most as they are reckoned (nearly 4 in truth), with 21.47 points of room.
    for points in ["1", "1.7", "1.8", "-1.7", "-1.8", "5.3", "5.4", "100"] {
        for limit in ["", ", limit: [-3, 3]", ", limit: [-20.9, 20.9]", ", limit: [-22, 22]"] {
            for zone in ["UTC", "Europe/Madrid"] {
                let document = format!(
                    "model: widths\ntime_zone: {zone}\nscale: [-1000, 1000]\ngroups:\n  \
                     - group: Activity\n    dimension: engagement\n    criteria:\n      \
                     - {{name: visits, event: visit, points: {points}, count: {{at_most: 2, per: day}}, decay: {{half_life: 1d}}{limit}}}\n      \
                     - {{name: silence, since: {{event: call}}, curve: [{{at: 0d, points: 0}}, {{at: 9d, points: 1}}]}}\n"
                );
                let (programs, needs) = programs(&[&document], "visit");
                let history = history(&needs, std::slice::from_ref(&busy));
                assert_same(&history, &programs[0], &weeks, &document);
            }
        }
    }
}

/// All at once and one after the other, the same.
pub(crate) fn assert_same(
    history: &History,
    program: &Program,
    weeks: &[Timestamp],
    document: &str,
) {
    let visit = |seen: &mut Vec<Vec<Score>>, _, moments: scoring::Moments<'_>| {
        let all: Vec<Score> = moments.iter().collect();
        let scores = moments.scores().iter().map(|score| i64::from(*score));
        assert!(scores.eq(all.iter().map(|score| score.score)), "{document}");
        seen.push(all);
    };
    let at_once = history.at_instants(program, weeks, 1, Vec::new, visit).concat();
    for (week, at) in weeks.iter().enumerate() {
        let alone = history.rescore(program, *at, 1);
        for (lead, scored) in alone.iter().enumerate() {
            assert_eq!(at_once[lead][week], scored.score, "{lead} {week} {document}");
        }
    }
}
