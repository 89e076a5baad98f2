//! The program as people use it: whole runs, with what they print, where, and how they end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod again;
mod bad_input;
mod desk;
mod elsewhere;
mod explaining;
mod importing;
mod models;
mod releasing;
mod running;
mod scoring;
mod shell;
mod settled_by;
mod studies;
mod talking;
mod trail;
