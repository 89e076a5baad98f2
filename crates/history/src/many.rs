//! Scores of everyone at many instants, in one pass over the events.

use leads::Timestamp;
use scoring::{ManyTally, Moments, Program};

use crate::blocks::{History, LEADS_PER_BLOCK, view};
use crate::parallel::in_parallel;

impl History {
    /// Scores everyone at these instants. `visit` gets a thread's `memory`, the lead's position in the
    /// roster, and its numbers in the order of the instants (which are put in rising order first). The
    /// memories come back, one per block of leads, in the order of the roster.
    ///
    /// Stages depend on the whole path and are not part of it.
    pub fn at_instants<M: Send>(
        &self,
        program: &Program,
        instants: &[Timestamp],
        threads: usize,
        memory: impl Fn() -> M + Sync,
        visit: impl Fn(&mut M, usize, Moments<'_>) + Sync,
    ) -> Vec<M> {
        let program = program.fitting(&self.needs);
        let bound = self.bind(&program);
        let instants = bound.at_instants(instants);
        in_parallel(self.blocks.len(), threads, ManyTally::default, |tally, index| {
            let block = &self.blocks[index];
            let mut memory = memory();
            for lead in 0..block.len() {
                let position = index * LEADS_PER_BLOCK + lead;
                let profile = self.roster.profile(position);
                let lead = view(&self.roster, block, index, lead, &profile);
                visit(&mut memory, position, instants.score(&lead, tally));
            }
            memory
        })
    }
}
