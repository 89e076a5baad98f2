//! Scores of everyone at one instant.

use leads::Timestamp;
use scoring::{Bound, Program, Score, Tally, Vocabulary};

use crate::blocks::{Block, History, LEADS_PER_BLOCK, view};
use crate::gather::Gathered;
use crate::parallel::in_parallel;
use crate::roster::Roster;

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

/// The numbers of a block of leads in columns: some ten bytes a lead.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct ScoreBlock {
    score: Whole,
    fit: Whole,
    engagement: Whole,
    /// Rows of the grid, `NONE` without one.
    grade: Vec<(u8, u8)>,
    bracket: Vec<u8>,
    stage: Vec<u8>,
    disqualified: Vec<u16>,
}

/// Whole numbers as narrow as they allow.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Whole {
    Shorts(Vec<i16>),
    Longs(Vec<i64>),
}

const NONE: u8 = u8::MAX;

impl Default for Whole {
    fn default() -> Self {
        Self::Shorts(Vec::new())
    }
}

impl Whole {
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

impl ScoreBlock {
    fn push(&mut self, scored: Scored) {
        let Scored { score, stage } = scored;
        self.score.push(score.score);
        self.fit.push(score.fit);
        self.engagement.push(score.engagement);
        self.grade.push(score.grade.unwrap_or((NONE, NONE)));
        self.bracket.push(score.bracket.unwrap_or(NONE));
        self.stage.push(stage.unwrap_or(NONE));
        self.disqualified.push(score.disqualified.unwrap_or(u16::MAX));
    }

    fn get(&self, at: usize) -> Scored {
        let known = |index: u8| (index != NONE).then_some(index);
        let score = Score {
            score: self.score.get(at),
            fit: self.fit.get(at),
            engagement: self.engagement.get(at),
            grade: Some(self.grade[at]).filter(|(row, _)| *row != NONE),
            bracket: known(self.bracket[at]),
            disqualified: Some(self.disqualified[at]).filter(|gate| *gate != u16::MAX),
        };
        Scored { score, stage: known(self.stage[at]) }
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
    pub fn score(self, program: &Program, at: Timestamp, threads: usize) -> (Roster, Scores) {
        let (roster, traits) = self.roster.split_values();
        let vocabulary = Vocabulary { traits, shapes: self.shapes.shapes };
        let bound = program.bind(&vocabulary, Timestamp::MIN, at);
        let leads = roster.len();
        let memory = || (Block::default(), Vec::new(), Tally::default());
        let blocks =
            in_parallel(leads.div_ceil(LEADS_PER_BLOCK), threads, memory, |memory, index| {
                let (block, scratch, tally) = memory;
                block.fill(&self.partitions, index, leads, scratch);
                score_block(&bound, &roster, block, index, at, tally)
            });
        (roster, Scores { blocks })
    }
}

impl History {
    /// Scores everyone at an instant, past or present. The program must have been made with
    /// [`Program::with_needs`] for [`History::needs`].
    pub fn rescore(&self, program: &Program, at: Timestamp, threads: usize) -> Scores {
        let bound = self.bind(program);
        let blocks = in_parallel(self.blocks.len(), threads, Tally::default, |tally, index| {
            score_block(&bound, &self.roster, &self.blocks[index], index, at, tally)
        });
        Scores { blocks }
    }

    /// The program bound to the words of this history.
    pub(crate) fn bind<'p>(&self, program: &'p Program) -> Bound<'p> {
        program.bind(&self.vocabulary, self.first, self.last)
    }
}

fn score_block(
    bound: &Bound<'_>,
    roster: &Roster,
    block: &Block,
    index: usize,
    at: Timestamp,
    tally: &mut Tally,
) -> ScoreBlock {
    let staged = !bound.model().stages.is_empty();
    let mut scores = ScoreBlock::default();
    for lead in 0..block.len() {
        let profile = roster.profile(index * LEADS_PER_BLOCK + lead);
        let view = view(roster, block, index, lead, &profile);
        let stage = if staged { bound.stage(&view, at).map(|stage| stage as u8) } else { None };
        scores.push(Scored { score: bound.score(&view, at, tally), stage });
    }
    scores
}
