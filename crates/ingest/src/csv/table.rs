//! Turns rows of CSV into columns of facts.

use memchr::memchr2_iter;

use super::mandatory;
use super::record::Record;
use crate::chunks::Content;
use crate::content::{self, Content as Hash, Digits, path_hash};
use crate::dictionary::Dictionary;
use crate::json::Fields;
use crate::ledger::{Fault, PlacedFault, Report, row_text};
use crate::plan::{Kind, Task};
use crate::rows::{NEEDS_INSTANT, NEEDS_LEAD, NEEDS_NAME, Rows, read_instant, read_name, trim};
use crate::{ReadError, Role};

/// Which column serves what.
#[derive(Debug)]
pub(crate) struct Table {
    names: Vec<String>,
    lead: usize,
    at: usize,
    event: usize,
    created_at: Option<usize>,
    id: Option<usize>,
    props: Option<usize>,
    /// The properties, and for each the column that has it; `None` looks in `props`.
    wanted: Vec<String>,
    columns: Vec<Option<usize>>,
    /// Where rows have ids: the hash of each column's name, 0 for those that are hashed otherwise.
    hashes: Vec<u64>,
}

impl Table {
    pub(crate) fn resolve(names: &[String], file: &str, task: &Task) -> Result<Self, ReadError> {
        for role in mandatory(task.kind) {
            task.columns.require(*role, names, file)?;
        }
        let find = |role| task.columns.find(role, names);
        let optional = |role| task.columns.optional(role, names, file);
        let lead = find(Role::Lead).unwrap_or_default();
        let (at, event) =
            (find(Role::At).unwrap_or_default(), find(Role::Event).unwrap_or_default());
        let (created_at, id, props) = match task.kind {
            Kind::Events => (None, optional(Role::Id)?, optional(Role::Props)?),
            Kind::Leads => (optional(Role::CreatedAt)?, None, None),
        };
        let roles: Vec<usize> = match task.kind {
            Kind::Events => {
                [Some(lead), Some(at), Some(event), id, props].into_iter().flatten().collect()
            }
            Kind::Leads => vec![lead],
        };
        let mut wanted = task.wanted.clone();
        if task.all {
            let further = names.iter().enumerate().filter(|(column, name)| {
                !roles.contains(column) && !name.is_empty() && !task.wanted.contains(name)
            });
            wanted.extend(further.map(|(_, name)| name.clone()));
        }
        let columns = wanted
            .iter()
            .map(|path| {
                if task.kind == Kind::Leads
                    && path == Role::CreatedAt.name()
                    && created_at.is_some()
                {
                    return created_at;
                }
                names.iter().position(|name| name == path).filter(|column| !roles.contains(column))
            })
            .collect();
        let hashes = names
            .iter()
            .enumerate()
            .map(|(column, name)| {
                if [Some(lead), Some(at), Some(event), id].contains(&Some(column)) {
                    0
                } else {
                    path_hash(name)
                }
            })
            .collect();
        let names = names.to_vec();
        Ok(Self { names, lead, at, event, created_at, id, props, wanted, columns, hashes })
    }
}

/// Reads chunks on one thread.
pub(crate) struct Reader<'t> {
    table: &'t Table,
    task: &'t Task,
    delimiter: u8,
    pub(crate) rows: Rows,
    pub(crate) fields: Fields,
    /// Whether `props` must be looked into.
    looks_into_props: bool,
    /// Whether the plan asked for something in it: only then is malformed JSON a fault.
    needs_props: bool,
    record: Record,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(table: &'t Table, task: &'t Task, delimiter: u8) -> Self {
        let mut fields = Fields::new(&table.wanted, task.planned, None, task.all);
        let mut rows = Rows::new(task);
        for (slot, path) in table.wanted.iter().enumerate() {
            if slot >= task.wanted.len() {
                rows.add_property();
            }
            if table.columns[slot].is_none() {
                fields.want_property(path, slot);
            }
        }
        let needs_props = table.columns[..task.planned].contains(&None);
        let looks_into_props = table.props.is_some() && (task.all || needs_props);
        Self {
            table,
            task,
            delimiter,
            rows,
            fields,
            looks_into_props,
            needs_props,
            record: Record::default(),
        }
    }

    /// Reads the rows of a chunk into `self.rows`.
    pub(crate) fn read(&mut self, bytes: &[u8], content: Content) -> Report {
        self.rows.start();
        let mut report = match std::str::from_utf8(bytes) {
            Ok(text) if content == Content::Plain => self.read_plain(text),
            _ => self.read_with_care(bytes),
        };
        report.rows = self.rows.len() as u64;
        report
    }

    /// Reads rows without quotation marks: every separator separates.
    fn read_plain(&mut self, text: &str) -> Report {
        let mut report = Report::default();
        let columns = self.table.names.len();
        let mut starts = vec![0; columns + 1];
        let bytes = text.as_bytes();
        let (mut row, mut count) = (0, 0);
        let mut take = |end: usize, last: bool, reader: &mut Self| {
            let newline = last || bytes[end] == b'\n';
            count += 1;
            if count <= columns {
                starts[count] = end + 1;
            }
            if !newline {
                return;
            }
            let cr = end > row && bytes[end - 1] == b'\r';
            let end_of_row = if cr { end - 1 } else { end };
            let whole = &text[row..end_of_row];
            let blank = count == 1 && whole.trim().is_empty();
            if !blank {
                let result = if count == columns {
                    starts[0] = row;
                    starts[columns] = end_of_row + 1;
                    let cell = |column: usize| &text[starts[column]..starts[column + 1] - 1];
                    reader.take_row(&cell)
                } else {
                    Err(ragged(count, columns))
                };
                if let Err(fault) = result {
                    let row = row_text(whole.as_bytes());
                    report.faults.push(PlacedFault { place: report.lines, fault, row });
                }
            }
            report.lines += u64::from(!last);
            row = end + 1;
            count = 0;
        };
        for end in memchr2_iter(self.delimiter, b'\n', bytes) {
            take(end, false, self);
        }
        if bytes.last().is_some_and(|last| *last != b'\n') {
            take(bytes.len(), true, self);
        }
        report
    }

    /// Reads rows with quotation marks, or with bytes that are no text.
    fn read_with_care(&mut self, bytes: &[u8]) -> Report {
        let mut report = Report::default();
        let mut record = std::mem::take(&mut self.record);
        let columns = self.table.names.len();
        let mut from = 0;
        while from < bytes.len() {
            let end = record.split(bytes, from, self.delimiter);
            let line = &bytes[from..end];
            let blank = record.len() == 1
                && record.cell(0).is_some_and(|cell| cell.trim_ascii().is_empty());
            if !blank {
                let result = if record.len() == columns {
                    self.take_record(&record)
                } else {
                    Err(ragged(record.len(), columns))
                };
                if let Err(fault) = result {
                    let row = row_text(line);
                    report.faults.push(PlacedFault { place: report.lines, fault, row });
                }
            }
            report.lines += memchr::memchr_iter(b'\n', line).count() as u64;
            from = end;
        }
        self.record = record;
        report
    }

    fn take_record(&mut self, record: &Record) -> Result<(), Fault> {
        for (column, cell) in record.cells().enumerate() {
            if let Err(error) = std::str::from_utf8(cell) {
                let at = error.valid_up_to();
                let reason = format!(
                    "byte {} of the cell (0x{:02x}) is not UTF-8: save the file as UTF-8",
                    at + 1,
                    cell[at]
                );
                return Err(Fault::new(&self.table.names[column], reason));
            }
        }
        let cell = |column: usize| {
            record.cell(column).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default()
        };
        self.take_row(&cell)
    }

    /// Adds a row, whole or not at all.
    fn take_row<'c>(&mut self, cell: &impl Fn(usize) -> &'c str) -> Result<(), Fault> {
        let (table, task) = (self.table, self.task);
        let name = |column: usize| table.names[column].as_str();
        let lead = read_name(cell(table.lead), name(table.lead), NEEDS_LEAD)?;
        if task.only_lead.as_deref().is_some_and(|only| only != lead) {
            return Ok(());
        }
        match task.kind {
            Kind::Events => {
                let event = read_name(cell(table.event), name(table.event), NEEDS_NAME)?;
                let at = match cell(table.at) {
                    blank if trim(blank).is_empty() => {
                        return Err(Fault::new(name(table.at), NEEDS_INSTANT));
                    }
                    text => read_instant(text, task, name(table.at))?,
                };
                self.look_into_props(cell)?;
                self.rows.push_lead(lead);
                let code = self.rows.names.text(event);
                self.rows.names.push(code);
                self.rows.at.push(at);
                if let Some(id) = table.id {
                    let id = trim(cell(id));
                    self.push_id(id, lead, event, at.as_millis(), cell);
                }
            }
            Kind::Leads => {
                let created_at = match table.created_at.map(|column| (column, cell(column))) {
                    Some((column, text)) if !trim(text).is_empty() => {
                        Some(read_instant(text, task, name(column))?)
                    }
                    _ => None,
                };
                self.rows.push_lead(lead);
                self.rows.created_at.push(created_at);
            }
        }
        for (slot, column) in table.columns.iter().enumerate() {
            let dictionary = &mut self.rows.properties[slot];
            let code = match column {
                Some(column) => {
                    let text = cell(*column);
                    if trim(text).is_empty() { Dictionary::MISSING } else { dictionary.text(text) }
                }
                None => self.fields.take(slot, dictionary),
            };
            dictionary.push(code);
        }
        // Those that were met in `props` where everything is wanted.
        for slot in table.columns.len()..self.rows.properties.len() {
            let dictionary = &mut self.rows.properties[slot];
            dictionary.column.codes.resize(self.rows.leads.len() - 1, Dictionary::MISSING);
            let code = self.fields.take(slot, dictionary);
            dictionary.push(code);
        }
        Ok(())
    }

    fn look_into_props<'c>(&mut self, cell: &impl Fn(usize) -> &'c str) -> Result<(), Fault> {
        let Some(column) = self.table.props.filter(|_| self.looks_into_props) else {
            return Ok(());
        };
        let json = cell(column);
        if trim(json).is_empty() {
            return Ok(());
        }
        if let Err(error) = self.fields.read_props(json, &mut self.rows) {
            self.fields.clear();
            if self.needs_props {
                return Err(Fault::new(&self.table.names[column], json_fault(&error)));
            }
        }
        Ok(())
    }

    fn push_id<'c>(
        &mut self,
        id: &str,
        lead: &str,
        event: &str,
        at: i64,
        cell: &impl Fn(usize) -> &'c str,
    ) {
        if self.task.all {
            let code =
                if id.is_empty() { Dictionary::MISSING } else { self.rows.id_texts.text(id) };
            self.rows.id_texts.push(code);
        }
        if id.is_empty() {
            self.rows.push_id(None);
            return;
        }
        let mut hash = Hash::default();
        let at = Digits::new(at);
        hash.add(content::AT, at.as_bytes());
        hash.add(content::LEAD, lead.as_bytes());
        hash.add(content::EVENT, event.as_bytes());
        for (column, path) in self.table.hashes.iter().enumerate() {
            let text = cell(column);
            if *path != 0 && !trim(text).is_empty() {
                hash.add(*path, text.as_bytes());
            }
        }
        self.rows.push_id(Some(hash.identity(id)));
    }
}

/// What is wrong with a JSON text, without the line number that `serde_json` counts within it.
pub(crate) fn json_fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if text.starts_with("is no JSON") {
        return text.to_owned();
    }
    format!("is no valid JSON: {text} (at byte {})", error.column())
}

pub(crate) fn ragged(cells: usize, columns: usize) -> Fault {
    let remedy = if cells < columns {
        "is the row cut off?"
    } else {
        "put cells that contain the separator in quotation marks"
    };
    Fault::of_row(format!(
        "has {cells} cells where the first line names {columns} columns: {remedy}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::EventPlan;

    proptest! {
        #[test]
        fn the_fast_way_and_the_careful_way_read_alike(
            text in "(1,0,a,x\n|b,5,c, \r\n|[a0 ,\n\r\u{e9}]){0,60}",
        ) {
            let plan = EventPlan { properties: vec!["note".to_owned()], ..EventPlan::default() };
            let task = Task::events(&plan);
            let names: Vec<String> = ["lead", "at", "event", "note"].map(str::to_owned).into();
            let table = Table::resolve(&names, "file", &task).unwrap();
            let read = |content| {
                let mut reader = Reader::new(&table, &task, b',');
                let report = reader.read(text.as_bytes(), content);
                let faults: Vec<String> =
                    report.faults.iter().map(|fault| format!("{} {:?} {}", fault.place, fault.fault, fault.row)).collect();
                let rows = format!("{:?} {:?} {:?}", reader.rows.leads, reader.rows.at, reader.rows.properties[0].column);
                (rows, faults, report.lines)
            };
            prop_assert_eq!(read(Content::Plain), read(Content::Quoted));
        }
    }
}
