//! The server as its clients meet it.

mod accounts;
mod clients;
mod clock;
mod contract;
mod exporting;
mod first_visitor;
mod following;
mod going_back;
mod hostile;
mod inbound;
mod labels;
mod leads;
mod live_updates;
mod matrix;
mod models;
mod on_postgres;
#[path = "../../../store/tests/it/support/others.rs"]
mod others;
#[path = "../../../store/tests/it/support/server.rs"]
mod postgres;
mod repeated;
mod running;
mod slow;
mod strangers;
mod support;
mod tables;
mod tags;
mod trail;
mod two_models;
mod zeros;
