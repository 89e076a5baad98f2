//! Courses over time, drawn with blocks.

/// One line: each value as a block between nothing and full.
pub(crate) fn line(values: &[f64], low: f64, high: f64) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let block = |value: &f64| BLOCKS[level(*value, low, high, BLOCKS.len() - 1)];
    values.iter().map(block).collect()
}

/// Several lines, the highest first: each value as a column of blocks, eight levels to a line.
pub(crate) fn lines(values: &[f64], low: f64, high: f64, rows: usize) -> Vec<String> {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let levels: Vec<usize> =
        values.iter().map(|value| level(*value, low, high, rows * 8)).collect();
    let row = |row: usize| -> String {
        let below = row * 8;
        // The lowest line shows where the bottom is.
        let least = usize::from(row == 0);
        levels.iter().map(|level| EIGHTHS[level.saturating_sub(below).clamp(least, 8)]).collect()
    };
    (0..rows).rev().map(row).collect()
}

fn level(value: f64, low: f64, high: f64, most: usize) -> usize {
    let share = if high > low { (value - low) / (high - low) } else { 0.0 };
    (share.clamp(0.0, 1.0) * most as f64).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_rises_from_thin_to_full_blocks() {
        assert_eq!(line(&[0.0, 50.0, 100.0, 300.0, -1.0], 0.0, 100.0), "▁▅██▁");
        assert_eq!(line(&[5.0], 5.0, 5.0), "▁");
        assert_eq!(lines(&[0.0, 25.0, 50.0, 75.0, 100.0], 0.0, 100.0, 2), ["   ▄█", "▁▄███"]);
    }
}
