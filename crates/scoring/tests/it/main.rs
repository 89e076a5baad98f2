//! What the crate promises to its callers.

mod document;
mod models;
