//! From what was kept of a lead's events to its sums at every instant.

use leads::Timestamp;
use pulp::Simd;

use super::Instants;
use super::columns::Columns;
use super::count::Counted;
use super::lane::{Lane, add_from, begin_from, column};
use super::lines::{Held, take_held, take_weighted};
use super::plan::Weighted;
use super::seen::SlotSeen;
use crate::fold::{LeadView, NEVER, Profile};
use crate::model::Dimension;
use crate::program::{LineKind, curve_amount};
use crate::sum::{is_too_young, units};
use crate::truth::Truth;

/// So many lines of weights are settled without asking whether they have counted anything.
const FEW: usize = 8;

/// A lead's traits at the instants.
#[derive(Clone, Copy, Debug)]
pub(super) enum Traits<'t> {
    /// None changes once the lead is known, from an instant (index) on: the units they give, by group.
    Standing { units: &'t [i64], from: usize },
    /// Some may: an epoch begins where the profile is another.
    Changing { epochs: &'t [usize] },
}

impl Instants<'_, '_> {
    /// Settles all groups.
    #[inline(always)]
    pub(super) fn settle<L: Lane, P: Profile, S: Simd>(
        &self,
        simd: S,
        lead: &LeadView<'_, P>,
        traits: Traits<'_>,
        Counted { seen, latest }: &mut Counted,
        columns: &mut Columns<L>,
    ) {
        let (width, grain) = (self.plan.width, self.plan.rounding.grain);
        if self.plan.idle[0] {
            columns.fit.fill(L::default());
        }
        if self.plan.idle[1] {
            columns.engagement.fill(L::default());
        }
        for (slot, number) in &self.plan.counts {
            if seen[*slot].any() {
                L::accumulate(simd, &mut columns.sums[column(*number, width)], L::default());
            }
        }
        for (slot, number) in &self.plan.latest {
            if seen[*slot].any() {
                let mut so_far = NEVER;
                for latest in &mut latest[column(*number, width)] {
                    so_far = so_far.max(*latest);
                    *latest = so_far;
                }
            }
        }
        for (number, group) in self.plan.groups.iter().enumerate() {
            let Columns { sums, fit, engagement } = &mut *columns;
            let (groups, kept) = sums.split_at_mut(width * self.plan.groups.len());
            let totals = match group.dimension {
                Dimension::Fit => fit,
                Dimension::Engagement => engagement,
            };
            if group.steady {
                let (low, high) = L::limit(&group.limit);
                let held = |grains: i64| L::of(grains).max(low).min(high);
                match traits {
                    Traits::Standing { units, from } => {
                        let (blank, now) = (held(group.fixed.blank), held(units[number] / grain));
                        begin_from(totals, group.before, from, (blank, now));
                    }
                    Traits::Changing { epochs } => {
                        let (first, later) = (epochs[0], &epochs[1..epochs.len() - 1]);
                        let mut so_far = held(self.steadily(number, lead, first));
                        begin_from(totals, group.before, first, (so_far, so_far));
                        for epoch in later {
                            let now = held(self.steadily(number, lead, *epoch));
                            add_from(totals, *epoch, now.plus(so_far.times(L::of(-1))));
                            so_far = now;
                        }
                    }
                }
                continue;
            }
            let sums = &mut groups[column(number, width)];
            let first = match traits {
                Traits::Standing { units, from } => {
                    let (blank, now) = (group.fixed.blank, units[number] / grain);
                    sums[from] = sums[from].plus(L::of(now - blank));
                    blank
                }
                Traits::Changing { epochs } => {
                    let first = self.steadily(number, lead, epochs[0]);
                    let mut so_far = first;
                    for epoch in &epochs[1..epochs.len() - 1] {
                        let now = self.steadily(number, lead, *epoch);
                        sums[*epoch] = sums[*epoch].plus(L::of(now - so_far));
                        so_far = now;
                    }
                    first
                }
            };
            L::accumulate(simd, sums, L::of(group.still + first));
            // Which lines have counted something is anybody's guess: few are all taken as if they had.
            let few = group.weighted.len() <= FEW;
            let is_there = |line: &Weighted| few || seen[line.slot].any();
            let held = Held { totals, before: group.before, limit: &group.limit };
            if group.others.is_empty() {
                take_weighted(simd, &group.weighted, is_there, (sums, kept), Some(held));
                continue;
            }
            take_weighted(simd, &group.weighted, is_there, (&mut *sums, &mut *kept), None);
            for line in &group.others {
                self.add_line(*line, lead, seen, latest, kept, sums);
            }
            take_held(simd, sums, held);
        }
    }

    /// Leaves zeros in the columns that [`Self::settle`] and the gates have read.
    #[inline(always)]
    pub(super) fn clear<L: Lane>(&self, counted: &mut Counted, columns: &mut Columns<L>) {
        let Counted { seen, latest } = counted;
        let width = self.plan.width;
        for (slot, number) in &self.plan.counts {
            if seen[*slot].any() {
                columns.sums[column(*number, width)].fill(L::default());
            }
        }
        for (slot, number) in &self.plan.latest {
            if seen[*slot].any() {
                latest[column(*number, width)].fill(NEVER);
            }
        }
    }

    /// What lines that do not look at events give from an instant on, in grains.
    fn steadily<P: Profile>(&self, group: usize, lead: &LeadView<'_, P>, from: usize) -> i64 {
        let grain = self.plan.rounding.grain;
        self.plan.groups[group].fixed.at(self.bound, lead, self.at[from], grain)
    }

    /// The first instant (index) at which a lead that begins then (ms) is known; one beyond the last,
    /// if at none.
    #[inline(always)]
    pub(super) fn known_from(&self, created_at: i64) -> usize {
        let (first, last) = (self.at[0].as_millis(), self.at[self.at.len() - 1].as_millis());
        let place = self.plan.spacing.place(&self.at, created_at.clamp(first, last));
        place.from as usize + usize::from(created_at > last)
    }

    /// Adds a line instant by instant.
    fn add_line<L: Lane, P: Profile>(
        &self,
        index: usize,
        lead: &LeadView<'_, P>,
        seen: &[SlotSeen],
        latest: &[i64],
        kept: &[L],
        sums: &mut [L],
    ) {
        let line = &self.bound.program.lines[index];
        let count = |slot: usize, instant: usize| self.counted(seen, kept, slot, instant);
        let given = |instant: usize, at: Timestamp| match &line.kind {
            LineKind::Events { slot, points } => units(*points) * count(*slot, instant) as i64,
            LineKind::Tiers { slot, by_count, within, .. } => {
                let counted = count(*slot, instant);
                let young = is_too_young(counted, *within, lead.created_at, at.as_millis());
                if young { 0 } else { by_count.at(counted) }
            }
            LineKind::Curve { slot, curve } => {
                let number = self.plan.latest.iter().find(|(known, _)| known == slot);
                let latest = number
                    .map_or(NEVER, |(_, number)| latest[column(*number, self.plan.width)][instant]);
                if latest == NEVER {
                    0
                } else {
                    let since = Timestamp::saturating_from_millis(latest);
                    curve_amount(curve, since, at, self.bound.program.zone()).units() as i64
                }
            }
            LineKind::Clause { clause, points, otherwise, unknown } => {
                let counted = |slot: usize| count(slot, instant);
                units(*match self.bound.clause(clause, lead, at, &counted) {
                    Truth::True => points,
                    Truth::False => otherwise,
                    Truth::Unknown => unknown,
                })
            }
            LineKind::Bands { .. } => 0,
        };
        for (instant, (sum, at)) in sums.iter_mut().zip(&self.at).enumerate() {
            let units: i64 = line.held(given(instant, *at));
            *sum = sum.plus(L::of(units / self.plan.rounding.grain));
        }
    }

    /// How many events a slot has counted at an instant.
    #[inline]
    fn counted<L: Lane>(&self, seen: &[SlotSeen], kept: &[L], slot: usize, instant: usize) -> u64 {
        match self.plan.column_of[slot] {
            Some(number) if seen[slot].any() => {
                let number = number - self.plan.groups.len();
                kept[column(number, self.plan.width)][instant].wide() as u64
            }
            _ => 0,
        }
    }

    /// Instants (indices) from which on the profile is another; the first is 0, and one beyond the
    /// last ends them.
    #[inline]
    pub(super) fn find_epochs<P: Profile>(&self, lead: &LeadView<'_, P>, epochs: &mut Vec<usize>) {
        epochs.clear();
        epochs.push(0);
        let (first, last) = (self.at[0].as_millis(), self.at[self.at.len() - 1].as_millis());
        lead.profile.turns(first, last, &mut |turn| {
            epochs.push(self.plan.spacing.place(&self.at, turn).from as usize);
        });
        if epochs.len() > 2 {
            epochs.sort_unstable();
        }
        epochs.dedup();
        epochs.push(self.at.len());
    }

    /// The first disqualifying gate that is true at each instant.
    pub(super) fn find_disqualified<L: Lane, P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        epochs: &[usize],
        seen: &[SlotSeen],
        kept: &[L],
        disqualified: &mut Vec<Option<u16>>,
    ) {
        let among = |steady: bool, instant: usize| {
            let counted = |slot: usize| self.counted(seen, kept, slot, instant);
            let gates = self.bound.program.disqualifying();
            let mut gates = gates.filter(|(index, _)| self.steady_gates[*index] == steady);
            let at = self.at[instant];
            let first = gates
                .find(|(_, clause)| self.bound.clause(clause, lead, at, &counted) == Truth::True);
            first.map(|(index, _)| index as u16)
        };
        for epoch in epochs.windows(2) {
            let steadily = among(true, epoch[0]);
            // The first gate of the document is the reason shown.
            disqualified.extend(
                (epoch[0]..epoch[1])
                    .map(|instant| [steadily, among(false, instant)].into_iter().flatten().min()),
            );
        }
    }
}
