//! The identities of facts: a hash of each id, and for rows that have one a hash of all cells,
//! column by column.

use std::fmt::Write as _;
use std::rc::Rc;

use leads::batch::FactId;

use super::cells::{Cells, Codebook, Values, cell};
use super::layout::Layout;
use super::schema::{Leaf, Meaning};
use super::store::{Cell, Store};
use crate::content::{self, Digits, cell_hash, id_hash};
use crate::dictionary::Dictionary;
use crate::rows::{Rows, trim};

/// What is kept from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    contents: Vec<u64>,
    /// For each column the hashes of its codebook's values.
    books: Vec<Option<(Rc<Codebook>, Vec<u64>)>>,
    scratch: String,
}

impl Identities {
    /// Fills in the ids of a batch whose leads, names and instants are known.
    pub(crate) fn read(
        &mut self,
        layout: &Layout,
        cells: &[Cells],
        rows: &mut Rows,
        with_texts: bool,
        count: usize,
    ) {
        rows.ids.clear();
        rows.id_texts.start();
        let Some(id) = layout.id else { return };
        self.contents.clear();
        self.contents.resize(count, 0);
        self.books.resize(layout.leaves.len(), None);
        let fixed = [(layout.lead, content::LEAD), (layout.event.unwrap_or(id), content::EVENT)];
        for (place, leaf) in layout.leaves.iter().enumerate() {
            let name = fixed.iter().find(|(column, _)| *column == place).map(|(_, path)| *path);
            match (layout.hashes[place], name) {
                // The instant comes below; the id is the same in all facts that are compared.
                (0, _) if place == id || Some(place) == layout.at => {}
                (0, Some(path)) => self.add_column(place, leaf, &cells[place], path, true),
                (0, None) => {}
                (path, _) => self.add_column(place, leaf, &cells[place], path, false),
            }
        }
        let mut any = false;
        for row in 0..count {
            let hash = self.id(&layout.leaves[id], &cells[id], row);
            any |= hash != FactId::NONE;
            let at = Digits::new(rows.at[row].as_millis());
            let content = self.contents[row].wrapping_add(cell_hash(content::AT, at.as_bytes()));
            let content = if hash == FactId::NONE { 0 } else { content };
            rows.ids.push(FactId { id: hash, content });
            if with_texts {
                let text = trim(&self.scratch);
                let missing = hash == FactId::NONE;
                let code = if missing { Dictionary::MISSING } else { rows.id_texts.text(text) };
                rows.id_texts.push(code);
            }
        }
        if !any {
            rows.ids.clear();
        }
    }

    /// The hash of the id in `row`, whose text is then in `scratch`.
    fn id(&mut self, leaf: &Leaf, cells: &Cells, row: usize) -> u128 {
        self.scratch.clear();
        match cell(leaf, cells, row) {
            None => return FactId::NONE,
            Some(Cell::Integer(number)) => self.scratch.push_str(Digits::new(number).as_str()),
            Some(Cell::Unsigned(number)) => {
                self.scratch.push_str(Digits::of(number, false).as_str());
            }
            Some(cell) => cell.write(&mut self.scratch),
        }
        id_hash(&self.scratch)
    }

    /// Adds the cells of a column to the hashes of their rows; ids and names count without the
    /// space around them.
    fn add_column(&mut self, place: usize, leaf: &Leaf, cells: &Cells, path: u64, name: bool) {
        let hash = |text: &str| match trim(text) {
            "" => 0,
            trimmed => cell_hash(path, if name { trimmed } else { text }.as_bytes()),
        };
        let scratch = &mut self.scratch;
        if leaf.list.is_some() {
            for (content, list) in self.contents.iter_mut().zip(&cells.lists) {
                if let Some(list) = list {
                    scratch.clear();
                    // Writing to a string cannot fail.
                    let _ = write!(scratch, "{list}");
                    *content = content.wrapping_add(hash(scratch));
                }
            }
            return;
        }
        let whole = matches!(leaf.meaning, Meaning::Integer | Meaning::Unsigned);
        match &cells.values {
            Values::Coded(codes, book) => {
                let known = &mut self.books[place];
                if !known.as_ref().is_some_and(|(old, _)| Rc::ptr_eq(old, book)) {
                    let mut hashes = vec![0];
                    for index in 0..book.store.len() {
                        scratch.clear();
                        leaf.cell(&book.store, index).write(scratch);
                        hashes.push(hash(scratch));
                    }
                    *known = Some((Rc::clone(book), hashes));
                }
                let hashes = known.as_ref().map_or(&[][..], |(_, hashes)| hashes);
                for (content, code) in self.contents.iter_mut().zip(codes) {
                    *content = content.wrapping_add(hashes[*code as usize]);
                }
            }
            Values::Plain(Store::Integers(numbers)) if whole && cells.present.is_empty() => {
                // The numbers of a column of 64 unsigned bits come as if they had a sign.
                let unsigned = leaf.meaning == Meaning::Unsigned;
                for (content, number) in self.contents.iter_mut().zip(numbers) {
                    let digits = Digits::of(number.unsigned_abs(), *number < 0 && !unsigned);
                    let digits = if unsigned { Digits::of(*number as u64, false) } else { digits };
                    *content = content.wrapping_add(cell_hash(path, digits.as_bytes()));
                }
            }
            Values::Plain(_) => {
                for (row, content) in self.contents.iter_mut().enumerate() {
                    let hashed = match cell(leaf, cells, row) {
                        None => 0,
                        Some(Cell::Text(text)) => hash(text),
                        Some(cell) => {
                            scratch.clear();
                            cell.write(scratch);
                            hash(scratch)
                        }
                    };
                    *content = content.wrapping_add(hashed);
                }
            }
        }
    }
}
