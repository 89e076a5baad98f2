//! What should be read together with the numbers of a back-test.

use serde::Serialize;

use crate::backtest::Backtest;
use crate::blocks::History;

/// A sentence to read with the numbers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Warning {
    /// What it is about, for programs.
    pub code: &'static str,
    /// The sentence, for people.
    pub sentence: String,
}

/// Below so many conversions the intervals are wider than most differences worth acting on.
const FEW_CONVERSIONS: u64 = 100;

/// Cut-offs this likely to hold several conversions should not all be empty.
const EXPECTED_AT_LEAST: f64 = 5.0;

/// Leads without a beginning count at every cut-off; from this share on that moves the base rate.
const MANY_WITHOUT_BEGINNING: f64 = 0.2;

pub(crate) fn warnings(history: &History, test: &Backtest) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, sentence| warnings.push(Warning { code, sentence });
    for suspicion in test.criteria.iter().filter_map(|power| power.suspicion.as_ref()) {
        warn("leak", suspicion.sentence.clone());
    }
    let count = test.pooled.count;
    if count.leads == 0 {
        let still = if test.again { "" } else { " and still without the outcome" };
        warn("nobody", format!("No lead is known at any cut-off{still}."));
        return warnings;
    }
    if count.conversions < FEW_CONVERSIONS {
        warn(
            "few_conversions",
            format!(
                "Only {} of {} leads at cut-offs converted: read the intervals, not the rates.",
                count.conversions, count.leads
            ),
        );
    }
    if test.pooled.auc.is_some_and(|auc| auc < 0.5) {
        warn(
            "upside_down",
            "The score ranks worse than chance: high scores convert less often.".to_owned(),
        );
    }
    if let Some(sentence) = reversal(test) {
        warn("reversal", sentence);
    }
    if let Some(sentence) = silence(test) {
        warn("silence", sentence);
    }
    let roster = history.roster();
    let without = (0..roster.len()).filter(|lead| roster.created_at(*lead).is_none()).count();
    if without as f64 > MANY_WITHOUT_BEGINNING * roster.len() as f64 {
        warn(
            "no_beginning",
            format!(
                "{without} of {} leads have no created_at and count at every cut-off, with all their \
                 undated traits: the early rates are too low, and the traits may know too much.",
                roster.len()
            ),
        );
    }
    warnings
}

/// A bracket that converts worse than one below it, beyond what chance explains.
fn reversal(test: &Backtest) -> Option<String> {
    let pairs = test.brackets.iter().zip(test.brackets.iter().skip(1));
    let mut reversed = pairs.filter(|(below, above)| match (below.interval, above.interval) {
        (Some((low, _)), Some((_, high))) => high < low,
        _ => false,
    });
    let (below, above) = reversed.next()?;
    let name = |bracket: &Option<String>| bracket.clone().unwrap_or_else(|| "below all".to_owned());
    let percent = |rate: Option<f64>| format!("{:.1}%", rate.unwrap_or_default() * 100.0);
    Some(format!(
        "Leads in ‘{}’ convert less often than those in ‘{}’ ({} against {}): the points of one of \
         them are wrong.",
        name(&above.bracket),
        name(&below.bracket),
        percent(above.rate),
        percent(below.rate),
    ))
}

/// The last cut-offs saw no outcome although some were due.
fn silence(test: &Backtest) -> Option<String> {
    let base_rate = test.pooled.base_rate?;
    let silent =
        test.cut_offs.iter().rev().take_while(|cut_off| cut_off.measures.count.conversions == 0);
    let first = silent.last()?;
    let expected = first.measures.count.leads as f64 * base_rate;
    (expected >= EXPECTED_AT_LEAST).then(|| {
        format!(
            "Not one ‘{}’ after {}, where about {expected:.0} were to be expected: are the outcomes \
             complete up to {}?",
            test.outcome, first.at, test.data.1
        )
    })
}
