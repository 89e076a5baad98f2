//! Files in, facts out.

// Marked so that lints know these helpers for what they are.
#[cfg(test)]
mod exported_cells;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod filled_forms;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod imported_tables;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod machine_signs;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod parquet_files;
#[cfg(test)]
mod segment_calls;
mod segment_circumstances;
#[cfg(test)]
mod segment_hostile;
#[cfg(test)]
mod support;
#[cfg(test)]
mod workbooks;
#[cfg(test)]
mod write_parquet;
