//! What if? Two models over the same facts at the same instant: who moves, and because of what.

use leads::Timestamp;
use scoring::model::Criterion;
use scoring::{Amount, Model, Program, Score};
use serde::Serialize;

use crate::blocks::{History, LEADS_PER_BLOCK, view};
use crate::parallel::in_parallel;
use crate::rescore::{Before, Scored};
use crate::scorer::Scorer;

/// Everyone under one model and under another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Comparison {
    /// The names of the two models.
    pub models: (String, String),
    /// The instant.
    pub at: Timestamp,
    /// How many leads there are.
    pub leads: u64,
    /// How many have a higher score than before.
    pub up: u64,
    /// How many have a lower score than before.
    pub down: u64,
    /// How many have the same score as before.
    pub unchanged: u64,
    /// The sums of all scores, before and after.
    pub sums: (i64, i64),
    /// From bracket to bracket.
    pub brackets: Matrix,
    /// From stage to stage.
    pub stages: Matrix,
    /// What moved the scores, from the strongest cause.
    pub causes: Vec<Cause>,
    /// Those whose scores moved most; of equal moves, the one who stands first in the file.
    pub movers: Vec<Mover>,
}

/// How many leads went from where to where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Matrix {
    /// The places under the first model; the first, `None`, is none of them.
    pub before: Vec<Option<String>>,
    /// The places under the second model; the first, `None`, is none of them.
    pub after: Vec<Option<String>>,
    /// Leads by place before, then by place after.
    pub leads: Vec<Vec<u64>>,
}

/// A criterion, and what the difference between its two forms does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cause {
    /// The criterion; `None`: limits, scale, gates and rounding.
    pub criterion: Option<String>,
    /// The sum, over all leads whose scores moved, of what it moved each by, whichever way.
    pub moved: Amount,
    /// The same with its signs: what it gave on the whole.
    pub net: Amount,
    /// How many of those leads it moved at all.
    pub leads: u64,
    /// For how many it is the main cause.
    pub main_cause_of: u64,
}

/// A lead whose score moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Mover {
    /// Who.
    pub lead: String,
    /// Under the first model.
    pub before: Numbers,
    /// Under the second model.
    pub after: Numbers,
    /// By how much the score moved.
    pub change: i64,
    /// What each criterion contributed, from the largest; those that contributed nothing are left
    /// out. Together they are `change`.
    pub parts: Vec<Part>,
}

/// What one model says of a lead.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Numbers {
    /// The score.
    pub score: i64,
    /// The bracket.
    pub bracket: Option<String>,
    /// The stage.
    pub stage: Option<String>,
    /// The gate that disqualified the lead.
    pub disqualified: Option<String>,
}

/// One criterion's part in the move of a score.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part {
    /// The criterion; `None`: limits, scale, gates and rounding.
    pub criterion: Option<String>,
    /// What it gives now, less what it gave before.
    pub change: Amount,
}

/// Leads that one thread compares at a time: few enough that a small company's are shared, too.
const LEADS_PER_PIECE: usize = 512;
const PIECES_PER_BLOCK: usize = LEADS_PER_BLOCK / LEADS_PER_PIECE;

/// Compares two models over everyone at an instant. What both look at must be among
/// [`History::needs`]. `movers` is how many of those who moved most are listed.
pub fn compare(
    history: &History,
    programs: (&Program, &Program),
    at: Timestamp,
    movers: usize,
    threads: usize,
) -> Comparison {
    compare_since(history, programs, at, movers, threads, None)
}

/// The same, where everyone was scored before under the first of the models: the stages that leads stood in then
/// spare a look at their past.
pub fn compare_since(
    history: &History,
    programs: (&Program, &Program),
    at: Timestamp,
    movers: usize,
    threads: usize,
    known: Option<Before<'_>>,
) -> Comparison {
    let names = Names::new(programs.0.model(), programs.1.model());
    let paired = Program::paired(programs, &history.needs);
    let count_alike = paired.0.counts_as(&paired.1);
    let apart = paired.0.apart(&paired.1);
    let bound = (history.bind(&paired.0), history.bind(&paired.1));
    let pieces = history.blocks.len() * PIECES_PER_BLOCK;
    let parts = in_parallel(pieces, threads, Memory::default, |memory, piece| {
        let (index, piece) = (piece / PIECES_PER_BLOCK, piece % PIECES_PER_BLOCK);
        let block = &history.blocks[index];
        let known = known.and_then(|known| known.of_block(index));
        let mut part = Compared::new(&names);
        let from = (piece * LEADS_PER_PIECE).min(block.len());
        let leads = from..block.len().min(from + LEADS_PER_PIECE);
        let place = index * LEADS_PER_BLOCK + from;
        let stretch = history.roster.stretch(place..place + leads.len());
        let Memory { scorers, changing, parts, bar } = memory;
        stretch.changing(at.as_millis(), changing);
        scorers.0.stand(&bound.0, &stretch);
        scorers.1.stand(&bound.1, &stretch);
        for lead in leads {
            let position = index * LEADS_PER_BLOCK + lead;
            if history.roster.is_gone(position) {
                continue;
            }
            let profile = history.roster.profile(position);
            let view = view(&history.roster, block, index, lead, &profile);
            let place = (!changing[lead - from]).then_some(lead - from);
            let earlier = known.as_ref().and_then(|known| Some(known.of(lead)?.1));
            let before = scorers.0.score(&bound.0, &view, at, place, earlier);
            let is_the_same =
                apart.as_ref().is_some_and(|apart| scorers.0.is_the_same(&bound.0, apart));
            let after = if is_the_same {
                before
            } else if count_alike {
                scorers.1.score_counted(&bound.1, &view, at, place, &scorers.0)
            } else {
                scorers.1.score(&bound.1, &view, at, place, None)
            };
            part.count(&before, &after);
            if before.score.score != after.score.score {
                let old = |criterion| scorers.0.amount(&bound.0, criterion, &view, at);
                let new = |criterion| scorers.1.amount(&bound.1, criterion, &view, at);
                let change = after.score.score - before.score.score;
                names.parts(old, new, change, parts);
                part.move_by(parts);
                let moved = Moved { position, before, after };
                if bar.takes(moved.rank(), movers) {
                    part.keep(moved, parts, movers);
                }
            }
        }
        part
    });
    let mut all = Compared::new(&names);
    for part in parts {
        all.merge(part, movers);
    }
    all.told(history, &names, programs, at)
}

/// What comparing keeps from lead to lead, `.0` of the first model and `.1` of the second.
#[derive(Default)]
struct Memory {
    scorers: (Scorer, Scorer),
    /// Leads of a piece of which some trait changes.
    changing: Vec<bool>,
    parts: Vec<Amount>,
    bar: Bar,
}

/// How far a lead moved, and its position: the smaller, the more it is worth telling.
type Rank = (std::cmp::Reverse<u64>, usize);

/// The ranks of those who moved most among all leads that a thread has compared, in order: whoever is
/// behind them need not be kept.
#[derive(Default)]
struct Bar {
    ranks: Vec<Rank>,
}

impl Bar {
    /// Takes a lead's rank, if it is among so many.
    fn takes(&mut self, rank: Rank, most: usize) -> bool {
        let place = self.ranks.partition_point(|other| *other <= rank);
        let taken = place < most;
        if taken {
            self.ranks.insert(place, rank);
            self.ranks.truncate(most);
        }
        taken
    }
}

/// Criteria of both models by name: where each stands in the one and in the other. Those that are the same in
/// both give everyone the same and are left out.
struct Names {
    criteria: Vec<(String, Option<usize>, Option<usize>)>,
    brackets: (usize, usize),
    stages: (usize, usize),
}

fn criterion(model: &Model, index: Option<usize>) -> Option<&Criterion> {
    model.criteria().nth(index?).map(|(_, criterion)| criterion)
}

/// A lead whose score moved.
struct Moved {
    position: usize,
    before: Scored,
    after: Scored,
}

#[derive(Clone, Copy, Default)]
struct Tallied {
    moved: Amount,
    net: Amount,
    leads: u64,
    main_cause_of: u64,
}

struct Compared {
    leads: u64,
    up: u64,
    down: u64,
    sums: (i64, i64),
    brackets: Vec<Vec<u64>>,
    stages: Vec<Vec<u64>>,
    causes: Vec<Tallied>,
    /// Each with its parts: an entry per name, and one more for what is left.
    movers: Vec<(Moved, Vec<Amount>)>,
}

impl Names {
    fn new(before: &Model, after: &Model) -> Self {
        let mut criteria: Vec<(String, Option<usize>, Option<usize>)> = after
            .criteria()
            .enumerate()
            .map(|(index, (_, criterion))| (criterion.name.clone(), None, Some(index)))
            .collect();
        for (index, (_, criterion)) in before.criteria().enumerate() {
            match criteria.iter_mut().find(|(name, ..)| *name == criterion.name) {
                Some((_, old, _)) => *old = Some(index),
                None => criteria.push((criterion.name.clone(), Some(index), None)),
            }
        }
        if before.time_zone == after.time_zone {
            criteria.retain(|(_, old, new)| criterion(before, *old) != criterion(after, *new));
        }
        Self {
            criteria,
            brackets: (before.brackets.len() + 1, after.brackets.len() + 1),
            stages: (before.stages.len() + 1, after.stages.len() + 1),
        }
    }

    /// What each criterion contributed to a change of the score, and what is left.
    fn parts(
        &self,
        old: impl Fn(usize) -> Amount,
        new: impl Fn(usize) -> Amount,
        change: i64,
        parts: &mut Vec<Amount>,
    ) {
        let differences = self.criteria.iter().map(|(_, before, after)| {
            after.map_or(Amount::ZERO, &new) - before.map_or(Amount::ZERO, &old)
        });
        parts.clear();
        parts.extend(differences);
        let explained: Amount = parts.iter().copied().sum();
        parts.push(Amount::whole(change) - explained);
    }

    /// The name of part `index`; the last one has none.
    fn of(&self, index: usize) -> Option<String> {
        self.criteria.get(index).map(|(name, ..)| name.clone())
    }
}

impl Compared {
    fn new(names: &Names) -> Self {
        let matrix = |(before, after): (usize, usize)| vec![vec![0; after]; before];
        Self {
            leads: 0,
            up: 0,
            down: 0,
            sums: (0, 0),
            brackets: matrix(names.brackets),
            stages: matrix(names.stages),
            causes: vec![Tallied::default(); names.criteria.len() + 1],
            movers: Vec::new(),
        }
    }

    fn count(&mut self, before: &Scored, after: &Scored) {
        self.leads += 1;
        self.up += u64::from(after.score.score > before.score.score);
        self.down += u64::from(after.score.score < before.score.score);
        self.sums.0 += before.score.score;
        self.sums.1 += after.score.score;
        let place = |place: Option<u8>| place.map_or(0, |place| usize::from(place) + 1);
        self.brackets[place(before.score.bracket)][place(after.score.bracket)] += 1;
        self.stages[place(before.stage)][place(after.stage)] += 1;
    }

    fn move_by(&mut self, parts: &[Amount]) {
        for (cause, part) in self.causes.iter_mut().zip(parts) {
            cause.moved += size(*part);
            cause.net += *part;
            cause.leads += u64::from(*part != Amount::ZERO);
        }
        // Of equal parts the first in the document is the main cause.
        let main = parts.iter().enumerate().rev().max_by_key(|(_, part)| size(**part));
        if let Some((index, _)) = main {
            self.causes[index].main_cause_of += 1;
        }
    }

    /// Keeps those who moved most, in order, each with its parts.
    fn keep(&mut self, moved: Moved, parts: &[Amount], most: usize) {
        let place = self.movers.partition_point(|(other, _)| other.rank() <= moved.rank());
        if place < most {
            self.movers.insert(place, (moved, parts.to_vec()));
            self.movers.truncate(most);
        }
    }

    fn merge(&mut self, other: Self, most: usize) {
        self.leads += other.leads;
        self.up += other.up;
        self.down += other.down;
        self.sums.0 += other.sums.0;
        self.sums.1 += other.sums.1;
        for (matrix, more) in
            [(&mut self.brackets, &other.brackets), (&mut self.stages, &other.stages)]
        {
            for (row, more) in matrix.iter_mut().zip(more) {
                row.iter_mut().zip(more).for_each(|(count, more)| *count += more);
            }
        }
        for (cause, more) in self.causes.iter_mut().zip(&other.causes) {
            cause.moved += more.moved;
            cause.net += more.net;
            cause.leads += more.leads;
            cause.main_cause_of += more.main_cause_of;
        }
        for (moved, parts) in other.movers {
            self.keep(moved, &parts, most);
        }
    }

    /// The result, with names for numbers.
    fn told(
        self,
        history: &History,
        names: &Names,
        programs: (&Program, &Program),
        at: Timestamp,
    ) -> Comparison {
        let (old, new) = (programs.0.model(), programs.1.model());
        let places = |places: Vec<&String>| -> Vec<Option<String>> {
            std::iter::once(None).chain(places.into_iter().cloned().map(Some)).collect()
        };
        let brackets =
            |model: &Model| places(model.brackets.iter().map(|bracket| &bracket.name).collect());
        let stages = |model: &Model| places(model.stages.iter().map(|stage| &stage.name).collect());
        let mut causes: Vec<Cause> = (0..)
            .zip(&self.causes)
            .filter(|(_, tallied)| tallied.leads > 0)
            .map(|(index, tallied)| Cause {
                criterion: names.of(index),
                moved: tallied.moved,
                net: tallied.net,
                leads: tallied.leads,
                main_cause_of: tallied.main_cause_of,
            })
            .collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.moved));
        let mover = |(moved, parts): &(Moved, Vec<Amount>)| Mover {
            lead: history.roster.id(moved.position).to_string(),
            before: told(&moved.before, old),
            after: told(&moved.after, new),
            change: moved.change(),
            parts: parts_told(parts, |index| names.of(index)),
        };
        Comparison {
            models: (old.name.clone(), new.name.clone()),
            at,
            leads: self.leads,
            up: self.up,
            down: self.down,
            unchanged: self.leads - self.up - self.down,
            sums: self.sums,
            brackets: Matrix { before: brackets(old), after: brackets(new), leads: self.brackets },
            stages: Matrix { before: stages(old), after: stages(new), leads: self.stages },
            causes,
            movers: self.movers.iter().map(mover).collect(),
        }
    }
}

impl Moved {
    fn change(&self) -> i64 {
        self.after.score.score - self.before.score.score
    }

    /// The largest move first, then in the order of the file.
    fn rank(&self) -> Rank {
        (std::cmp::Reverse(self.change().unsigned_abs()), self.position)
    }
}

fn told(scored: &Scored, model: &Model) -> Numbers {
    let Score { score, bracket, disqualified, .. } = scored.score;
    Numbers {
        score,
        bracket: bracket.map(|index| model.brackets[usize::from(index)].name.clone()),
        stage: scored.stage.map(|index| model.stages[usize::from(index)].name.clone()),
        disqualified: disqualified.map(|index| model.gates[usize::from(index)].name.clone()),
    }
}

impl Matrix {
    /// How many leads are in each place under the first model.
    pub fn counts_before(&self) -> Vec<u64> {
        self.leads.iter().map(|row| row.iter().sum()).collect()
    }

    /// How many leads are in each place under the second model.
    pub fn counts_after(&self) -> Vec<u64> {
        (0..self.after.len()).map(|place| self.leads.iter().map(|row| row[place]).sum()).collect()
    }

    /// From where to where how many leads went, without those who stayed where they were; the
    /// largest move first.
    pub fn moves(&self) -> Vec<(Option<&str>, Option<&str>, u64)> {
        let mut moves = Vec::new();
        for (before, row) in self.before.iter().zip(&self.leads) {
            for (after, leads) in self.after.iter().zip(row) {
                if before != after && *leads > 0 {
                    moves.push((before.as_deref(), after.as_deref(), *leads));
                }
            }
        }
        moves.sort_by_key(|(.., leads)| std::cmp::Reverse(*leads));
        moves
    }
}

/// The parts that are something, from the largest, with their names.
pub(crate) fn parts_told(parts: &[Amount], name: impl Fn(usize) -> Option<String>) -> Vec<Part> {
    let named = parts.iter().enumerate().filter(|(_, part)| **part != Amount::ZERO);
    let mut told: Vec<Part> =
        named.map(|(index, part)| Part { criterion: name(index), change: *part }).collect();
    told.sort_by_key(|part| std::cmp::Reverse(size(part.change)));
    told
}

fn size(amount: Amount) -> Amount {
    amount.max(-amount)
}
