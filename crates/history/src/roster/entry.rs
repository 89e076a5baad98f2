//! One lead as it is put into a roster that exists.

/// What a lead is, in value numbers.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// In ms; [`scoring::ALWAYS`], or [`GONE`] for a lead that is no more.
    pub(crate) created_at: i64,
    /// Per column, the value from the beginning on.
    pub(crate) base: Vec<u32>,
    /// Column, instant (ms) from which on, and value.
    pub(crate) changes: Vec<(usize, i64, u32)>,
}

/// The beginning of a lead that is no more: it was merged into another, or erased.
pub(crate) const GONE: i64 = i64::MAX;

impl Entry {
    /// Puts the changes in order and moves those that hold from the lead's beginning on into `base`,
    /// where they cost least. `text` is what a value of a column says: of two values from one instant
    /// the greater counts.
    pub(crate) fn settle(&mut self, text: impl Fn(usize, u32) -> Option<String>) {
        self.changes.sort_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| text(a.0, a.2).cmp(&text(b.0, b.2)))
        });
        self.changes.dedup_by(|later, earlier| {
            let same = (later.0, later.1) == (earlier.0, earlier.1);
            if same {
                earlier.2 = later.2;
            }
            same
        });
        let single = |at: usize, changes: &[(usize, i64, u32)]| {
            let column = changes[at].0;
            (at == 0 || changes[at - 1].0 != column)
                && changes.get(at + 1).is_none_or(|next| next.0 != column)
        };
        let all = std::mem::take(&mut self.changes);
        for (at, change) in all.iter().enumerate() {
            if change.1 == self.created_at && single(at, &all) {
                self.base[change.0] = change.2;
            } else {
                self.changes.push(*change);
            }
        }
    }
}
