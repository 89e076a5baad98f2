//! Bytes from outside become facts: files of leads and of events in CSV, NDJSON and Parquet,
//! plain, gzip or zstd, are read on all threads into the batches of [`leads::batch`].
//!
//! A row that cannot be read is rejected with its place, its column and the remedy, and the rest is
//! read; what concerns the file as a whole is a [`ReadError`]. No input makes a reader panic.
//!
//! Cells of CSV are text; blank ones are missing. Objects of JSON and structs of Parquet become
//! dotted paths, lists of objects give each path a list of values. A property of an event is a
//! column of its own or stands in the `props` object (in CSV and Parquet: JSON text); a column goes
//! before an entry of `props`. Ids and names of events are trimmed; ids are compared as text, so
//! that the number `5` and the text `5` are one lead.

pub mod cells;
mod chunks;
mod columns;
mod content;
mod csv;
mod dictionary;
mod document;
mod envelope;
mod error;
mod facts;
mod field_names;
pub mod forms;
mod identity;
pub mod imports;
mod json;
mod ledger;
pub mod machines;
mod mail_domains;
mod ndjson;
mod parquet_file;
mod plan;
mod read;
mod rows;
mod secret_names;
pub mod segment;
mod source;

pub use columns::{Columns, ColumnsError, Role};
pub use envelope::Envelope;
pub use error::ReadError;
pub use facts::{LeadSources, read_facts, read_facts_of, read_trait_changes};
pub use identity::{ID_BYTES_MAX, is_blocked_id};
pub use ledger::{Place, ReadSummary, Reject};
pub use mail_domains::{MailboxKind, email_traits};
pub use plan::{EventPlan, LeadPlan, Watch};
pub use read::{column_names, read_events, read_leads};
pub use source::{Compression, Format, Source};
