//! One lead under one model: its numbers, and what changed about them since they were last written.

use leads::{LeadFacts, Timestamp};
use scoring::stages::{Judgement, Reason, Transition as Step};
use scoring::{Model, OneLead, Score};
use store::scores::{ScoreRow, Transition, TransitionKind};
use xxhash_rust::xxh3::xxh3_128;

use crate::held::{self, Turn};
use crate::lineup::Line;

/// A lead's numbers under a model, and what is to be written down about how they came.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) row: ScoreRow,
    pub(crate) changes: Vec<Change>,
}

/// A change to be written down.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) transition: Transition,
    /// Where the lead stood then, where others are told of it: not of what a lead went through before the
    /// import that brought it, but for how it came into the stage that it is in.
    pub(crate) news: Option<Situation>,
}

/// Where a lead stood when a change had come about.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    pub(crate) grade: Option<String>,
    pub(crate) bracket: Option<String>,
    pub(crate) stage: Option<String>,
    /// The stage just before it came into another.
    pub(crate) stage_before: Option<String>,
    pub(crate) is_disqualified: bool,
}

/// So many steps through stages are written down for a lead that was never scored before: of a long
/// imported past, the latest.
const PAST_STEPS: usize = 50;

/// What a lead that was never scored before went through longer ago than this (ms) came with an import: no
/// card is written for it, as nobody saw that score. It is explained at any time as if it had been scored then.
const OF_AN_IMPORT_MS: i64 = 86_400_000;

/// A change caused by time is dated to within this, in ms.
const DATED_WITHIN_MS: i64 = 60_000;

/// Scores a lead. `before` is what was written last; `at_stake` is in hundredths of a unit of money.
pub(crate) fn judge(
    line: &Line,
    facts: &LeadFacts,
    before: Option<&ScoreRow>,
    at_stake: i64,
    now: Timestamp,
) -> Judged {
    let model = line.program.model();
    let lead = OneLead::new(&line.program, facts);
    // What was written stands, unless a late fact or another version changed it.
    let since = before.map(|before| before.scored_at);
    let judgement = lead.judgement(since, now);
    let stage = judgement.stage().map(|stage| model.stages[stage].name.clone());
    let mut row = row(line, &facts.lead, &judgement.score, stage, at_stake, now);
    row.held = held::written(model, &judgement.held);
    if line.is_shadow {
        return Judged { row, changes: Vec::new() };
    }
    let seen_from = match before {
        Some(_) => Timestamp::MIN,
        None => Timestamp::saturating_from_millis(now.as_millis() - OF_AN_IMPORT_MS),
    };
    let scribe = Scribe { line, facts, lead: &lead, now, seen_from };
    let mut transitions = Vec::new();
    scribe.stages(before, &judgement, &mut transitions);
    scribe.bracket(before, &row, &mut transitions);
    scribe.disqualification(before, &row, &mut transitions);
    let came = |transition: &Transition| {
        transition.kind == TransitionKind::StageEntered && transition.to == row.stage
    };
    let last = transitions.iter().rposition(came);
    let change = |(index, transition): (usize, Transition)| {
        let is_news = transition.at >= seen_from || last == Some(index);
        Change { news: is_news.then(|| scribe.situation(&transition, since)), transition }
    };
    let changes = transitions.into_iter().enumerate().map(change).collect();
    Judged { row, changes }
}

/// The numbers as they are written, but for the stages below the last.
pub(crate) fn row(
    line: &Line,
    lead: &str,
    score: &Score,
    stage: Option<String>,
    at_stake: i64,
    now: Timestamp,
) -> ScoreRow {
    let model = line.program.model();
    ScoreRow {
        model: line.key.clone(),
        lead: lead.to_owned(),
        version: line.version,
        score: score.score,
        fit: score.fit,
        engagement: score.engagement,
        grade: model.grade_name(score.grade),
        bracket: bracket_name(model, score),
        stage,
        held: None,
        disqualified: score.disqualified.map(|gate| model.gates[usize::from(gate)].name.clone()),
        at_stake,
        priority: priority(model, score.score, at_stake),
        scored_at: now,
    }
}

pub(crate) fn bracket_name(model: &Model, score: &Score) -> Option<String> {
    score.bracket.map(|bracket| model.brackets[usize::from(bracket)].name.clone())
}

/// Closeness to buying times the money at stake: the share of the scale that the score has reached,
/// of the money, in hundredths of a unit.
pub(crate) fn priority(model: &Model, score: i64, at_stake: i64) -> i64 {
    let reached = i128::from(score - model.scale.bottom);
    let whole = i128::from(model.scale.top - model.scale.bottom);
    let share = i128::from(at_stake) * reached / whole.max(1);
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// The id of a change that is found again after what was written in between: the same stage may be entered at the
/// same instant twice, when a fact is withdrawn and comes back. `seen`: when the lead was looked at last.
fn again(id: &str, seen: Timestamp) -> String {
    format!("tr_{:032x}", xxh3_128(format!("{id}\n{}", seen.as_millis()).as_bytes()))
}

/// Writes down what changed.
struct Scribe<'s> {
    line: &'s Line,
    facts: &'s LeadFacts,
    lead: &'s OneLead<'s>,
    now: Timestamp,
    /// Changes before it have no card.
    seen_from: Timestamp,
}

impl Scribe<'_> {
    /// Stages entered and left since the last look. What facts that came late, or were withdrawn, made of the time
    /// before it is written down for each stage that is different then, with the instant at which it came about.
    fn stages(&self, before: Option<&ScoreRow>, now: &Judgement, into: &mut Vec<Transition>) {
        let model = self.line.program.model();
        if let Some(before) = before
            && before.version != self.line.version
        {
            let turns = held::turns(&held::read(model, before, &now.held), &now.held, model);
            into.extend(
                turns.into_iter().map(|turn| self.turn(&turn, self.now, "the model changed")),
            );
            return;
        }
        if let Some(before) = before {
            let then = held::before(now);
            let turns = held::turns(&held::read(model, before, &then), &then, model);
            // Rare enough to walk the whole way for it.
            let walk = if turns.is_empty() { Vec::new() } else { self.lead.walk(before.scored_at) };
            for turn in turns {
                let is_it = |step: &&Step| {
                    step.entered == turn.entered && model.stages[step.stage].name == turn.stage
                };
                let late = match walk.iter().rfind(is_it) {
                    Some(step) => self.turn(&turn, step.at, &self.reason(step)),
                    None => self.turn(&turn, self.now, "earlier facts changed"),
                };
                into.push(Transition { id: again(&late.id, before.scored_at), ..late });
            }
        }
        let from = now.walk.len().saturating_sub(PAST_STEPS);
        into.extend(now.walk[from..].iter().map(|step| self.step(step)));
    }

    fn turn(&self, turn: &Turn, at: Timestamp, reason: &str) -> Transition {
        let stage = Some(turn.stage.as_str());
        let (kind, from, to) = if turn.entered {
            (TransitionKind::StageEntered, None, stage)
        } else {
            (TransitionKind::StageLeft, stage, None)
        };
        self.transition(at, kind, from, to, reason)
    }

    fn step(&self, step: &Step) -> Transition {
        let stage = self.line.program.model().stages[step.stage].name.clone();
        self.turn(&Turn { stage, entered: step.entered }, step.at, &self.reason(step))
    }

    fn reason(&self, step: &Step) -> String {
        let model = self.line.program.model();
        let gate = |gate: usize| model.gates[gate].name.as_str();
        match step.reason {
            Reason::Reached => "reached its thresholds".to_owned(),
            Reason::FastTrack(index) => format!("gate: {}", gate(index)),
            Reason::Fell => "fell below its thresholds".to_owned(),
            Reason::Disqualified(index) => format!("disqualified by: {}", gate(index)),
            Reason::Rejected => "rejected by sales".to_owned(),
        }
    }

    /// Where the lead stood when a change had come about, by what is known now.
    fn situation(&self, transition: &Transition, since: Option<Timestamp>) -> Situation {
        let model = self.line.program.model();
        let judged = |at: Timestamp| self.lead.judgement(since.filter(|since| *since < at), at);
        let stage = |stage: Option<usize>| stage.map(|stage| model.stages[stage].name.clone());
        let after = judged(transition.at);
        let score = after.score;
        let just_before = Timestamp::saturating_from_millis(transition.at.as_millis() - 1);
        let stage_before = if transition.kind == TransitionKind::StageEntered {
            stage(judged(just_before).stage())
        } else {
            None
        };
        Situation {
            grade: model.grade_name(score.grade),
            bracket: bracket_name(model, &score),
            stage: stage(after.stage()),
            stage_before,
            is_disqualified: score.disqualified.is_some(),
        }
    }

    fn bracket(&self, before: Option<&ScoreRow>, after: &ScoreRow, into: &mut Vec<Transition>) {
        let Some(before) = before else { return self.first_bracket(after, into) };
        if before.bracket == after.bracket {
            return;
        }
        let model = self.line.program.model();
        let (at, reason) = if before.version == self.line.version {
            let crossed = |score: &Score| bracket_name(model, score) == after.bracket;
            let at = self.first_instant(before.scored_at, crossed);
            let up = after.score > before.score;
            (at, if up { "the score rose" } else { "the score fell" })
        } else {
            (self.now, "the model changed")
        };
        let (from, to) = (before.bracket.as_deref(), after.bracket.as_deref());
        into.push(self.transition(at, TransitionKind::Bracket, from, to, reason));
    }

    /// Everybody begins in the lowest bracket or none: that is no news. Nor is where a lead stood already when its past
    /// was imported.
    fn first_bracket(&self, after: &ScoreRow, into: &mut Vec<Transition>) {
        let model = self.line.program.model();
        let lowest = model.brackets.iter().min_by_key(|bracket| bracket.from);
        let Some(name) = after.bracket.as_deref() else { return };
        let is_in = |score: &Score| bracket_name(model, score).as_deref() == Some(name);
        if lowest.is_some_and(|lowest| lowest.name == name)
            || is_in(&self.lead.score(self.seen_from))
        {
            return;
        }
        let at = self.first_instant(self.seen_from, is_in);
        let kind = TransitionKind::Bracket;
        into.push(self.transition(at, kind, None, Some(name), "the score rose"));
    }

    fn disqualification(
        &self,
        before: Option<&ScoreRow>,
        after: &ScoreRow,
        into: &mut Vec<Transition>,
    ) {
        let was = before.and_then(|before| before.disqualified.as_deref());
        let is = after.disqualified.as_deref();
        if was == is {
            return;
        }
        let since = before.map_or(self.now, |before| before.scored_at);
        let at = self.first_instant(since, |score| score.disqualified.is_some() == is.is_some());
        let kind =
            if is.is_some() { TransitionKind::Disqualified } else { TransitionKind::Requalified };
        let reason = is.or(was).unwrap_or_default();
        into.push(self.transition(at, kind, was, is, &format!("gate: {reason}")));
    }

    /// When what is so now came about, since an instant at which it was not so: the instant of the
    /// fact that did it, or where it was time, one at most [`DATED_WITHIN_MS`] later.
    fn first_instant(&self, since: Timestamp, is_so: impl Fn(&Score) -> bool) -> Timestamp {
        let so_at = |at: i64| is_so(&self.lead.score(Timestamp::saturating_from_millis(at)));
        let (mut low, mut high) = (since.as_millis(), self.now.as_millis());
        if low >= high || so_at(low) {
            return self.now;
        }
        while high - low > DATED_WITHIN_MS {
            let middle = low + (high - low) / 2;
            if so_at(middle) { high = middle } else { low = middle }
        }
        let instants = self.facts.events.iter().map(|event| event.at.as_millis());
        let changes = self.facts.traits.iter().filter_map(|fact| fact.at.map(Timestamp::as_millis));
        let mut facts: Vec<i64> =
            instants.chain(changes).filter(|at| low < *at && *at <= high).collect();
        facts.sort_unstable();
        let at = facts.into_iter().find(|at| so_at(*at)).unwrap_or(high);
        Timestamp::saturating_from_millis(at)
    }

    fn transition(
        &self,
        at: Timestamp,
        kind: TransitionKind,
        from: Option<&str>,
        to: Option<&str>,
        reason: &str,
    ) -> Transition {
        let line = self.line;
        let lead = self.facts.lead.as_str();
        let card = (at >= self.seen_from).then(|| self.lead.explain(at));
        let score = card.as_ref().map_or_else(|| self.lead.score(at).score, |card| card.score);
        // One id however often, and on however many nodes, the same change is found.
        let name = format!(
            "{}\n{}\n{lead}\n{}\n{}\n{}\n{}",
            line.key,
            line.version,
            at.as_millis(),
            kind.name(),
            from.unwrap_or_default(),
            to.unwrap_or_default()
        );
        Transition {
            id: format!("tr_{:032x}", xxh3_128(name.as_bytes())),
            model: line.key.clone(),
            version: line.version,
            lead: lead.to_owned(),
            at,
            recorded_at: self.now,
            kind,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            reason: reason.to_owned(),
            score,
            card: card.and_then(|card| serde_json::to_string(&card).ok()),
        }
    }
}
