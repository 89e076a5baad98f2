//! Times the kernels on facts made up in memory, without reading a file:
//! `cargo run --release -p history --example kernel -- MODEL [LEADS] [EVENTS] [REPEATS]
//! [rescore|weeks]`.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::disallowed_methods, reason = "measuring reads the clock")]

use std::time::Instant;

use history::{Gathering, History, RosterBuilder};
use leads::batch::{Coded, EventBatch, LeadBatch, LeadIds};
use leads::{Timestamp, Value};
use scoring::document::{Syntax, load};
use scoring::{Needs, Program};

const START_MS: i64 = 1_732_147_200_000;
const YEAR_MS: i64 = 365 * 86_400_000;
const EVENTS: [(&str, u64); 12] = [
    ("page_view", 560),
    ("email_open", 740),
    ("email_click", 800),
    ("pricing_view", 860),
    ("social_engage", 910),
    ("download", 940),
    ("form_submit", 960),
    ("webinar", 970),
    ("purchase", 982),
    ("demo_request", 988),
    ("unsubscribe", 994),
    ("bounce", 1000),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let text = std::fs::read_to_string(&args[0]).expect("the model can be read");
    let model = load(&text, Syntax::Yaml).model.expect("the model is sound");
    let number = |at: usize, default: u64| {
        args.get(at).map_or(default, |text| text.parse().expect("a number"))
    };
    let program = Program::new(model);
    let history = made_up(program.needs(), number(1, 100_000), number(2, 2_000_000));
    let at = Timestamp::saturating_from_millis(START_MS + YEAR_MS);
    let weeks: Vec<Timestamp> = (0..52)
        .map(|week| Timestamp::saturating_from_millis(START_MS + YEAR_MS - week * 604_800_000))
        .collect();
    let (repeats, only) = (number(3, 1), args.get(4).map_or("", String::as_str));
    for threads in [1, 2].into_iter().cycle().take(2 * repeats as usize) {
        if only != "weeks" {
            let started = Instant::now();
            let scores = history.rescore(&program, at, threads);
            let total: i64 = scores.iter().map(|scored| scored.score.score).sum();
            println!(
                "rescore, {threads} threads: {:.1} ms, sum {total}",
                started.elapsed().as_secs_f64() * 1e3
            );
        }
        if only != "rescore" {
            let started = Instant::now();
            let sums = history.at_instants(
                &program,
                &weeks,
                threads,
                || 0,
                |sum, _, moments| {
                    *sum += moments.scores().iter().map(|score| i64::from(*score)).sum::<i64>();
                },
            );
            let total: i64 = sums.iter().sum();
            println!(
                "52 weeks, {threads} threads: {:.1} ms, sum {total}",
                started.elapsed().as_secs_f64() * 1e3
            );
        }
    }
}

fn made_up(needs: &Needs, leads: u64, events: u64) -> History {
    let mut dice = Dice(42);
    let mut builder = RosterBuilder::new(needs);
    let column = |dice: &mut Dice| {
        let texts = ["CEO", "CTO", "51-200", "software", "ES", "gmail.com", "other", "none"];
        let mut values: Vec<Option<Value>> =
            texts.iter().map(|text| Some(Value::Text((*text).to_owned()))).collect();
        values.push(Some(Value::Bool(true)));
        Coded { values, codes: (0..leads).map(|_| dice.below(9) as u32).collect() }
    };
    builder.take(&LeadBatch {
        leads: LeadIds::Numbers((0..leads).collect()),
        created_at: (0..leads)
            .map(|_| {
                Some(Timestamp::saturating_from_millis(
                    START_MS + dice.below(YEAR_MS as u64) as i64,
                ))
            })
            .collect(),
        traits: needs.traits.iter().map(|_| column(&mut dice)).collect(),
    });
    let gathering = Gathering::new(needs.clone(), builder.finish().0);
    let names =
        EVENTS.iter().map(|(name, _)| Some(Value::Text((*name).to_owned()))).collect::<Vec<_>>();
    for sequence in 0..events.div_ceil(65_536) {
        let rows = 65_536.min(events - sequence * 65_536);
        let kind = |dice: &mut Dice| {
            let throw = dice.below(1000);
            EVENTS.iter().position(|(_, below)| throw < *below).unwrap_or_default() as u32
        };
        // A few leads do most: the product of two throws.
        let who = |dice: &mut Dice| dice.below(leads) * dice.below(1000) / 1000;
        gathering.take(
            sequence,
            &EventBatch {
                leads: LeadIds::Numbers((0..rows).map(|_| who(&mut dice)).collect()),
                names: Coded {
                    values: names.clone(),
                    codes: (0..rows).map(|_| kind(&mut dice)).collect(),
                },
                at: (0..rows)
                    .map(|row| {
                        let place = sequence * 65_536 + row;
                        let even = i128::from(place) * i128::from(YEAR_MS) / i128::from(events);
                        Timestamp::saturating_from_millis(START_MS + even as i64)
                    })
                    .collect(),
                ids: None,
                properties: Vec::new(),
            },
        );
    }
    gathering.finish(2).into_history(2)
}

/// A small linear congruential generator: the same facts every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
