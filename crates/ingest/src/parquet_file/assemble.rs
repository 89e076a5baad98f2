//! Puts the columns of a row group together as facts.

use std::fmt::Write as _;
use std::rc::Rc;

use leads::batch::{LeadIds, Texts, id_as_number};
use leads::{Timestamp, Value};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::cells::{Cells, Codebook, Values, cell, instant_cell, name_cell, no_utf8};
use super::identity::Identities;
use super::layout::Layout;
use super::pages::Cursor;
use super::schema::{Leaf, Meaning};
use super::store::{Cell, Store};
use super::{BATCH_ROWS, Group};
use crate::Source;
use crate::csv::json_fault;
use crate::dictionary::Dictionary;
use crate::json::Fields;
use crate::ledger::{Fault, Ledger, PlacedFault, Report, row_text};
use crate::plan::{Kind, Task};
use crate::rows::{NEEDS_INSTANT, NEEDS_LEAD, NEEDS_NAME, Rows, Sink, trim};
use crate::source::Data;

/// What is wrong with a column of a row group.
type Damage = (String, String);

/// Reads row groups on one thread.
pub(crate) struct Assembler<'t> {
    layout: &'t Layout,
    task: &'t Task,
    rows: Rows,
    fields: Fields,
    cells: Vec<Cells>,
    /// The codebook that each property's values are those of, if any; the last is the names'.
    filled_from: Vec<Option<Rc<Codebook>>>,
    /// Rows of the batch that are left out, and why where it is a fault.
    left_out: Vec<bool>,
    faults: Vec<(usize, Fault)>,
    identities: Identities,
    open: Option<Open>,
    scratch: String,
    integers: Vec<i64>,
    compact: Vec<u32>,
}

/// A row group of which some rows have been read.
struct Open {
    index: usize,
    /// How many.
    at: u64,
    cursors: Vec<Cursor>,
}

/// A codebook of more values is cut down to those that a batch uses, so that whoever translates
/// the batch does not translate all of them each time.
const CODEBOOK_MAX: usize = 4096;
/// Of leads it may have more: whoever takes them sees that the values of the next batch are those of
/// the last.
const LEADS_CODEBOOK_MAX: usize = BATCH_ROWS;

impl<'t> Assembler<'t> {
    pub(crate) fn new(layout: &'t Layout, task: &'t Task) -> Self {
        let mut fields = Fields::new(&layout.wanted, task.planned, None, task.all);
        let mut rows = Rows::new(task);
        for (slot, path) in layout.wanted.iter().enumerate() {
            if slot >= task.wanted.len() {
                rows.add_property();
            }
            if layout.columns[slot].is_none() {
                fields.want_property(path, slot);
            }
        }
        Self {
            layout,
            task,
            rows,
            fields,
            cells: layout.leaves.iter().map(Cells::new).collect(),
            filled_from: vec![None; layout.columns.len() + 1],
            left_out: Vec::new(),
            faults: Vec::new(),
            identities: Identities::default(),
            open: None,
            scratch: String::new(),
            integers: Vec::new(),
            compact: Vec::new(),
        }
    }

    pub(crate) fn read(
        &mut self,
        data: &Data,
        row_group: &RowGroupMetaData,
        group: &Group,
        ledger: &Ledger<'_>,
        progress: &dyn Fn(u64),
        sink: Sink<'_>,
    ) -> Result<(), Damage> {
        let layout = self.layout;
        let damaged = |place: usize| move |reason| (layout.leaves[place].path.clone(), reason);
        let mut cursors = match self.open.take() {
            // A further part of a row group: what was read of it, dictionaries above all, still serves.
            Some(Open { index, at, mut cursors })
                if index == group.index && at <= group.skipped =>
            {
                cursors.iter_mut().for_each(|cursor| cursor.skip((group.skipped - at) as usize));
                cursors
            }
            _ => {
                let mut cursors = Vec::with_capacity(layout.leaves.len());
                for (place, leaf) in layout.leaves.iter().enumerate() {
                    let mut cursor = Cursor::new(data, row_group, leaf).map_err(damaged(place))?;
                    cursor.skip(group.skipped as usize);
                    cursors.push(cursor);
                }
                cursors
            }
        };
        let (mut done, mut batch) = (0, 0);
        while done < group.rows && !ledger.is_stopped() {
            let count = (group.rows - done).min(BATCH_ROWS as u64) as usize;
            self.left_out.clear();
            self.faults.clear();
            cursors[layout.lead]
                .read(count, &mut self.cells[layout.lead])
                .map_err(damaged(layout.lead))?;
            let wanted = self.task.only_lead.is_none() || self.find_only_lead(count);
            for (place, cursor) in cursors.iter_mut().enumerate() {
                if place == layout.lead {
                } else if wanted {
                    cursor.read(count, &mut self.cells[place]).map_err(damaged(place))?;
                } else {
                    cursor.skip(count);
                }
            }
            let mut report = Report::default();
            if wanted {
                self.assemble(count);
                report.faults = self.place_faults(group.first_row + done);
                report.rows = self.rows.len() as u64;
                if self.rows.len() > 0 {
                    self.rows.note_names(ledger);
                    sink(group.first_batch + batch, &mut self.rows, &self.fields.paths);
                }
            }
            ledger.enter(group.first_batch + batch, report);
            progress(count as u64);
            done += count as u64;
            batch += 1;
        }
        self.open = Some(Open { index: group.index, at: group.skipped + done, cursors });
        Ok(())
    }

    /// Leaves out the rows of other leads; false where that is all of them.
    fn find_only_lead(&mut self, count: usize) -> bool {
        let (leaf, cells) = (&self.layout.leaves[self.layout.lead], &self.cells[self.layout.lead]);
        let only = self.task.only_lead.as_deref().unwrap_or_default();
        self.left_out.resize(count, false);
        let mut any = false;
        for row in 0..count {
            self.scratch.clear();
            if let Some(cell) = cell(leaf, cells, row) {
                cell.write(&mut self.scratch);
            }
            let this = trim(&self.scratch) == only;
            self.left_out[row] = !this;
            any |= this;
        }
        any
    }

    fn assemble(&mut self, count: usize) {
        let layout = self.layout;
        self.take_leads(count);
        match self.task.kind {
            Kind::Events => {
                self.take_names(count);
                self.take_instants(count);
                self.identities.read(layout, &self.cells, &mut self.rows, self.task.all, count);
            }
            Kind::Leads => self.take_created_at(count),
        }
        self.take_props(count);
        for (slot, column) in layout.columns.iter().enumerate() {
            if let Some(column) = column {
                self.take_property(slot, *column, count);
            }
        }
        if self.left_out.iter().any(|left_out| *left_out) {
            let left_out = std::mem::take(&mut self.left_out);
            self.rows.remove(&left_out);
            self.left_out = left_out;
        }
    }

    fn take_leads(&mut self, count: usize) {
        let layout = self.layout;
        let (leaf, cells) = (&layout.leaves[layout.lead], &self.cells[layout.lead]);
        // Ids of 18 digits travel as numbers, longer and negative ones as text.
        let is_number = |number: &i64| (*number as u64) < 1_000_000_000_000_000_000;
        if matches!(leaf.meaning, Meaning::Integer | Meaning::Unsigned)
            && let Some(numbers) = cells.integers(&mut self.integers)
            && (all_below(numbers, 59) || numbers.iter().all(is_number))
        {
            let mut ids =
                match std::mem::replace(&mut self.rows.leads, LeadIds::Numbers(Vec::new())) {
                    LeadIds::Numbers(ids) => ids,
                    LeadIds::Texts(_) => Vec::new(),
                };
            ids.clear();
            ids.extend(numbers.iter().map(|number| *number as u64));
            self.rows.leads = LeadIds::Numbers(ids);
            return;
        }
        let mut numbers = Some(Vec::with_capacity(count));
        let mut texts = Texts::default();
        for row in 0..count {
            self.scratch.clear();
            let id = match name_cell(leaf, cells, row, &mut self.scratch, NEEDS_LEAD) {
                Ok(id) => id,
                Err(fault) => {
                    leave_out(&mut self.left_out, &mut self.faults, count, row, Some(fault));
                    "0"
                }
            };
            match (numbers.as_mut(), id_as_number(id.as_bytes())) {
                (Some(ids), Some(number)) => ids.push(number),
                (Some(ids), None) => {
                    for number in ids {
                        texts.push(&number.to_string());
                    }
                    texts.push(id);
                    numbers = None;
                }
                (None, _) => texts.push(id),
            }
        }
        self.rows.leads = numbers.map_or(LeadIds::Texts(texts), LeadIds::Numbers);
    }

    fn take_names(&mut self, count: usize) {
        let Some(event) = self.layout.event else { return };
        let (leaf, cells) = (&self.layout.leaves[event], &self.cells[event]);
        let names = &mut self.rows.names;
        let filled_from = self.filled_from.len() - 1;
        if let Values::Coded(codes, book) = &cells.values
            && cells.present.is_empty()
            && book.len() <= CODEBOOK_MAX
            && self.task.only_lead.is_none()
        {
            let same = |old: &Rc<Codebook>| Rc::ptr_eq(old, book);
            if !self.filled_from[filled_from].as_ref().is_some_and(same) {
                let whole = (0..book.store.len()).map(|index| {
                    let mut name = String::new();
                    match leaf.cell(&book.store, index) {
                        Cell::NoText(..) => {}
                        cell => cell.write(&mut name),
                    }
                    Some(Value::Text(trim(&name).to_owned()))
                });
                names.clear();
                names.column.values.clear();
                names.column.values.extend(whole);
                self.filled_from[filled_from] = Some(Rc::clone(book));
            }
            let usable =
                |name: &Option<Value>| !matches!(name, Some(Value::Text(name)) if name.is_empty());
            if names.column.values.iter().all(usable) {
                names.column.codes.clear();
                names.column.codes.extend(codes.iter().map(|code| code - 1));
                return;
            }
        }
        if self.filled_from[filled_from].take().is_some() {
            names.clear();
        }
        names.start();
        for row in 0..count {
            self.scratch.clear();
            match name_cell(leaf, cells, row, &mut self.scratch, NEEDS_NAME) {
                Ok(name) => {
                    let code = names.text(name);
                    names.push(code);
                }
                Err(fault) => {
                    names.push(u32::MAX);
                    leave_out(&mut self.left_out, &mut self.faults, count, row, Some(fault));
                }
            }
        }
    }

    fn take_instants(&mut self, count: usize) {
        let Some(at) = self.layout.at else { return };
        let (leaf, cells) = (&self.layout.leaves[at], &self.cells[at]);
        let out = &mut self.rows.at;
        out.clear();
        if take_whole_instants(leaf, cells, &mut self.integers, out) {
            return;
        }
        for row in 0..count {
            let instant = instant_cell(leaf, cells, row, self.task)
                .and_then(|instant| instant.ok_or_else(|| Fault::new(&leaf.path, NEEDS_INSTANT)));
            match instant {
                Ok(instant) => out.push(instant),
                Err(fault) => {
                    out.push(Timestamp::MIN);
                    leave_out(&mut self.left_out, &mut self.faults, count, row, Some(fault));
                }
            }
        }
    }

    fn take_created_at(&mut self, count: usize) {
        let out = &mut self.rows.created_at;
        out.clear();
        let Some(at) = self.layout.at else {
            out.resize(count, None);
            return;
        };
        let (leaf, cells) = (&self.layout.leaves[at], &self.cells[at]);
        if take_whole_instants(leaf, cells, &mut self.integers, out) {
            return;
        }
        for row in 0..count {
            match instant_cell(leaf, cells, row, self.task) {
                Ok(instant) => out.push(instant),
                Err(fault) => {
                    out.push(None);
                    leave_out(&mut self.left_out, &mut self.faults, count, row, Some(fault));
                }
            }
        }
    }

    /// Looks for the properties that have no column of their own.
    fn take_props(&mut self, count: usize) {
        let layout = self.layout;
        let own = layout.columns.len();
        for (slot, dictionary) in self.rows.properties.iter_mut().enumerate() {
            if slot >= own || layout.columns[slot].is_none() {
                dictionary.start();
            }
        }
        let Some(props) = layout.props else {
            for (slot, dictionary) in self.rows.properties.iter_mut().enumerate() {
                if slot >= own || layout.columns[slot].is_none() {
                    dictionary.column.codes.resize(count, Dictionary::MISSING);
                }
            }
            return;
        };
        // Only what the plan asked for may cost a row.
        let needs_props = layout.columns[..self.task.planned].contains(&None);
        for row in 0..count {
            if self.left_out.get(row) != Some(&true) {
                let fault = match cell(&layout.leaves[props], &self.cells[props], row) {
                    Some(Cell::Text(json)) if !trim(json).is_empty() => self
                        .fields
                        .read_props(json, &mut self.rows)
                        .err()
                        .map(|error| json_fault(&error)),
                    Some(Cell::NoText(bytes, at)) => Some(no_utf8(bytes, at)),
                    _ => None,
                };
                if fault.is_some() {
                    self.fields.clear();
                }
                if let Some(reason) = fault.filter(|_| needs_props) {
                    let fault = Fault::new(&layout.leaves[props].path, reason);
                    leave_out(&mut self.left_out, &mut self.faults, count, row, Some(fault));
                }
            }
            for (slot, dictionary) in self.rows.properties.iter_mut().enumerate() {
                if slot >= own || layout.columns[slot].is_none() {
                    // A property that was met in this row was missing in those before.
                    dictionary.column.codes.resize(row, Dictionary::MISSING);
                    let code = self.fields.take(slot, dictionary);
                    dictionary.push(code);
                }
            }
        }
    }

    fn take_property(&mut self, slot: usize, column: usize, count: usize) {
        let (leaf, cells) = (&self.layout.leaves[column], &self.cells[column]);
        let dictionary = &mut self.rows.properties[slot];
        let readable = leaf.meaning != Meaning::Text
            || matches!(&cells.values, Values::Coded(_, book) if book.is_text);
        if let Values::Coded(codes, book) = &cells.values
            && leaf.list.is_none()
            && readable
        {
            let most = match self.task.kind {
                Kind::Events => CODEBOOK_MAX,
                Kind::Leads => LEADS_CODEBOOK_MAX,
            };
            if book.len() <= most {
                let same = |old: &Rc<Codebook>| Rc::ptr_eq(old, book);
                if !self.filled_from[slot].as_ref().is_some_and(same) {
                    dictionary.clear();
                    dictionary.column.values.clear();
                    let codes = 0..book.len() as u32;
                    dictionary.column.values.extend(codes.map(|code| book.value(leaf, code)));
                    self.filled_from[slot] = Some(Rc::clone(book));
                }
                dictionary.column.codes.clear();
                dictionary.column.codes.extend_from_slice(codes);
            } else {
                self.filled_from[slot] = None;
                dictionary.clear();
                self.compact.clear();
                self.compact.resize(book.len(), u32::MAX);
                self.compact[0] = Dictionary::MISSING;
                for code in codes {
                    let place = &mut self.compact[*code as usize];
                    if *place == u32::MAX {
                        *place = dictionary.column.values.len() as u32;
                        dictionary.column.values.push(book.value(leaf, *code));
                    }
                    dictionary.push(*place);
                }
                // Its values are in no hash table: the next batch begins anew.
                dictionary.forget = true;
            }
            return;
        }
        if leaf.meaning == Meaning::Bool
            && leaf.list.is_none()
            && let Values::Plain(Store::Integers(truths)) = &cells.values
        {
            self.filled_from[slot] = None;
            dictionary.clear();
            dictionary.column.values.extend([false, true].map(|truth| Some(Value::Bool(truth))));
            let code = |truth: &i64| 1 + u32::from(*truth != 0);
            if cells.present.is_empty() {
                dictionary.column.codes.extend(truths.iter().map(code));
            } else {
                let present = truths.iter().zip(&cells.present);
                dictionary.column.codes.extend(
                    present.map(
                        |(truth, there)| {
                            if *there { code(truth) } else { Dictionary::MISSING }
                        },
                    ),
                );
            }
            dictionary.forget = true;
            return;
        }
        if self.filled_from[slot].take().is_some() || dictionary.forget {
            dictionary.clear();
        }
        dictionary.forget = false;
        dictionary.start();
        for row in 0..count {
            if leaf.list.is_some() {
                let code = dictionary.value(cells.lists.get(row).cloned().flatten());
                dictionary.push(code);
                continue;
            }
            let code = match cell(leaf, cells, row) {
                None => Dictionary::MISSING,
                Some(Cell::Text(text)) => dictionary.text(text),
                Some(Cell::NoText(..)) if slot >= self.task.planned => Dictionary::MISSING,
                Some(Cell::NoText(bytes, at)) => {
                    let fault = Fault::new(&leaf.path, no_utf8(bytes, at));
                    leave_out(&mut self.left_out, &mut self.faults, count, row, Some(fault));
                    Dictionary::MISSING
                }
                Some(Cell::Millis(millis)) => Timestamp::from_millis(millis)
                    .map_or(Dictionary::MISSING, |at| dictionary.instant(at)),
                Some(cell) => dictionary.value(cell.value()),
            };
            dictionary.push(code);
        }
    }

    /// The faults of the batch with the rows that have them, in order, one for each row.
    fn place_faults(&mut self, first_row: u64) -> Vec<PlacedFault> {
        self.faults.sort_by_key(|(row, _)| *row);
        self.faults.dedup_by_key(|(row, _)| *row);
        let layout = self.layout;
        let faults = std::mem::take(&mut self.faults);
        let placed = faults.into_iter().map(|(row, fault)| {
            let mut text = String::new();
            for (place, leaf) in layout.leaves.iter().enumerate() {
                if let Some(cell) = cell(leaf, &self.cells[place], row) {
                    let separator = if text.is_empty() { "" } else { ", " };
                    // Writing to a string cannot fail.
                    let _ = write!(text, "{separator}{}=", leaf.path);
                    cell.write(&mut text);
                }
            }
            PlacedFault { place: first_row + row as u64, fault, row: row_text(text.as_bytes()) }
        });
        placed.collect()
    }
}

/// Takes the instants of a column where every row has one that needs no second look; else takes nothing and answers
/// false.
fn take_whole_instants<T: From<Timestamp>>(
    leaf: &Leaf,
    cells: &Cells,
    scratch: &mut Vec<i64>,
    out: &mut Vec<T>,
) -> bool {
    let unit = match leaf.meaning {
        Meaning::Millis => 1,
        Meaning::Micros => 1000,
        Meaning::Nanos => 1_000_000,
        _ => return false,
    };
    let Some(numbers) = cells.integers(scratch) else { return false };
    let range = Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis();
    let instant = |millis| T::from(Timestamp::saturating_from_millis(millis));
    if unit > 1 {
        let millis = |number: &i64| number.div_euclid(unit);
        if !numbers.iter().all(|number| range.contains(&millis(number))) {
            return false;
        }
        out.extend(numbers.iter().map(|number| instant(millis(number))));
        return true;
    }
    // Nearly all lie between 1970 and 6429.
    if all_below(numbers, 47) {
        out.extend(numbers.iter().map(|number| T::from(Timestamp::from_low_millis(*number))));
        return true;
    }
    if !numbers.iter().all(|number| range.contains(number)) {
        return false;
    }
    out.extend(numbers.iter().map(|number| instant(*number)));
    true
}

/// Whether no number is negative or has more than so many bits: a look at all of them at once.
fn all_below(numbers: &[i64], bits: u32) -> bool {
    numbers.iter().fold(0, |all, number| all | number) >> bits == 0
}

/// The paths that occur in the first rows of a column of JSON properties.
pub(crate) fn sample_props(
    source: &Source,
    metadata: &ParquetMetaData,
    leaves: &[Leaf],
    props: &str,
) -> Vec<String> {
    const SAMPLE_ROWS: i64 = 1000;
    let mut fields = Fields::new(&[], 0, None, true);
    let task = Task { all: true, ..Task::events(&crate::EventPlan::default()) };
    let mut rows = Rows::new(&task);
    let leaf = leaves.iter().find(|leaf| leaf.path == props && leaf.meaning == Meaning::Text);
    let group = metadata.row_groups().first();
    if let (Some(leaf), Some(group)) = (leaf.filter(|leaf| leaf.list.is_none()), group) {
        let count = group.num_rows().clamp(0, SAMPLE_ROWS) as usize;
        let mut cells = Cells::new(leaf);
        // A sample: damage is reported when the rows are read.
        let read = Cursor::new(source.data(), group, leaf)
            .and_then(|mut cursor| cursor.read(count, &mut cells));
        if read.is_ok() {
            for row in 0..count {
                if let Some(Cell::Text(json)) = cell(leaf, &cells, row)
                    && fields.read_props(json, &mut rows).is_err()
                {
                    fields.clear();
                }
            }
        }
    }
    fields.paths
}

fn leave_out(
    left_out: &mut Vec<bool>,
    faults: &mut Vec<(usize, Fault)>,
    count: usize,
    row: usize,
    fault: Option<Fault>,
) {
    left_out.resize(count, false);
    let first = !std::mem::replace(&mut left_out[row], true);
    if let Some(fault) = fault.filter(|_| first) {
        faults.push((row, fault));
    }
}
