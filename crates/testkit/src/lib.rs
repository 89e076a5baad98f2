//! A synthetic company: as many leads and events as asked for, from one seed, the same to the byte
//! on every machine.
//!
//! The company sells coffee machines, capsules and maintenance to offices in Spain, Romania and a
//! few other countries. Whether a lead buys depends on who it is and on what it did before, so a
//! back-test over this history has something to find; and the data is as dirty as real data.
//!
//! ```
//! use testkit::company::{Company, Options};
//! use testkit::write::{Format, Writer};
//!
//! let company = Company::new(Options { leads: 3, events: 20, seed: 7, ..Options::default() });
//! let mut writer = Writer::new(Format::Csv, Vec::new(), Vec::new())?;
//! for story in company.stories() {
//!     writer.write(&story)?;
//! }
//! let (leads, events) = writer.finish()?;
//! assert!(leads.starts_with(b"lead,created_at,name,"));
//! assert!(events.starts_with(b"lead,event,at,id,props\n"));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod company;
mod dice;
pub mod reports;
pub mod visitors;
pub mod write;
