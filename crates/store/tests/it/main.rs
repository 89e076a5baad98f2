//! The store as its users see it, on both databases.

mod accounts;
mod attempts;
mod audit;
mod consent;
mod desk;
mod idempotency;
mod imports;
mod jobs;
mod keys;
mod outbox;
mod outbox_law;
mod sessions;
mod settings;
mod support;
