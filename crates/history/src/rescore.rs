//! Scores of everyone at one instant.

use leads::Timestamp;
use scoring::stages::Earlier;
use scoring::{Bound, LeadView, Model, Program, Score, Vocabulary};

use crate::blocks::{Block, History, LEADS_PER_BLOCK, view};
use crate::coarse::CoarseBlock;
use crate::gather::Gathered;
use crate::parallel::in_parallel;
use crate::roster::{Roster, RowProfile};
use crate::scorer::Scorer;

/// One lead's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scored {
    /// Score, fit, engagement, grade, bracket, disqualification.
    pub score: Score,
    /// Index of the stage in the model.
    pub stage: Option<u8>,
}

/// Everyone's numbers, in the order of the roster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scores {
    blocks: Vec<ScoreBlock>,
}

/// The numbers of a block of leads in columns: six bytes a lead, and what the model has names for.
#[derive(Clone, PartialEq, Eq, Debug)]
struct ScoreBlock {
    score: Whole,
    fit: Whole,
    engagement: Whole,
    /// Rows of the grid.
    grade: Names<(u8, u8)>,
    bracket: Names<u8>,
    stage: Names<u8>,
    disqualified: Names<u16>,
}

/// Numbers of names; of names that the model does not have, nothing is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Names<T> {
    has: bool,
    /// Stands for "no name".
    none: T,
    numbers: Vec<T>,
}

/// Whole numbers as narrow as they allow.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Whole {
    Shorts(Vec<i16>),
    Longs(Vec<i64>),
}

impl Whole {
    #[inline]
    fn push(&mut self, number: i64) {
        match (&mut *self, i16::try_from(number)) {
            (Self::Shorts(shorts), Ok(short)) => shorts.push(short),
            (Self::Shorts(shorts), Err(_)) => {
                let longs = shorts.iter().map(|short| i64::from(*short)).chain([number]);
                *self = Self::Longs(longs.collect());
            }
            (Self::Longs(longs), _) => longs.push(number),
        }
    }

    #[inline]
    fn get(&self, at: usize) -> i64 {
        match self {
            Self::Shorts(shorts) => i64::from(shorts[at]),
            Self::Longs(longs) => longs[at],
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Shorts(shorts) => shorts.len(),
            Self::Longs(longs) => longs.len(),
        }
    }
}

impl<T: Copy + PartialEq> Names<T> {
    fn new(has: bool, none: T, leads: usize) -> Self {
        Self { has, none, numbers: Vec::with_capacity(if has { leads } else { 0 }) }
    }

    #[inline]
    fn push(&mut self, number: Option<T>) {
        if self.has {
            self.numbers.push(number.unwrap_or(self.none));
        }
    }

    #[inline]
    fn get(&self, at: usize) -> Option<T> {
        self.numbers.get(at).copied().filter(|number| *number != self.none)
    }
}

impl ScoreBlock {
    fn new(model: &Model, leads: usize) -> Self {
        let shorts = || Whole::Shorts(Vec::with_capacity(leads));
        Self {
            score: shorts(),
            fit: shorts(),
            engagement: shorts(),
            grade: Names::new(model.grid.is_some(), (u8::MAX, u8::MAX), leads),
            bracket: Names::new(!model.brackets.is_empty(), u8::MAX, leads),
            stage: Names::new(!model.stages.is_empty(), u8::MAX, leads),
            disqualified: Names::new(!model.gates.is_empty(), u16::MAX, leads),
        }
    }

    #[inline]
    fn push(&mut self, scored: Scored) {
        let Scored { score, stage } = scored;
        self.score.push(score.score);
        self.fit.push(score.fit);
        self.engagement.push(score.engagement);
        self.grade.push(score.grade);
        self.bracket.push(score.bracket);
        self.stage.push(stage);
        self.disqualified.push(score.disqualified);
    }

    #[inline]
    fn get(&self, at: usize) -> Scored {
        let score = Score {
            score: self.score.get(at),
            fit: self.fit.get(at),
            engagement: self.engagement.get(at),
            grade: self.grade.get(at),
            bracket: self.bracket.get(at),
            disqualified: self.disqualified.get(at),
        };
        Scored { score, stage: self.stage.get(at) }
    }
}

impl Scores {
    /// How many leads there are.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.score.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The numbers of the lead at a position of the roster.
    pub fn get(&self, at: usize) -> Scored {
        self.blocks[at / LEADS_PER_BLOCK].get(at % LEADS_PER_BLOCK)
    }

    /// All numbers in the order of the roster.
    pub fn iter(&self) -> impl Iterator<Item = Scored> {
        self.blocks.iter().flat_map(|block| (0..block.score.len()).map(|at| block.get(at)))
    }
}

impl Gathered {
    /// Scores everyone at an instant and forgets the events: block after block is put in order and
    /// scored, so that the history never stands in memory in two forms.
    ///
    /// # Panics
    /// When the events were gathered for another score ([`crate::Gathering::for_score`]).
    pub fn score(self, program: &Program, at: Timestamp, threads: usize) -> (Roster, Scores) {
        let grain = self.grain.as_ref();
        assert!(grain.is_none_or(|grain| grain.is_of(program, at)), "gathered for another score");
        let (roster, traits) = self.roster.split_values();
        let vocabulary = Vocabulary { traits, shapes: self.shapes.shapes };
        let bound = program.bind(&vocabulary, Timestamp::MIN, at);
        let (leads, partitions) = (roster.len(), self.partitions.as_slice());
        let pieces = leads.div_ceil(LEADS_PER_BLOCK);
        let effects = grain.and_then(|grain| bound.effects(grain));
        let coarse = || CoarseBlock::new(effects.as_ref()?, partitions);
        let memory = || (coarse(), Block::default(), Vec::new(), Memory::default());
        let blocks = in_parallel(pieces, threads, memory, |memory, index| {
            let (coarse, block, scratch, memory) = memory;
            if let Some(coarse) = coarse
                && coarse.fill(partitions, index, leads)
            {
                return score_coarse(&bound, &roster, coarse, index, at, memory);
            }
            block.fill(partitions, grain, index, leads, scratch);
            score_block(&bound, &roster, block, index, at, None, memory)
        });
        (roster, Scores { blocks })
    }
}

impl History {
    /// Scores everyone at an instant, past or present. What the program looks at must be among
    /// [`History::needs`].
    pub fn rescore(&self, program: &Program, at: Timestamp, threads: usize) -> Scores {
        self.rescore_since(program, at, threads, None)
    }

    /// The same, where everyone was scored before: whom the time since then cannot have changed has the same
    /// numbers, and the stages that the others stood in spare a look at their past.
    pub fn rescore_since(
        &self,
        program: &Program,
        at: Timestamp,
        threads: usize,
        before: Option<Before<'_>>,
    ) -> Scores {
        let program = program.fitting(&self.needs);
        let bound = self.bind(&program);
        let blocks = in_parallel(self.blocks.len(), threads, Memory::default, |memory, index| {
            let before = before.and_then(|before| before.of_block(index));
            let block = &self.blocks[index];
            score_block(&bound, &self.roster, block, index, at, before.as_ref(), memory)
        });
        Scores { blocks }
    }

    /// The program bound to the words of this history, for which it was made or which it is
    /// [`Program::fitting`].
    pub(crate) fn bind<'p>(&self, program: &'p Program) -> Bound<'p> {
        program.bind(&self.vocabulary, self.first, self.last)
    }
}

/// Everyone's scores at an instant before, under the same program.
#[derive(Clone, Copy, Debug)]
pub struct Before<'b> {
    /// The scores; leads that came later have none.
    pub scores: &'b Scores,
    /// The instant.
    pub at: Timestamp,
    /// Positions of leads whose facts have changed since, in rising order.
    pub changed: &'b [usize],
}

/// The same of a block of leads.
pub(crate) struct BlockBefore<'b> {
    scores: &'b ScoreBlock,
    at: Timestamp,
    changed: &'b [usize],
    first: usize,
}

impl<'b> Before<'b> {
    pub(crate) fn of_block(self, index: usize) -> Option<BlockBefore<'b>> {
        let first = index * LEADS_PER_BLOCK;
        let from = self.changed.partition_point(|position| *position < first);
        let until = self.changed.partition_point(|position| *position < first + LEADS_PER_BLOCK);
        let changed = &self.changed[from..until];
        Some(BlockBefore { scores: self.scores.blocks.get(index)?, at: self.at, changed, first })
    }
}

impl BlockBefore<'_> {
    /// How a lead of the block stood; `None` where its facts are others now.
    pub(crate) fn of(&self, lead: usize) -> Option<(Scored, Earlier)> {
        let is_known = lead < self.scores.score.len()
            && self.changed.binary_search(&(self.first + lead)).is_err();
        is_known.then(|| {
            let scored = self.scores.get(lead);
            (scored, Earlier { at: self.at, stage: scored.stage.map(usize::from) })
        })
    }
}

/// Leads whose traits are reckoned together: their sums stay in the first cache.
const STRETCH: usize = 1024;

/// What scoring keeps from lead to lead.
#[derive(Debug, Default)]
struct Memory {
    scorer: Scorer,
    /// Leads of a stretch of which some trait changes.
    changing: Vec<bool>,
}

fn score_block(
    bound: &Bound<'_>,
    roster: &Roster,
    block: &Block,
    index: usize,
    at: Timestamp,
    before: Option<&BlockBefore<'_>>,
    memory: &mut Memory,
) -> ScoreBlock {
    score_leads(bound, roster, (index, block.len()), at, memory, |scorer, lead, profile, place| {
        let view = view(roster, block, index, lead, profile);
        let known = before.and_then(|before| before.of(lead));
        if let Some((scored, _)) =
            known.filter(|(_, earlier)| bound.is_as_before(&view, earlier.at, at))
        {
            return scored;
        }
        scorer.score(bound, &view, at, place, known.map(|(_, earlier)| earlier))
    })
}

/// The same of a block whose events have been counted.
fn score_coarse(
    bound: &Bound<'_>,
    roster: &Roster,
    block: &CoarseBlock<'_>,
    index: usize,
    at: Timestamp,
    memory: &mut Memory,
) -> ScoreBlock {
    score_leads(
        bound,
        roster,
        (index, block.leads()),
        at,
        memory,
        |scorer, lead, profile, place| {
            let created_at = roster.created_at[index * LEADS_PER_BLOCK + lead];
            let view = LeadView { created_at, at: &[], shapes: &[], profile };
            scorer.score_in_crowd(bound, &view, (block.crowd(), lead), place)
        },
    )
}

/// Scores so many leads of the block `index`, each by what `score` makes of it and of its place among those whose
/// traits have been reckoned together, where none of them changes.
#[inline]
fn score_leads(
    bound: &Bound<'_>,
    roster: &Roster,
    (index, leads): (usize, usize),
    at: Timestamp,
    memory: &mut Memory,
    mut score: impl FnMut(&mut Scorer, usize, &RowProfile<'_>, Option<usize>) -> Scored,
) -> ScoreBlock {
    let Memory { scorer, changing } = memory;
    let mut scores = ScoreBlock::new(bound.model(), leads);
    for first in (0..leads).step_by(STRETCH) {
        let leads = first..leads.min(first + STRETCH);
        let place = index * LEADS_PER_BLOCK + first;
        let stretch = roster.stretch(place..place + leads.len());
        scorer.stand(bound, &stretch);
        stretch.changing(at.as_millis(), changing);
        for (lead, changing) in leads.zip(changing.iter()) {
            let profile = &roster.profile(index * LEADS_PER_BLOCK + lead);
            let place = (!changing).then_some(lead - first);
            scores.push(score(scorer, lead, profile, place));
        }
    }
    scores
}
