//! What the numbers mean, in words. The terminal says the same.

use history::{Backtest, BracketRow};
use leads::Duration;

use super::text::{counted, percent, times, whole};

/// How good a ranking is, in words. The bounds are a convention, not a law of nature.
pub(crate) fn quality(auc: f64) -> &'static str {
    match auc {
        auc if auc < 0.48 => "worse than chance",
        auc if auc < 0.55 => "no better than chance",
        auc if auc < 0.65 => "weak",
        auc if auc < 0.75 => "useful",
        auc if auc < 0.85 => "good",
        auc if auc < 0.95 => "very good",
        _ => "almost too good to be true",
    }
}

/// The bracket that promises most and that somebody is in.
pub(crate) fn best(test: &Backtest) -> Option<&BracketRow> {
    test.brackets.iter().rev().find(|row| row.count.leads > 0)
}

/// The share of conversions among the first part of the leads, best score first.
pub(crate) fn captured(test: &Backtest, share: f64) -> Option<f64> {
    let after = test.gain.iter().position(|point| point.x >= share)?;
    let (Some(before), point) = (test.gain.get(after.checked_sub(1)?), test.gain[after]) else {
        return None;
    };
    let part = (share - before.x) / (point.x - before.x);
    Some(before.y + part * (point.y - before.y))
}

/// The whole test in one or two sentences.
pub(crate) fn verdict(test: &Backtest) -> String {
    let Some(auc) = test.pooled.auc else {
        return "Nothing can be said: at no cut-off are there leads of both kinds, those that converted \
                within the horizon and those that did not."
            .to_owned();
    };
    let pairs = format!(
        "In {:.0} of 100 cases a lead that converted scored above one that did not: the ranking is {}.",
        auc * 100.0,
        quality(auc)
    );
    match best(test).and_then(|row| Some((row.bracket.clone()?, row.lift?))) {
        Some((bracket, lift)) => {
            format!(
                "Leads in ‘{bracket}’ converted {} as often as the average lead. {pairs}",
                often(lift)
            )
        }
        None => pairs,
    }
}

/// Who was looked at, and when.
pub(crate) fn scope(test: &Backtest) -> String {
    let (count, different) = (test.pooled.count, test.different);
    let cut_offs = counted(test.cut_offs.len() as u64, "cut-off", "cut-offs");
    let leads = counted(different.leads, "lead", "leads");
    let converted = whole(different.conversions);
    let base = percent(test.pooled.base_rate.unwrap_or_default());
    let horizon = horizon(test);
    let rule = rule(test);
    if test.cut_offs.len() == 1 {
        return format!(
            "{cut_offs}, and the {horizon} after it: {leads}, of which {converted} converted ({base}). {rule}"
        );
    }
    let counts_at = if test.again { "at which it is known" } else { "at which it is open" };
    format!(
        "{cut_offs}, and the {horizon} after each: {leads}, of which {converted} converted. A lead counts once for each \
         cut-off {counts_at}: {} times in all, {} of them with a conversion ({base}). {rule}",
        whole(count.leads),
        whole(count.conversions)
    )
}

/// What becomes of leads that had the outcome before.
fn rule(test: &Backtest) -> String {
    let outcome = &test.outcome;
    if test.again {
        format!("Who had ‘{outcome}’ before a cut-off counts as well: it may happen again.")
    } else {
        format!("Who had ‘{outcome}’ is left out from then on.")
    }
}

/// The horizon, as `90 days`.
pub(crate) fn horizon(test: &Backtest) -> String {
    length(test.horizon)
}

/// `90 days`, or the duration as it was given where it is no whole number of days.
pub(super) fn length(duration: Duration) -> String {
    let day = Duration::DAY.as_millis();
    match duration.as_millis() % day {
        0 => counted((duration.as_millis() / day) as u64, "day", "days"),
        _ => duration.to_string(),
    }
}

fn often(lift: f64) -> String {
    match lift {
        lift if lift < 0.005 => "never, not".to_owned(),
        lift if (0.95..1.05).contains(&lift) => "just".to_owned(),
        lift => times(lift).replace('×', " times"),
    }
}
