//! Calls as Segment's clients make them: `identify`, `track`, `page`, `screen`, `group`, `alias`,
//! alone or in a batch.
//!
//! A body is read in two steps, for its write key decides who is believed: [`Body::read`] checks the
//! bytes, [`Body::calls`] makes reports of them. Each call of a batch stands or falls by itself.

mod context;
mod deals;
mod instants;
mod item;
mod names;
mod traits;

use leads::Report;
use serde_json::{Map, Value as Json};
use thiserror::Error;

pub(crate) use deals::amount_minor;

use crate::Envelope;
use crate::document::{Members, VALUES_MAX, body_text, elements, read_tree};

/// The largest call, in bytes: Segment's limit.
pub const CALL_BYTES_MAX: usize = 32 << 10;
/// The largest body, in bytes: Segment's limit for a batch.
pub const BATCH_BYTES_MAX: usize = 500 << 10;
/// The most calls of a batch: Segment's limit.
pub const BATCH_CALLS_MAX: usize = 2_500;

/// The largest context that a batch says of all its calls, in bytes. It is copied into each of them,
/// so that a body of 500 KiB must not become a hundred times that.
pub const BATCH_CONTEXT_BYTES_MAX: usize = 8 << 10;

/// Which call a path or a `type` stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Call {
    /// Who somebody is.
    Identify,
    /// What somebody did.
    Track,
    /// That somebody saw a page.
    Page,
    /// That somebody saw a screen of an app.
    Screen,
    /// To which company somebody belongs.
    Group,
    /// That two ids are one person's.
    Alias,
    /// Several of these.
    Batch,
}

/// A body whose outermost object could be read.
#[derive(Debug)]
pub struct Body<'a> {
    text: &'a str,
    members: Members<'a>,
}

/// What became of the calls of a body, in their order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Calls {
    /// One for each call.
    pub items: Vec<Item>,
}

/// What became of one call.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Its reports, at least one, or why it has none.
    pub verdict: Result<Vec<Report>, Rejection>,
    /// What was put right on the way.
    pub notes: Vec<Note>,
}

/// Why a call was not taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{pointer}: {message}")]
pub struct Rejection {
    /// The call's place in the batch, from 0.
    pub index: usize,
    /// Where in the body, as a JSON pointer.
    pub pointer: String,
    /// For programs, such as `no_identity`.
    pub code: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Something odd about a call that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Where in the body, as a JSON pointer.
    pub pointer: String,
    /// For programs, such as `blocked_id`.
    pub code: &'static str,
    /// What was found, and what was made of it.
    pub message: String,
}

/// Why nothing of a body was taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CallError {
    /// More bytes than are taken.
    #[error(
        "the body has {size} bytes, more than the {limit} that are taken: send fewer calls at once"
    )]
    TooLarge {
        /// The body's size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// More calls than are taken.
    #[error(
        "the batch has {count} calls, more than the {limit} that are taken: send several batches"
    )]
    TooMany {
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// Not text.
    #[error("the body {reason}")]
    Encoding {
        /// What is wrong and what to do.
        reason: String,
    },
    /// Not JSON, or no object.
    #[error("the body {reason}")]
    Malformed {
        /// What is wrong, where, and what to do.
        reason: String,
    },
    /// A batch without a list of calls.
    #[error("the body has no list \"batch\": send {{\"batch\": [...]}} with at least one call")]
    NoBatch,
}

impl CallError {
    /// For programs: `too_large`, `too_many`, `not_utf8`, `malformed` or `no_batch`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::TooMany { .. } => "too_many",
            Self::Encoding { .. } => "not_utf8",
            Self::Malformed { .. } => "malformed",
            Self::NoBatch => "no_batch",
        }
    }
}

impl Call {
    /// From a path's last part, in full or as browsers shorten it: `track` and `t`, `batch`, `b` and
    /// `import`; also a call's `type`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "identify" | "i" => Self::Identify,
            "track" | "t" => Self::Track,
            "page" | "p" => Self::Page,
            "screen" | "s" => Self::Screen,
            "group" | "g" => Self::Group,
            "alias" | "a" => Self::Alias,
            "batch" | "b" | "import" => Self::Batch,
            _ => return None,
        })
    }
}

impl<'a> Body<'a> {
    /// Checks the bytes of a body, whatever its media type claims: clients send JSON as
    /// `text/plain` and as a form.
    pub fn read(bytes: &'a [u8]) -> Result<Self, CallError> {
        if bytes.len() > BATCH_BYTES_MAX {
            return Err(CallError::TooLarge { size: bytes.len(), limit: BATCH_BYTES_MAX });
        }
        let text = body_text(bytes).map_err(|reason| CallError::Encoding { reason })?.trim();
        let members =
            Members::read(text).map_err(|error| CallError::Malformed { reason: error.message })?;
        Ok(Self { text, members })
    }

    /// The write key, which some clients send in the body only: there, or in the first call.
    pub fn write_key(&self) -> Option<String> {
        let key = self.members.text("writeKey").or_else(|| {
            let calls = elements(self.members.get("batch")?).ok()?;
            Members::read(calls.first()?.get()).ok()?.text("writeKey")
        })?;
        Some(key.trim().to_owned()).filter(|key| !key.is_empty())
    }

    /// Makes reports of the calls. `fresh_id` gives an id, never the same twice, to calls without one.
    pub fn calls(
        &self,
        call: Call,
        envelope: &Envelope,
        fresh_id: &mut dyn FnMut() -> String,
    ) -> Result<Calls, CallError> {
        if call != Call::Batch {
            let shared = Shared::default();
            let mut reader = item::Reader { envelope, shared: &shared, fresh_id };
            return Ok(Calls { items: vec![reader.read(0, "", Some(call), self.text)] });
        }
        let batch = self.members.get("batch").ok_or(CallError::NoBatch)?;
        let calls = elements(batch).map_err(|_| CallError::NoBatch)?;
        if calls.is_empty() {
            return Err(CallError::NoBatch);
        }
        if calls.len() > BATCH_CALLS_MAX {
            return Err(CallError::TooMany { count: calls.len(), limit: BATCH_CALLS_MAX });
        }
        let shared = Shared::of_batch(&self.members)?;
        let mut reader = item::Reader { envelope, shared: &shared, fresh_id };
        let items = calls
            .iter()
            .enumerate()
            .map(|(index, call)| reader.read(index, &format!("/batch/{index}"), None, call.get()));
        Ok(Calls { items: items.collect() })
    }
}

/// Reads a body in one step, for a sender that is already known.
pub fn parse(
    call: Call,
    bytes: &[u8],
    envelope: &Envelope,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Calls, CallError> {
    Body::read(bytes)?.calls(call, envelope, fresh_id)
}

impl Calls {
    /// All reports, in the order of their calls.
    pub fn into_reports(self) -> Vec<Report> {
        self.items.into_iter().filter_map(|item| item.verdict.ok()).flatten().collect()
    }

    /// Why calls were not taken, in their order.
    pub fn rejections(&self) -> impl Iterator<Item = &Rejection> {
        self.items.iter().filter_map(|item| item.verdict.as_ref().err())
    }
}

/// What a batch says of all its calls.
#[derive(Debug, Default)]
struct Shared {
    context: Map<String, Json>,
    sent_at: Option<Json>,
    original_timestamp: Option<Json>,
}

impl Shared {
    fn of_batch(members: &Members<'_>) -> Result<Self, CallError> {
        let read = |key: &str| -> Result<Option<Json>, CallError> {
            let Some(text) = members.get(key) else { return Ok(None) };
            if text.len() > BATCH_CONTEXT_BYTES_MAX {
                let reason = format!(
                    "has a {key:?} of {} bytes, more than the {BATCH_CONTEXT_BYTES_MAX} that are taken: say it in the calls",
                    text.len()
                );
                return Err(CallError::Malformed { reason });
            }
            let tree = read_tree(text, VALUES_MAX).map_err(|error| CallError::Malformed {
                reason: format!("has a {key:?} that {}", error.message),
            })?;
            Ok(Some(tree.value))
        };
        let context = match read("context")? {
            Some(Json::Object(context)) => context,
            _ => Map::new(),
        };
        let original_timestamp = match read("originalTimestamp")? {
            None => read("timestamp")?,
            there => there,
        };
        Ok(Self { context, sent_at: read("sentAt")?, original_timestamp })
    }
}
