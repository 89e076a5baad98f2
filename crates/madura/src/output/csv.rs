//! Scores as CSV (RFC 4180): data as it is, quoted only where it must be.

use std::io::{self, Write};

use history::LeadId;

use super::{BUFFER_BYTES, COLUMNS, Names, Ranking, push_number};

/// Writes the header and all rows.
pub(crate) fn write(ranking: &Ranking<'_>, out: &mut dyn Write) -> io::Result<()> {
    let names = Names::new(ranking.model, |name| {
        let mut quoted = Vec::new();
        cell(name, &mut quoted);
        quoted
    });
    let mut lines = Vec::with_capacity(BUFFER_BYTES + 1024);
    lines.extend_from_slice(COLUMNS.join(",").as_bytes());
    lines.push(b'\n');
    for (lead, scored) in ranking.rows() {
        match lead {
            LeadId::Number(number) => push_number(number as i64, &mut lines),
            LeadId::Text(text) => cell(text, &mut lines),
        }
        for number in [scored.score.score, scored.score.fit, scored.score.engagement] {
            lines.push(b',');
            push_number(number, &mut lines);
        }
        for name in names.of(scored) {
            lines.push(b',');
            if let Some(name) = name {
                lines.extend_from_slice(name);
            }
        }
        lines.push(b'\n');
        if lines.len() >= BUFFER_BYTES {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)
}

/// Appends a cell, in quotes where a reader would otherwise see something else.
pub(crate) fn cell(text: &str, line: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    // Blanks at the ends are data, but some readers trim them unless there are quotes.
    let blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    if !bytes.iter().any(special) && !blank(bytes.first()) && !blank(bytes.last()) {
        line.extend_from_slice(bytes);
        return;
    }
    line.push(b'"');
    for byte in bytes {
        if *byte == b'"' {
            line.push(b'"');
        }
        line.push(*byte);
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_only_where_it_must_be() {
        for (text, written) in [
            ("hot", "hot"),
            ("=1+1", "=1+1"),
            ("Vila, Anna", "\"Vila, Anna\""),
            ("the \"best\"", "\"the \"\"best\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            (" blank", "\" blank\""),
            ("", ""),
        ] {
            let mut line = Vec::new();
            cell(text, &mut line);
            assert_eq!(line, written.as_bytes());
        }
    }
}
