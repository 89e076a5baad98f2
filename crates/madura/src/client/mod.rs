//! The other end: a running server, spoken to over HTTP with an API key.
//!
//! ```text
//! target (which server, which key) -> connection (requests, waiting, problems) -> paging, stream
//! ```

mod address;
mod card;
mod connection;
mod key;
mod legible;
mod paging;
mod problem;
mod profiles;
mod stream;
mod target;

pub(crate) use address::Address;
pub(crate) use card::{explained, stage_seen};
pub(crate) use connection::{Call, Connection, Given, body};
pub(crate) use key::Key;
pub(crate) use legible::{legible, legible_tree};
pub(crate) use paging::each_of;
pub(crate) use problem::{Fault, Problem};
pub(crate) use profiles::{Profile, Profiles};
pub(crate) use stream::{Heard, Stream};
pub(crate) use target::{ServerArgs, connect};

use crate::exit::{Failure, Result};

/// Something of a fixed form, read out of an answer.
pub(crate) fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| {
        Failure::system(format_args!("the server's answer is not of the form expected: {error}"))
            .hint("is it of another version? `madura --version` says which one this is")
    })
}
