//! The server as its clients meet it.

mod accounts;
mod contract;
mod hostile;
mod inbound;
mod leads;
mod live_updates;
mod matrix;
mod models;
mod repeated;
mod support;
mod tables;
