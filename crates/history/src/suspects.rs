//! What each criterion alone says about the outcome, and which of them seem to know it.
//!
//! A trait without a date of its own counts from the lead's beginning, although somebody may have
//! filled it in after the sale. Then the past knows the future, and a back-test flatters the model.
//! Such traits leave marks: they separate winners from losers better than anything honest does.

use leads::Timestamp;
use scoring::model::{Condition, GateEffect, Rule};
use scoring::{Amount, CREATED_AT, Model, Profile as _, Program, Tally};
use serde::Serialize;

use crate::blocks::{History, LEADS_PER_BLOCK, view};
use crate::histogram::{Count, Histogram};
use crate::parallel::in_parallel;

/// What one criterion or gate says about the outcome.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Power {
    /// Its name.
    pub name: String,
    /// Whether it is a gate that disqualifies, and no criterion.
    pub gate: bool,
    /// Whether it looks at events only.
    pub behavioural: bool,
    /// The area under the ROC curve of its points alone: 0.5 says nothing, 1 knows all, 0 knows all
    /// the wrong way round.
    pub auc: Option<f64>,
    /// The traits that it looks at.
    pub traits: Vec<TraitPower>,
    /// Why it seems to know the outcome, where it does.
    pub suspicion: Option<Suspicion>,
}

/// What is known of a trait, and when.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TraitPower {
    /// Its dotted path.
    pub path: String,
    /// Of how many leads it is known, as a share.
    pub known: f64,
    /// Of how many known values there is no date but the lead's own beginning, as a share.
    pub undated: f64,
    /// The rate among those of whom it is known.
    pub rate_known: Option<f64>,
    /// The area under the ROC curve of its being known at all.
    pub auc_known: Option<f64>,
}

/// The mark of a leak.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Suspicion {
    /// Which mark.
    pub sign: Sign,
    /// The trait that it rests on, where it rests on one.
    #[serde(rename = "trait")]
    pub path: Option<String>,
    /// The same in words.
    pub sentence: String,
}

/// Which mark of a leak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It tells those who convert from the others almost without mistake.
    Separates,
    /// Where it says one thing, or says anything at all, nearly everyone converts.
    GivesAway,
    /// It rests on values without dates and says far more than all behaviour.
    UndatedAndStrong,
}

/// At most about so many leads at cut-offs are looked at, half of them conversions where there are
/// as many: enough to tell areas apart to the hundredth.
const SAMPLE: f64 = 50_000.0;

/// No honest criterion reaches this alone; published rubrics as a whole reach 0.7 to 0.85.
const NEARLY_PERFECT: f64 = 0.95;

/// "Nearly everyone": with a base rate of a third at most, no points should promise this much.
const NEARLY_ALL: f64 = 0.9;
const GIVES_AWAY_LIFT: f64 = 3.0;

/// Fit alone may well say more than behaviour; by so much more it is worth a question.
const FAR_ABOVE: f64 = 0.15;
const STRONG: f64 = 0.75;

/// Fewer conversions than these can look perfect by chance.
const ENOUGH: u64 = 10;

/// What each criterion and disqualifying gate alone says, from the strongest. `standing` tells
/// whether a lead counts at a cut-off, and whether it converts; `total` is how many do.
pub(crate) fn powers(
    history: &History,
    program: &Program,
    instants: &[Timestamp],
    total: Count,
    standing: impl Fn(usize, usize) -> Option<bool> + Sync,
    threads: usize,
) -> Vec<Power> {
    let lenses = lenses(program.model(), &history.needs.traits);
    let columns: Vec<usize> = (0..history.needs.traits.len()).collect();
    let odds = Odds::new(total);
    let program = program.fitting(&history.needs);
    let bound = history.bind(&program);
    let memory = <(Tally, Vec<Amount>)>::default;
    let looked = in_parallel(history.blocks.len(), threads, memory, |(tally, amounts), index| {
        let block = &history.blocks[index];
        let mut looked = Looked::new(lenses.len(), columns.len());
        for lead in 0..block.len() {
            let position = index * LEADS_PER_BLOCK + lead;
            let profile = history.roster.profile(position);
            let lead = view(&history.roster, block, index, lead, &profile);
            for (cut_off, at) in instants.iter().enumerate() {
                let Some(converted) = standing(position, cut_off) else { continue };
                if !odds.takes(position, cut_off, converted) {
                    continue;
                }
                let disqualified = bound.score(&lead, *at, tally).disqualified;
                bound.amounts_of(&lead, *at, tally, amounts);
                for (lens, values) in lenses.iter().zip(&mut looked.lenses) {
                    let value = match lens.of {
                        Of::Criterion(line) => amounts[line].units(),
                        Of::Gate(gate) => -i128::from(disqualified == Some(gate as u16)),
                    };
                    values.add(value, converted);
                }
                for (column, seen) in columns.iter().zip(&mut looked.traits) {
                    let known = profile.value(*column, at.as_millis()) != 0;
                    seen.known.add(known, converted);
                    let since = profile.since(*column, at.as_millis());
                    seen.undated += u64::from(known && since <= lead.created_at);
                }
            }
        }
        looked
    });
    let mut all = Looked::new(lenses.len(), columns.len());
    for part in &looked {
        all.merge(part);
    }
    let traits: Vec<TraitPower> = history
        .needs
        .traits
        .iter()
        .zip(&all.traits)
        .map(|(path, seen)| seen.power(path, &odds))
        .collect();
    let mut powers: Vec<Power> =
        lenses.iter().zip(&all.lenses).map(|(lens, values)| lens.power(values, &traits)).collect();
    let behaviour = powers.iter().filter(|power| power.behavioural).filter_map(Power::strength);
    let behaviour = behaviour.fold(0.5, f64::max);
    for (power, values) in powers.iter_mut().zip(&all.lenses) {
        power.suspicion = suspicion(power, values, &odds, behaviour);
    }
    powers.sort_by(|a, b| b.strength().unwrap_or(0.0).total_cmp(&a.strength().unwrap_or(0.0)));
    powers
}

impl Power {
    /// How far it tells the two kinds apart, whichever way: 0.5 to 1.
    pub fn strength(&self) -> Option<f64> {
        self.auc.map(|auc| auc.max(1.0 - auc))
    }
}

/// What is looked at alone.
struct Lens {
    name: String,
    of: Of,
    columns: Vec<usize>,
    behavioural: bool,
}

#[derive(Clone, Copy)]
enum Of {
    Criterion(usize),
    Gate(usize),
}

fn lenses(model: &Model, paths: &[String]) -> Vec<Lens> {
    let column = |path: &&str| paths.iter().position(|known| known == path);
    let lens = |name: &str, of: Of, traits: &[&str]| {
        let columns = traits.iter().filter_map(column).collect();
        Lens { name: name.to_owned(), of, columns, behavioural: traits.is_empty() }
    };
    let criteria = model.criteria().enumerate().map(|(line, (_, criterion))| {
        let mut traits = Vec::new();
        match &criterion.rule {
            Rule::Condition { when, .. } => traits_of(when, &mut traits),
            Rule::Bands { path, .. } => traits.push(path),
            Rule::Events { .. } | Rule::Tiers { .. } | Rule::Curve { .. } => {}
        }
        lens(&criterion.name, Of::Criterion(line), &traits)
    });
    let gates = model.gates.iter().enumerate();
    let gates =
        gates.filter(|(_, gate)| gate.effect == GateEffect::Disqualify).map(|(index, gate)| {
            let mut traits = Vec::new();
            traits_of(&gate.when, &mut traits);
            lens(&gate.name, Of::Gate(index), &traits)
        });
    criteria.chain(gates).collect()
}

fn traits_of<'m>(condition: &'m Condition, traits: &mut Vec<&'m str>) {
    match condition {
        Condition::Trait(property) if traits.contains(&property.path.as_str()) => {}
        Condition::Trait(property) => traits.push(&property.path),
        Condition::Event(_) => {}
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                traits_of(part, traits);
            }
        }
        Condition::Not(inner) => traits_of(inner, traits),
    }
}

/// Of those who convert and of the others, which share is looked at.
struct Odds {
    conversions: f64,
    others: f64,
    base_rate: f64,
}

impl Odds {
    fn new(total: Count) -> Self {
        let share = |all: u64| (SAMPLE / 2.0 / all.max(1) as f64).min(1.0);
        let base_rate = total.rate().unwrap_or_default();
        Self { conversions: share(total.conversions), others: share(total.others()), base_rate }
    }

    /// The same leads at the same cut-offs every time, whoever asks.
    fn takes(&self, lead: usize, cut_off: usize, converted: bool) -> bool {
        let share = if converted { self.conversions } else { self.others };
        let die = mixed(mixed(lead as u64).wrapping_add(cut_off as u64));
        (die >> 11) as f64 <= share * (1_u64 << 53) as f64
    }

    /// The rate among everyone of whom these were looked at.
    fn rate(&self, looked_at: Count) -> Option<f64> {
        let conversions = looked_at.conversions as f64 / self.conversions;
        let leads = conversions + looked_at.others() as f64 / self.others;
        (looked_at.leads > 0).then(|| conversions / leads)
    }
}

/// Scatters a number over 64 bits (the finalizer of `SplitMix64`, by Sebastiano Vigna).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

struct Looked {
    lenses: Vec<Histogram<i128>>,
    traits: Vec<Seen>,
}

#[derive(Clone, Default)]
struct Seen {
    known: Histogram<bool>,
    undated: u64,
}

impl Looked {
    fn new(lenses: usize, traits: usize) -> Self {
        Self { lenses: vec![Histogram::default(); lenses], traits: vec![Seen::default(); traits] }
    }

    fn merge(&mut self, other: &Self) {
        self.lenses.iter_mut().zip(&other.lenses).for_each(|(lens, more)| lens.merge(more));
        for (seen, more) in self.traits.iter_mut().zip(&other.traits) {
            seen.known.merge(&more.known);
            seen.undated += more.undated;
        }
    }
}

impl Seen {
    fn power(&self, path: &str, odds: &Odds) -> TraitPower {
        let ranking = self.known.ranking();
        let known = ranking
            .iter()
            .find(|(known, _)| *known)
            .map_or_else(Count::default, |(_, count)| count);
        let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        TraitPower {
            path: path.to_owned(),
            known: share(known.leads, ranking.total().leads),
            undated: share(self.undated, known.leads),
            rate_known: odds.rate(known),
            auc_known: ranking.auc(),
        }
    }
}

impl Lens {
    fn power(&self, values: &Histogram<i128>, traits: &[TraitPower]) -> Power {
        Power {
            name: self.name.clone(),
            gate: matches!(self.of, Of::Gate(_)),
            behavioural: self.behavioural,
            auc: values.ranking().auc(),
            traits: self.columns.iter().map(|column| traits[*column].clone()).collect(),
            suspicion: None,
        }
    }
}

fn suspicion(
    power: &Power,
    values: &Histogram<i128>,
    odds: &Odds,
    behaviour: f64,
) -> Option<Suspicion> {
    let ranking = values.ranking();
    let total = ranking.total();
    if total.conversions < ENOUGH || total.others() < ENOUGH {
        return None;
    }
    let (strength, auc) = (power.strength()?, power.auc?);
    let undated = power.traits.iter().filter(|seen| seen.path != CREATED_AT && seen.undated > 0.5);
    let likeliest = undated.max_by(|a, b| {
        let away = |seen: &TraitPower| seen.auc_known.map_or(0.0, |auc| (auc - 0.5).abs());
        away(a).total_cmp(&away(b))
    });
    let gives_away = |count: Count| {
        let rate = odds.rate(count).unwrap_or_default();
        count.conversions >= ENOUGH
            && rate >= NEARLY_ALL
            && rate >= GIVES_AWAY_LIFT * odds.base_rate
    };
    let values_give_away = || ranking.iter().any(|(_, count)| gives_away(count));
    let sign = if strength >= NEARLY_PERFECT {
        Sign::Separates
    } else if likeliest.is_some() && values_give_away() {
        Sign::GivesAway
    } else if likeliest.is_some() && strength >= STRONG && strength >= behaviour + FAR_ABOVE {
        Sign::UndatedAndStrong
    } else {
        return None;
    };
    let question = match (likeliest, power.behavioural) {
        (Some(seen), _) => format!("is the trait ‘{}’ filled in only after the sale?", seen.path),
        (None, true) => "does its event happen only once the deal is as good as won?".to_owned(),
        (None, false) => "are the changes of its traits dated too early?".to_owned(),
    };
    let evidence = match sign {
        Sign::Separates => {
            let how = if auc < 0.5 { ", by taking points away" } else { "" };
            let pairs = (strength * 100.0).floor();
            format!(
                "Of 100 pairs of a lead that converted and one that did not, it alone tells {pairs} apart{how}."
            )
        }
        Sign::GivesAway => "Where it gives certain points, nearly every lead converted.".to_owned(),
        Sign::UndatedAndStrong => {
            "It rests on values without dates, and says far more than anything the leads did."
                .to_owned()
        }
    };
    let sentence = format!("‘{}’ seems to know the outcome: {question} {evidence}", power.name);
    let path = likeliest.map(|seen| seen.path.clone());
    Some(Suspicion { sign, path, sentence })
}
