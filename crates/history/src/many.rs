//! Scores of everyone at many instants, in one pass over the events.

use leads::Timestamp;
use scoring::{Moments, Program, Standing};

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
        let own = || (Standing::default(), instants.scorer());
        in_parallel(self.blocks.len(), threads, own, |(standing, scorer), index| {
            let (block, first) = (&self.blocks[index], index * LEADS_PER_BLOCK);
            let leads = first..first + block.len();
            bound.stand(&self.roster.stretch(leads.clone()), standing);
            let mut memory = memory();
            for (lead, position) in leads.enumerate() {
                let profile = self.roster.profile(position);
                let standing = (!profile.changes()).then_some((&*standing, lead));
                let lead = view(&self.roster, block, index, lead, &profile);
                visit(&mut memory, position, scorer.score(&lead, standing));
            }
            memory
        })
    }
}
