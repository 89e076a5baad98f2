//! The traits of leads that follow each other, column by column.

use std::ops::Range;

use scoring::Columns;

use super::Roster;
use super::codes::Codes;

/// Leads that follow each other in a roster.
#[derive(Clone, Debug)]
pub(crate) struct Stretch<'r> {
    roster: &'r Roster,
    leads: Range<usize>,
}

impl Roster {
    /// The leads at these positions.
    pub(crate) fn stretch(&self, leads: Range<usize>) -> Stretch<'_> {
        Stretch { roster: self, leads }
    }
}

impl Stretch<'_> {
    /// Marks the leads whose traits at an instant (ms) are not simply those of their columns: they
    /// begin later, or some trait of theirs changes.
    pub(crate) fn changing(&self, at: i64, changing: &mut Vec<bool>) {
        changing.clear();
        changing.extend(self.roster.created_at[self.leads.clone()].iter().map(|from| at < *from));
        let changes = &self.roster.changes;
        let from = changes.partition_point(|(lead, _)| (*lead as usize) < self.leads.start);
        let within = |(lead, _): &&(u32, _)| (*lead as usize) < self.leads.end;
        for (lead, _) in changes[from..].iter().take_while(within) {
            changing[*lead as usize - self.leads.start] = true;
        }
    }
}

impl Columns for Stretch<'_> {
    fn leads(&self) -> usize {
        self.leads.len()
    }

    fn codes(&self, column: usize) -> scoring::Codes<'_> {
        match &self.roster.columns[column] {
            Codes::Bytes(codes) => scoring::Codes::Bytes(&codes[self.leads.clone()]),
            Codes::Shorts(codes) => scoring::Codes::Shorts(&codes[self.leads.clone()]),
            Codes::Words(codes) => scoring::Codes::Words(&codes[self.leads.clone()]),
        }
    }
}
