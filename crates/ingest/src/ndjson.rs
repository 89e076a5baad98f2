//! NDJSON: one JSON object on each line.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use memchr::memchr_iter;

use crate::chunks::{Chunks, Content};
use crate::content::{self, Digits};
use crate::csv::{SAMPLE_BYTES, json_fault, mandatory, skip_mark};
use crate::dictionary::Dictionary;
use crate::json::{AT, EVENT, Fields, ID, LEAD, RoleKind};
use crate::ledger::{Fault, Ledger, PlacedFault, ReadSummary, Report, row_text};
use crate::plan::{Kind, Task, Watch};
use crate::read::on_threads;
use crate::rows::{
    NEEDS_INSTANT, NEEDS_LEAD, NEEDS_NAME, Rows, Sink, read_instant, read_name, trim,
};
use crate::source::read_error;
use crate::{Columns, EventPlan, ReadError, Role, Source};
use leads::Timestamp;

pub(crate) fn read(
    source: &Source,
    task: &Task,
    watch: Watch<'_>,
    sink: Sink<'_>,
) -> Result<ReadSummary, ReadError> {
    let (reader, taken) = source.reader().map_err(|error| read_error(source.name(), error))?;
    let mut chunks = Chunks::new(reader, None, task.chunk_bytes);
    skip_mark(&mut chunks, source)?;
    let names = sample(&mut chunks, source)?;
    let paths = Paths::resolve(&names, source.name(), task)?;
    let ledger = Ledger::new(source, watch, 0);

    let chunks = Mutex::new(chunks);
    on_threads(task.threads, &|| {
        let mut reader = Reader::new(&paths, task);
        let mut buffer = Vec::new();
        while !ledger.is_stopped() {
            let next = {
                let mut chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
                chunks.next(std::mem::take(&mut buffer))
            };
            let Some(chunk) = next else { break };
            ledger.progress(taken.load(std::sync::atomic::Ordering::Relaxed));
            let report = if chunk.content == Content::Endless {
                let fault = Fault::of_row(ENDLESS);
                let faults = vec![PlacedFault { place: 0, fault, row: row_text(&chunk.bytes) }];
                Report { rows: 0, lines: 1, faults }
            } else {
                let report = reader.read(&chunk.bytes);
                if reader.rows.len() > 0 {
                    reader.rows.note_names(&ledger);
                    sink(chunk.sequence, &mut reader.rows, &reader.fields.paths);
                }
                report
            };
            ledger.enter(chunk.sequence, report);
            buffer = chunk.bytes;
        }
    });
    let mut chunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = chunks.failure() {
        ledger.fail(u64::MAX, read_error(source.name(), error));
    }
    ledger.close(names)
}

pub(crate) fn column_names(source: &Source, columns: &Columns) -> Result<Vec<String>, ReadError> {
    let (reader, _) = source.reader().map_err(|error| read_error(source.name(), error))?;
    let mut chunks = Chunks::new(reader, None, SAMPLE_BYTES);
    skip_mark(&mut chunks, source)?;
    let top = sample(&mut chunks, source)?;
    let props = columns.find(Role::Props, &prefixes(&top));
    let props = props.map(|at| format!("{}.", prefixes(&top)[at]));
    let mut names: Vec<String> = Vec::new();
    for path in top {
        let path = match &props {
            Some(props) => path.strip_prefix(props.as_str()).unwrap_or(&path).to_owned(),
            None => path,
        };
        if !names.contains(&path) {
            names.push(path);
        }
    }
    Ok(names)
}

pub(crate) const ENDLESS: &str =
    "the line does not end within 16 MiB: write each object on a line of its own";

/// Takes lines; `Break` stops.
pub(crate) type EachLine<'e> = &'e mut dyn FnMut(u64, Option<&[u8]>) -> ControlFlow<()>;

/// Walks over the lines in their order, on one thread; blank ones are left out. `each` gets the
/// number of the line, from 1, and its bytes, `None` where it does not end.
pub(crate) fn walk(source: &Source, each: EachLine<'_>) -> Result<(), ReadError> {
    let (reader, _) = source.reader().map_err(|error| read_error(source.name(), error))?;
    let mut chunks = Chunks::new(reader, None, SAMPLE_BYTES);
    skip_mark(&mut chunks, source)?;
    refuse_list(&mut chunks, source)?;
    let (mut line, mut buffer) = (0, Vec::new());
    while let Some(chunk) = chunks.next(std::mem::take(&mut buffer)) {
        if chunk.content == Content::Endless {
            line += 1;
            if each(line, None).is_break() {
                return Ok(());
            }
        } else {
            let bytes = chunk.bytes.strip_suffix(b"\n").unwrap_or(&chunk.bytes);
            for text in bytes.split(|byte| *byte == b'\n') {
                line += 1;
                let text = text.trim_ascii();
                if !text.is_empty() && each(line, Some(text)).is_break() {
                    return Ok(());
                }
            }
        }
        buffer = chunk.bytes;
    }
    chunks.failure().map_or(Ok(()), |error| Err(read_error(source.name(), error)))
}

fn refuse_list(chunks: &mut Chunks, source: &Source) -> Result<(), ReadError> {
    let head = chunks.peek(SAMPLE_BYTES);
    if head.trim_ascii_start().first() == Some(&b'[') {
        return Err(ReadError::Format {
            file: source.name().to_owned(),
            reason: "is one JSON list: write each object on a line of its own (jq -c '.[]')"
                .to_owned(),
        });
    }
    Ok(())
}

/// The paths that occur in the first rows.
fn sample(chunks: &mut Chunks, source: &Source) -> Result<Vec<String>, ReadError> {
    refuse_list(chunks, source)?;
    let head = chunks.peek(SAMPLE_BYTES);
    let task = Task { all: true, ..Task::events(&EventPlan::default()) };
    let mut fields = Fields::new(&[], 0, None, true);
    let mut rows = Rows::new(&task);
    for line in head.split(|byte| *byte == b'\n') {
        // What is malformed is rejected when the rows are read.
        if let Ok(line) = std::str::from_utf8(line)
            && fields.read_row(line, &mut rows).is_err()
        {
            fields.clear();
        }
    }
    Ok(fields.paths)
}

/// The keys at the top of objects with these paths.
fn prefixes(paths: &[String]) -> Vec<String> {
    let mut tops = Vec::new();
    for path in paths {
        for (dot, _) in path.match_indices('.').chain([(path.len(), "")]) {
            let top = path[..dot].to_owned();
            if !tops.contains(&top) {
                tops.push(top);
            }
        }
    }
    tops
}

/// The path at which each role is found.
struct Paths {
    lead: String,
    at: String,
    event: String,
    id: String,
    created_at: String,
    props: Option<String>,
    /// Whether ids were seen in the first rows.
    ids_expected: bool,
}

impl Paths {
    fn resolve(names: &[String], file: &str, task: &Task) -> Result<Self, ReadError> {
        if !names.is_empty() {
            for role in mandatory(task.kind) {
                task.columns.require(*role, names, file)?;
            }
        }
        let path = |role| match task.columns.find(role, names) {
            Some(found) => names[found].clone(),
            None => task.columns.name(role).to_owned(),
        };
        let tops = prefixes(names);
        let props = task.columns.find(Role::Props, &tops).map(|found| tops[found].clone());
        let ids_expected = task.columns.find(Role::Id, names).is_some();
        Ok(Self {
            lead: path(Role::Lead),
            at: path(Role::At),
            event: path(Role::Event),
            id: path(Role::Id),
            created_at: path(Role::CreatedAt),
            props: (task.kind == Kind::Events)
                .then(|| props.unwrap_or_else(|| task.columns.name(Role::Props).to_owned())),
            ids_expected,
        })
    }
}

/// Reads chunks on one thread.
struct Reader<'t> {
    paths: &'t Paths,
    task: &'t Task,
    rows: Rows,
    fields: Fields,
}

impl<'t> Reader<'t> {
    fn new(paths: &'t Paths, task: &'t Task) -> Self {
        let mut fields = Fields::new(&task.wanted, task.planned, paths.props.as_deref(), task.all);
        fields.want_role(&paths.lead, LEAD);
        match task.kind {
            Kind::Events => {
                fields.want_role(&paths.at, AT);
                fields.want_role(&paths.event, EVENT);
                fields.want_role(&paths.id, ID);
                fields.hashing = paths.ids_expected;
            }
            Kind::Leads => fields.want_role(&paths.created_at, AT),
        }
        for (slot, path) in task.wanted.iter().enumerate() {
            match task.kind {
                Kind::Events => {
                    fields.want_property(path, slot);
                    if !fields.is_role(path) {
                        fields.want_field(path, slot);
                    }
                }
                Kind::Leads if path == Role::CreatedAt.name() => {
                    fields.want_field(&paths.created_at, slot);
                }
                Kind::Leads if *path == paths.lead => {}
                Kind::Leads => fields.want_field(path, slot),
            }
        }
        Self { paths, task, rows: Rows::new(task), fields }
    }

    fn read(&mut self, bytes: &[u8]) -> Report {
        self.rows.start();
        let mut report = Report::default();
        let mut from = 0;
        let ends = memchr_iter(b'\n', bytes)
            .chain(bytes.last().is_some_and(|last| *last != b'\n').then_some(bytes.len()));
        for end in ends {
            let line = &bytes[from..end];
            let result = match std::str::from_utf8(line) {
                Ok(text) if text.trim_ascii().is_empty() => Ok(()),
                Ok(text) => self.take_row(text),
                Err(error) => Err(Fault::of_row(format!(
                    "byte {} of the line (0x{:02x}) is not UTF-8: save the file as UTF-8",
                    error.valid_up_to() + 1,
                    line[error.valid_up_to()]
                ))),
            };
            if let Err(fault) = result {
                self.fields.clear();
                report.faults.push(PlacedFault { place: report.lines, fault, row: row_text(line) });
            }
            report.lines += 1;
            from = end + 1;
        }
        report.rows = self.rows.len() as u64;
        report
    }

    /// Adds a row, whole or not at all.
    fn take_row(&mut self, line: &str) -> Result<(), Fault> {
        self.parse(line)?;
        let id_unexpected = !self.fields.hashing && self.fields.roles[ID].kind != RoleKind::Missing;
        if id_unexpected && self.task.kind == Kind::Events {
            // Read again, now with the hash that rows with ids need.
            self.fields.clear();
            self.fields.hashing = true;
            self.parse(line)?;
        }
        self.add()?;
        for role in &mut self.fields.roles {
            role.kind = RoleKind::Missing;
        }
        Ok(())
    }

    fn parse(&mut self, line: &str) -> Result<(), Fault> {
        self.fields.content = content::Content::default();
        self.fields.read_row(line, &mut self.rows).map_err(|error| match &self.paths.props {
            Some(props) if self.fields.refused_props => Fault::new(props, json_fault(&error)),
            _ => Fault::of_row(json_fault(&error)),
        })
    }

    fn add(&mut self) -> Result<(), Fault> {
        let (paths, task) = (self.paths, self.task);
        let [lead, at, event, id] = &mut self.fields.roles;
        for (role, name) in
            [(&lead, &paths.lead), (&at, &paths.at), (&event, &paths.event), (&id, &paths.id)]
        {
            if role.kind == RoleKind::Nested {
                return Err(Fault::new(name, "is a list or an object: write a text or a number"));
            }
        }
        let lead = read_name(lead.text(), &paths.lead, NEEDS_LEAD)?;
        if task.only_lead.as_deref().is_some_and(|only| only != lead) {
            self.fields.clear();
            return Ok(());
        }
        let time_name = if task.kind == Kind::Events { &paths.at } else { &paths.created_at };
        let instant = match at.kind {
            RoleKind::Integer(number) => Some(
                Timestamp::from_epoch_integer(number)
                    .map_err(|error| Fault::new(time_name, format!("{number} {error}")))?,
            ),
            RoleKind::Float(number) => Some(
                Timestamp::from_epoch_number(number)
                    .map_err(|error| Fault::new(time_name, format!("{number:e} {error}")))?,
            ),
            RoleKind::Text => match trim(at.text()) {
                "" => None,
                text => Some(read_instant(text, task, time_name)?),
            },
            RoleKind::Missing | RoleKind::Nested => None,
        };
        match task.kind {
            Kind::Events => {
                let event = read_name(event.text(), &paths.event, NEEDS_NAME)?;
                let Some(at) = instant else {
                    return Err(Fault::new(&paths.at, NEEDS_INSTANT));
                };
                self.rows.push_lead(lead);
                let code = self.rows.names.text(event);
                self.rows.names.push(code);
                self.rows.at.push(at);
                let id = trim(id.text());
                if task.all {
                    let code = if id.is_empty() {
                        Dictionary::MISSING
                    } else {
                        self.rows.id_texts.text(id)
                    };
                    self.rows.id_texts.push(code);
                }
                if id.is_empty() {
                    self.rows.push_id(None);
                } else {
                    let mut hash = self.fields.content;
                    let millis = Digits::new(at.as_millis());
                    hash.add(content::AT, millis.as_bytes());
                    hash.add(content::LEAD, lead.as_bytes());
                    hash.add(content::EVENT, event.as_bytes());
                    self.rows.push_id(Some(hash.identity(id)));
                }
            }
            Kind::Leads => {
                self.rows.push_lead(lead);
                self.rows.created_at.push(instant);
            }
        }
        let rows = self.rows.leads.len();
        for (slot, dictionary) in self.rows.properties.iter_mut().enumerate() {
            dictionary.column.codes.resize(rows - 1, Dictionary::MISSING);
            let code = self.fields.take(slot, dictionary);
            dictionary.push(code);
        }
        Ok(())
    }
}
