//! The program as people use it: whole runs, with what they print, where, and how they end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod again;
mod applying;
mod bad_input;
mod demonstrating;
mod desk;
mod elsewhere;
mod erased;
mod explaining;
mod forgotten;
mod importing;
mod models;
mod releasing;
mod running;
mod scoring;
mod settled_by;
mod shell;
mod silence;
mod studies;
mod talking;
mod trail;
