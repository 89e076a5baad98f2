//! Scores of everyone at one instant.

use leads::Timestamp;
use scoring::{Bound, Program, Score, Tally};

use crate::blocks::{Block, History, LEADS_PER_BLOCK, view};
use crate::gather::Gathered;
use crate::intern::vocabulary;
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
    blocks: Vec<Vec<Scored>>,
}

impl Scores {
    /// How many leads there are.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The numbers of the lead at a position of the roster.
    pub fn get(&self, at: usize) -> Scored {
        self.blocks[at / LEADS_PER_BLOCK][at % LEADS_PER_BLOCK]
    }

    /// All numbers in the order of the roster.
    pub fn iter(&self) -> impl Iterator<Item = Scored> {
        self.blocks.iter().flatten().copied()
    }
}

impl Gathered {
    /// Scores everyone at an instant and forgets the events: block after block is put in order and
    /// scored, so that the history never stands in memory in two forms.
    pub fn score(self, program: &Program, at: Timestamp, threads: usize) -> (Roster, Scores) {
        let (roster, traits) = self.roster.split_values();
        let vocabulary = vocabulary(traits, self.shapes.shapes);
        let bound = program.bind(&vocabulary, Timestamp::MIN, at);
        let leads = roster.len();
        let memory = || (Block::default(), Vec::new(), Tally::default());
        let blocks = in_parallel(leads.div_ceil(LEADS_PER_BLOCK), threads, memory, |memory, index| {
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
) -> Vec<Scored> {
    let staged = !bound.model().stages.is_empty();
    let leads = 0..block.len();
    let scored = leads.map(|lead| {
        let profile = roster.profile(index * LEADS_PER_BLOCK + lead);
        let view = view(roster, block, index, lead, &profile);
        let stage = if staged { bound.stage(&view, at).map(|stage| stage as u8) } else { None };
        Scored { score: bound.score(&view, at, tally), stage }
    });
    scored.collect()
}
