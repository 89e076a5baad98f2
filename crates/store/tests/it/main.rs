//! The store as its users see it, on both databases.

mod accounts;
mod attempts;
mod audit;
mod backups;
mod commits;
mod consent;
mod desk;
mod encryption;
mod erasing;
mod facts;
mod idempotency;
mod identity;
mod imports;
mod inbox;
mod jobs;
mod keys;
mod marks;
mod outbox;
mod outbox_law;
mod reading;
mod scores;
mod sealing;
mod segment_readers;
mod sessions;
mod settings;
mod support;
