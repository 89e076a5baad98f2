//! HTTP: what pages and servers report, the API, live updates, accounts, the page, and the loops that
//! keep everything going. Nothing else knows HTTP.
//!
//! ```text
//! connection -> surround (number, room, time, headers) -> /v1/..      reports, by write key or API key
//!                                                      -> guard -> /api/v1/..  by the table of routes
//!                                                      -> the page, as it was built in
//! ```
//!
//! Time and randomness come in as parameters.

#![expect(unused_qualifications, reason = "utoipa writes paths out in what it derives")]

mod access;
mod accounts;
mod app;
mod audit;
mod bodies;
mod companies;
mod config;
mod cursor;
mod deals;
mod events;
mod exports;
mod failures;
mod forms;
mod health;
mod imports;
mod inbound;
mod instant;
mod keys;
mod labels;
mod leads_api;
mod limits;
mod metrics;
mod models;
mod names;
mod openapi;
mod outer;
mod page;
mod passwords;
mod problem;
mod request;
mod retention;
mod segments;
mod serve;
mod server;
mod settings;
mod shares;
mod status;
mod stream;
mod transitions;
mod vocabulary;
mod webhooks;
mod work;

pub use app::{Clock, Random};
pub use config::{Config, Limits, Pace, Rate};
pub use openapi::openapi_json;
pub use server::{ENDING_MAX, OpenError, ServeError, Server};
