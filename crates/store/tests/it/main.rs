//! The store as its users see it, on both databases.

mod backups;
mod commits;
mod erasing;
mod facts;
mod identity;
mod reading;
mod scores;
mod sealing;
mod support;
