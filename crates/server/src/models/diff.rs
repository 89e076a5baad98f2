//! What a version says otherwise than another, line by line.

use serde::Serialize;
use utoipa::ToSchema;

/// A line of two documents.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(super) struct Line {
    /// `same`, `removed` or `added`.
    pub(super) change: &'static str,
    /// What it says.
    pub(super) text: String,
}

/// Lines times lines that are compared; 2,000 lines each take 16 MB for a moment.
const CELLS_MAX: usize = 4_000_000;

/// The lines of both, in order: a longest common subsequence stays the same.
pub(super) fn lines(before: &str, after: &str) -> Vec<Line> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let rest = (&before[start..], &after[start..]);
    let ends = rest.0.iter().rev().zip(rest.1.iter().rev());
    let end = ends.take_while(|(one, other)| one == other).count();
    let (old, new) = (&rest.0[..rest.0.len() - end], &rest.1[..rest.1.len() - end]);
    let mut lines: Vec<Line> = before[..start].iter().map(|text| line("same", text)).collect();
    lines.extend(middle(old, new));
    lines.extend(before[before.len() - end..].iter().map(|text| line("same", text)));
    lines
}

fn middle(old: &[&str], new: &[&str]) -> Vec<Line> {
    let width = new.len() + 1;
    if (old.len() + 1).saturating_mul(width) > CELLS_MAX {
        let removed = old.iter().map(|text| line("removed", text));
        return removed.chain(new.iter().map(|text| line("added", text))).collect();
    }
    // How many lines the rests from there on have in common.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(line("same", old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            lines.push(line("removed", old[i]));
            i += 1;
        } else {
            lines.push(line("added", new[j]));
            j += 1;
        }
    }
    lines
}

fn line(change: &'static str, text: &str) -> Line {
    Line { change, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_out_and_put_in_is_told_and_the_rest_stays() {
        let found = lines("a\nb\nc\nd", "a\nc\nx\nd");
        let short: Vec<(&str, &str)> =
            found.iter().map(|line| (line.change, line.text.as_str())).collect();
        let expected =
            [("same", "a"), ("removed", "b"), ("same", "c"), ("added", "x"), ("same", "d")];
        assert_eq!(short, expected);
        assert_eq!(lines("", "a"), vec![line("added", "a")]);
        assert!(lines("a\na", "a\na\na").iter().filter(|line| line.change == "added").count() == 1);
    }
}
