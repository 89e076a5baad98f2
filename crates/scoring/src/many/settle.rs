//! From what was kept of a lead's events to its sums at every instant.

use leads::Timestamp;
use pulp::Simd;

use super::Instants;
use super::columns::Columns;
use super::count::Counted;
use super::lane::{Before, Lane, add_everywhere, add_from, column, take_held, take_weighted};
use super::seen::SlotSeen;
use crate::fold::{LeadView, NEVER, Profile};
use crate::model::Dimension;
use crate::program::{LineKind, curve_amount};
use crate::sum::{is_too_young, units};
use crate::truth::Truth;

impl Instants<'_, '_> {
    /// Settles all groups; `epochs` begin where the profile is another.
    #[inline(always)]
    pub(super) fn settle<L: Lane, P: Profile, S: Simd>(
        &self,
        simd: S,
        (lead, standing): (&LeadView<'_, P>, Option<&[i64]>),
        epochs: &[usize],
        Counted { seen, latest }: &mut Counted,
        columns: &mut Columns<L>,
    ) {
        let width = self.plan.width;
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
            let limit = L::limit(&group.limit);
            let Columns { sums, fit, engagement } = &mut *columns;
            let (groups, kept) = sums.split_at_mut(width * self.plan.groups.len());
            let totals = match group.dimension {
                Dimension::Fit => fit,
                Dimension::Engagement => engagement,
            };
            if group.steady {
                let mut before = L::default();
                for epoch in &epochs[..epochs.len() - 1] {
                    let now = L::of(self.steadily(number, lead, standing, *epoch));
                    let now = now.max(limit.0).min(limit.1);
                    match group.before {
                        Before::Nothing if *epoch == 0 => totals.fill(now),
                        _ => add_from(totals, *epoch, now.plus(before.times(L::of(-1)))),
                    }
                    before = now;
                }
                continue;
            }
            let sums = &mut groups[column(number, width)];
            let first = self.steadily(number, lead, standing, 0);
            let mut before = first;
            for epoch in &epochs[1..epochs.len() - 1] {
                let now = self.steadily(number, lead, standing, *epoch);
                sums[*epoch] = sums[*epoch].plus(L::of(now - before));
                before = now;
            }
            L::accumulate(simd, sums, L::of(group.still + first));
            for line in &group.weighted {
                if seen[line.slot].any() {
                    let kept = &mut kept[column(line.kept, width)];
                    take_weighted(sums, kept, L::of(line.points), L::limit(&line.limit));
                } else if line.nothing != 0 {
                    add_everywhere(sums, L::of(line.nothing));
                }
            }
            for line in &group.others {
                self.add_line(*line, lead, seen, latest, kept, sums);
            }
            take_held(totals, group.before, sums, limit);
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
    #[inline(always)]
    fn steadily<P: Profile>(
        &self,
        group: usize,
        lead: &LeadView<'_, P>,
        standing: Option<&[i64]>,
        from: usize,
    ) -> i64 {
        let (at, grain) = (self.at[from], self.plan.rounding.grain);
        match standing {
            Some(units) if !lead.profile.is_blank(at.as_millis()) => units[group] / grain,
            _ => self.plan.groups[group].fixed.at(self.bound, lead, at, grain),
        }
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
