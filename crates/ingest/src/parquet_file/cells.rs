//! The cells of a column for the rows of a batch.

use std::rc::Rc;

use leads::{Timestamp, TimestampError, Value};

use super::hybrid::Hybrid;
use super::schema::Leaf;
use super::store::{Bytes, Cell, Store};
use crate::ledger::Fault;
use crate::plan::Task;
use crate::rows::{read_instant, read_name, trim};

/// The distinct values of a column within one row group.
#[derive(Debug)]
pub(crate) struct Codebook {
    pub(crate) store: Store,
    /// Whether all that should be text is UTF-8.
    pub(crate) is_text: bool,
}

impl Codebook {
    /// How many codes there are: one more than values, as 0 is that of a missing cell.
    pub(crate) fn len(&self) -> usize {
        self.store.len() + 1
    }

    /// What a code stands for, as properties have it. Made when asked for: of a book of instants or of
    /// numbers of leads nobody asks.
    pub(crate) fn value(&self, leaf: &Leaf, code: u32) -> Option<Value> {
        let place = (code as usize).checked_sub(1)?;
        leaf.cell(&self.store, place).value()
    }
}

/// The cells of a column for some rows.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Whether each row has a value; empty where all have one.
    pub(crate) present: Vec<bool>,
    pub(crate) values: Values,
    /// The lists of a column of lists, which has nothing else.
    pub(crate) lists: Vec<Option<Value>>,
    pub(crate) rows: usize,
}

#[derive(Debug)]
pub(crate) enum Values {
    Plain(Store),
    /// One more than the place in the codebook; 0 for a missing cell.
    Coded(Vec<u32>, Rc<Codebook>),
}

impl Cells {
    pub(crate) fn new(leaf: &Leaf) -> Self {
        let values = Values::Plain(Store::new(leaf));
        Self { present: Vec::new(), values, lists: Vec::new(), rows: 0 }
    }

    pub(crate) fn is_present(&self, row: usize) -> bool {
        self.present.get(row).copied().unwrap_or(true)
    }

    pub(crate) fn clear(&mut self) {
        self.rows = 0;
        self.present.clear();
        self.lists.clear();
        match &mut self.values {
            Values::Plain(store) => store.clear(),
            Values::Coded(codes, _) => codes.clear(),
        }
    }

    pub(crate) fn push_codes(
        &mut self,
        codes: &mut Hybrid,
        count: usize,
        book: &Rc<Codebook>,
    ) -> Result<(), String> {
        if self.rows == 0 && !matches!(&self.values, Values::Coded(_, old) if Rc::ptr_eq(old, book))
        {
            let mut kept = match &mut self.values {
                Values::Coded(codes, _) => std::mem::take(codes),
                Values::Plain(_) => Vec::new(),
            };
            kept.clear();
            self.values = Values::Coded(kept, Rc::clone(book));
        }
        let Values::Coded(out, _) = &mut self.values else { return Ok(()) };
        let from = out.len();
        codes.read(count, 1, out)?;
        let max = book.store.len() as u32;
        if out[from..].iter().fold(false, |beyond, code| beyond | (code.wrapping_sub(1) >= max)) {
            return Err("has a code that is not in its dictionary".to_owned());
        }
        Ok(())
    }

    /// Moves the last `count` values to the rows that have one.
    pub(crate) fn spread(
        &mut self,
        levels: &[u32],
        def_max: u32,
        count: usize,
    ) -> Result<(), String> {
        match &mut self.values {
            Values::Coded(codes, _) => spread(codes, levels, def_max, count),
            Values::Plain(Store::Integers(values)) => spread(values, levels, def_max, count),
            Values::Plain(Store::Floats(values)) => spread(values, levels, def_max, count),
            Values::Plain(Store::Bytes(values)) => {
                let from = values.len() - count;
                let mut all = Bytes::default();
                for index in 0..from {
                    all.push(values.get(index))?;
                }
                let mut next = from;
                for level in levels {
                    if *level == def_max {
                        all.push(values.get(next))?;
                        next += 1;
                    } else {
                        all.push(&[])?;
                    }
                }
                *values = all;
            }
        }
        Ok(())
    }

    /// The whole numbers of a column in which no row misses one.
    pub(crate) fn integers<'c>(&'c self, scratch: &'c mut Vec<i64>) -> Option<&'c [i64]> {
        if !self.present.is_empty() || !self.lists.is_empty() {
            return None;
        }
        match &self.values {
            Values::Plain(Store::Integers(numbers)) => Some(numbers),
            Values::Coded(codes, book) => {
                let Store::Integers(numbers) = &book.store else { return None };
                scratch.clear();
                // Codes begin with 1 where no row misses a value.
                scratch.extend(codes.iter().map(|code| numbers[*code as usize - 1]));
                Some(scratch)
            }
            Values::Plain(_) => None,
        }
    }

    /// Replaces codes by what they stand for.
    pub(crate) fn decode(&mut self, leaf: &Leaf) -> Result<(), String> {
        if let Values::Coded(codes, book) = &self.values {
            let mut store = Store::new(leaf);
            for code in codes {
                match code.checked_sub(1) {
                    Some(index) => store.push_from(&book.store, index as usize)?,
                    None => store.push_missing(),
                }
            }
            self.values = Values::Plain(store);
        }
        Ok(())
    }
}

fn spread<T: Copy + Default>(values: &mut Vec<T>, levels: &[u32], def_max: u32, count: usize) {
    let from = values.len() - count;
    values.resize(from + levels.len(), T::default());
    let mut next = from + count;
    for (row, level) in levels.iter().enumerate().rev() {
        values[from + row] = if *level == def_max {
            next -= 1;
            values[next]
        } else {
            T::default()
        };
    }
}

/// The cell in `row`, where it has one; lists are no cells.
pub(crate) fn cell<'c>(leaf: &Leaf, cells: &'c Cells, row: usize) -> Option<Cell<'c>> {
    if leaf.list.is_some() || !cells.is_present(row) {
        return None;
    }
    match &cells.values {
        Values::Plain(store) => Some(leaf.cell(store, row)),
        Values::Coded(codes, book) => {
            let index = codes[row].checked_sub(1)?;
            Some(leaf.cell(&book.store, index as usize))
        }
    }
}

/// The cell in `row` as an id or a name.
pub(crate) fn name_cell<'c>(
    leaf: &Leaf,
    cells: &'c Cells,
    row: usize,
    scratch: &'c mut String,
    what: &str,
) -> Result<&'c str, Fault> {
    match cell(leaf, cells, row) {
        Some(Cell::Text(text)) => read_name(text, &leaf.path, what),
        Some(Cell::NoText(bytes, at)) => Err(Fault::new(&leaf.path, no_utf8(bytes, at))),
        Some(cell) => {
            cell.write(scratch);
            read_name(scratch, &leaf.path, what)
        }
        None => read_name("", &leaf.path, what),
    }
}

/// The cell in `row` as an instant; `None` where it is empty.
pub(crate) fn instant_cell(
    leaf: &Leaf,
    cells: &Cells,
    row: usize,
    task: &Task,
) -> Result<Option<Timestamp>, Fault> {
    match cell(leaf, cells, row) {
        None => Ok(None),
        Some(Cell::Text(text)) if trim(text).is_empty() => Ok(None),
        Some(Cell::Text(text)) => read_instant(text, task, &leaf.path).map(Some),
        Some(Cell::NoText(bytes, at)) => Err(Fault::new(&leaf.path, no_utf8(bytes, at))),
        Some(cell) => cell.instant().map(Some).map_err(|error: TimestampError| {
            let mut text = String::new();
            cell.write(&mut text);
            Fault::new(&leaf.path, format!("{text} {error}"))
        }),
    }
}

pub(crate) fn no_utf8(bytes: &[u8], at: usize) -> String {
    format!("byte {} of the cell (0x{:02x}) is not UTF-8: write text as UTF-8", at + 1, bytes[at])
}
