//! Scores as NDJSON: an object on each line; ids are always text, what is not there is null.

use std::io::{self, Write};

use history::{LeadId, Scored};
use serde_json::Value as Json;

use super::{BUFFER_BYTES, COLUMNS, Names, Ranking, push_number};

/// Writes all rows.
pub(crate) fn write(ranking: &Ranking<'_>, out: &mut dyn Write) -> io::Result<()> {
    let names = Names::new(ranking.model, quoted);
    let mut lines = Vec::with_capacity(BUFFER_BYTES + 1024);
    for (lead, scored) in ranking.rows() {
        open_row(lead, scored, &names, &mut lines);
        lines.extend_from_slice(b"}\n");
        if lines.len() >= BUFFER_BYTES {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)
}

/// Writes all rows, each with its score card under `card`. The cards come in the order of printing.
pub(crate) fn write_with_cards(
    ranking: &Ranking<'_>,
    cards: &[Json],
    out: &mut dyn Write,
) -> io::Result<()> {
    let names = Names::new(ranking.model, quoted);
    let mut line = Vec::new();
    for ((lead, scored), card) in ranking.rows().zip(cards) {
        line.clear();
        open_row(lead, scored, &names, &mut line);
        line.extend_from_slice(b",\"card\":");
        serde_json::to_writer(&mut line, card)?;
        line.extend_from_slice(b"}\n");
        out.write_all(&line)?;
    }
    Ok(())
}

fn open_row(lead: LeadId<'_>, scored: Scored, names: &Names<Vec<u8>>, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"lead\":");
    match lead {
        LeadId::Number(number) => {
            line.push(b'"');
            push_number(number as i64, line);
            line.push(b'"');
        }
        LeadId::Text(text) => line.extend_from_slice(&quoted(text)),
    }
    let numbers = [scored.score.score, scored.score.fit, scored.score.engagement];
    for (column, number) in COLUMNS[1..4].iter().zip(numbers) {
        open_member(column, line);
        push_number(number, line);
    }
    for (column, name) in COLUMNS[4..].iter().zip(names.of(scored)) {
        open_member(column, line);
        line.extend_from_slice(name.map_or(b"null", Vec::as_slice));
    }
}

fn open_member(column: &str, line: &mut Vec<u8>) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(column.as_bytes());
    line.extend_from_slice(b"\":");
}

fn quoted(text: &str) -> Vec<u8> {
    Json::from(text).to_string().into_bytes()
}
