//! Who changed what, when: rows that are only ever appended, each bound to the one before by a hash.
//!
//! Objects are named by ids, never by names or addresses: then erasing a person leaves the chain
//! whole and says nothing about the person.
//!
//! An edited, removed, inserted or moved row breaks the chain, and so does cutting off the end, whose
//! hash is kept apart. Whoever can rewrite the whole table and that hash is found out by an earlier
//! [`Head`] that was kept elsewhere (a backup, a log, a piece of paper).

use std::fmt::{self, Write as _};
use std::str::FromStr;

use leads::Timestamp;
use serde_json::Value as Json;
use thiserror::Error;

use crate::cells::{breaks_lines, instant};
use crate::db::{DbError, Param, Row, Tx};
use crate::secret::Digest;

/// A change to be noted.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Who did it, such as `user:0197...`, `key:0197...` or `system`.
    pub actor: &'a str,
    /// What was done, such as `model.activated`.
    pub action: &'a str,
    /// What it was done to, such as `model:fit`: an id, never a name or an address.
    pub object: &'a str,
    /// What mattered before, where anything did. No personal data.
    pub before: Option<&'a Json>,
    /// What is so since.
    pub after: Option<&'a Json>,
}

/// A row of the trail.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// 1, 2, 3, ... without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who. Characters that could break a line are written as `\u{a}`, here and below.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// What was so before.
    pub before: Option<Json>,
    /// What is so since.
    pub after: Option<Json>,
    /// What binds the next row to this one.
    pub hash: Digest,
}

/// The end of the trail. Written as `17:` and the hash in hexadecimal, so that it can be noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The last row.
    pub seq: i64,
    /// Its hash.
    pub hash: Digest,
}

/// Why a text is no [`Head`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a head is the number of an entry, a colon and its hash of 64 hexadecimal digits")]
pub struct HeadError;

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:?}", self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (seq, hash) = text.trim().split_once(':').ok_or(HeadError)?;
        let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or(HeadError)?;
        Ok(Self { seq, hash: Digest::from_hexadecimal(hash).ok_or(HeadError)? })
    }
}

/// Whether the trail is what was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is, up to here (none: nothing was ever written).
    Whole(Option<Head>),
    /// It is not, from this row on.
    Broken {
        /// The first row that is not what was written, or is missing.
        seq: i64,
        /// What is wrong with it.
        how: Break,
    },
}

/// What is wrong with a row of the trail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Break {
    /// The row says something else than when it was written.
    Edited,
    /// The row is missing, and later ones are there.
    Missing,
    /// The row is whole in itself, but follows another row than the one it was written after.
    Moved,
    /// The trail went on from here, and its end was cut off.
    CutOff,
    /// The kept hash of the end is gone or another one.
    End,
    /// The trail is whole in itself, but is not the one that an earlier head was taken of.
    Replaced,
}

/// Which entries to show; what is none is not asked for.
#[derive(Clone, Copy, Default, Debug)]
pub struct Filter<'a> {
    /// Of this actor.
    pub actor: Option<&'a str>,
    /// Of this action.
    pub action: Option<&'a str>,
    /// On this object.
    pub object: Option<&'a str>,
}

/// Notes a change, in the transaction that makes it. Answers its number.
pub fn append(tx: &mut Tx<'_>, change: &Change<'_>, now: Timestamp) -> Result<i64, DbError> {
    let (seq, previous) = match head(tx)? {
        Some(head) => (head.seq + 1, head.hash),
        None if tx.value::<i64>("SELECT count(*) FROM audit", &[])? == 0 => (1, BEFORE_THE_FIRST),
        None => return Err(DbError::Damaged("the audit trail has lost its end".to_owned())),
    };
    let stored = Stored {
        seq,
        at: now.as_millis(),
        actor: visible(change.actor),
        action: visible(change.action),
        object: visible(change.object),
        before: change.before.map(one_line_json),
        after: change.after.map(one_line_json),
    };
    let hash = stored.hash(&previous);
    let sql = "INSERT INTO audit
        (seq, at, actor, action, object, before_change, after_change, previous, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = [
        stored.seq.into(),
        stored.at.into(),
        (&stored.actor).into(),
        (&stored.action).into(),
        (&stored.object).into(),
        text_or_null(stored.before.as_ref()),
        text_or_null(stored.after.as_ref()),
        previous.as_bytes().into(),
        hash.as_bytes().into(),
    ];
    tx.execute(sql, &params)?;
    let sql = "INSERT INTO audit_head (only_one, seq, hash) VALUES (1, $1, $2)
        ON CONFLICT (only_one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash";
    tx.execute(sql, &[seq.into(), hash.as_bytes().into()])?;
    Ok(seq)
}

/// The end of the trail, to be kept elsewhere.
pub fn head(tx: &mut Tx<'_>) -> Result<Option<Head>, DbError> {
    tx.find("SELECT seq, hash FROM audit_head", &[], |row| {
        Ok(Head { seq: row.get(0)?, hash: digest(row, 1)? })
    })
}

/// Reads the whole trail and names the first row that is not what was written. `earlier` is a head
/// that was kept elsewhere: the trail must still lead through it.
pub fn verify(tx: &mut Tx<'_>, earlier: Option<&Head>) -> Result<Verdict, DbError> {
    let (mut last_seq, mut last_hash) = (0, BEFORE_THE_FIRST);
    let mut broken = None;
    let mut passes_earlier = earlier.is_none();
    let sql = "SELECT seq, at, actor, action, object, before_change, after_change, previous, hash
        FROM audit ORDER BY seq";
    tx.each(sql, &[], |row| {
        if broken.is_some() {
            return Ok(());
        }
        let stored = Stored::read(row)?;
        let (previous, hash) = (row.get::<Vec<u8>>(7)?, row.get::<Vec<u8>>(8)?);
        let previous = Digest::from_stored(&previous);
        let hash = Digest::from_stored(&hash);
        broken = match (previous, hash) {
            _ if stored.seq != last_seq + 1 => Some((last_seq + 1, Break::Missing)),
            (Some(previous), Some(hash)) if stored.hash(&previous) == hash => {
                (previous != last_hash).then_some((stored.seq, Break::Moved))
            }
            _ => Some((stored.seq, Break::Edited)),
        };
        if let (None, Some(hash)) = (broken, hash) {
            (last_seq, last_hash) = (stored.seq, hash);
            passes_earlier |= earlier == Some(&Head { seq: last_seq, hash: last_hash });
        }
        Ok(())
    })?;
    if let Some((seq, how)) = broken {
        return Ok(Verdict::Broken { seq, how });
    }
    let how = match head(tx)? {
        Some(head) if head.seq > last_seq => Some(Break::CutOff),
        Some(head) if head != (Head { seq: last_seq, hash: last_hash }) => Some(Break::End),
        None if last_seq > 0 => Some(Break::End),
        _ if earlier.is_some_and(|earlier| earlier.seq > last_seq) => Some(Break::CutOff),
        _ => None,
    };
    if let Some(how) = how {
        return Ok(Verdict::Broken { seq: last_seq + 1, how });
    }
    match earlier {
        Some(earlier) if !passes_earlier => {
            Ok(Verdict::Broken { seq: earlier.seq, how: Break::Replaced })
        }
        _ if last_seq == 0 => Ok(Verdict::Whole(None)),
        _ => Ok(Verdict::Whole(Some(Head { seq: last_seq, hash: last_hash }))),
    }
}

/// The newest `limit` entries, or the newest before number `before`.
pub fn page(
    tx: &mut Tx<'_>,
    filter: Filter<'_>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let sql = "SELECT seq, at, actor, action, object, before_change, after_change, previous, hash
        FROM audit WHERE seq < $1
        AND (CAST($2 AS TEXT) IS NULL OR actor = $2)
        AND (CAST($3 AS TEXT) IS NULL OR action = $3)
        AND (CAST($4 AS TEXT) IS NULL OR object = $4)
        ORDER BY seq DESC LIMIT $5";
    let [actor, action, object] =
        [filter.actor, filter.action, filter.object].map(|text| text.map(visible));
    let params = [
        before.unwrap_or(i64::MAX).into(),
        text_or_null(actor.as_ref()),
        text_or_null(action.as_ref()),
        text_or_null(object.as_ref()),
        limit.into(),
    ];
    tx.query(sql, &params, |row| {
        let stored = Stored::read(row)?;
        Ok(Entry {
            seq: stored.seq,
            at: instant(row, 1)?,
            actor: stored.actor,
            action: stored.action,
            object: stored.object,
            // Verifying is what tells an edited row; showing it must not fail.
            before: stored
                .before
                .map(|text| serde_json::from_str(&text).unwrap_or(Json::String(text))),
            after: stored
                .after
                .map(|text| serde_json::from_str(&text).unwrap_or(Json::String(text))),
            hash: digest(row, 8)?,
        })
    })
}

/// What the first row follows.
const BEFORE_THE_FIRST: Digest = Digest::ZERO;

/// A row as its columns hold it, which is what is hashed.
struct Stored {
    seq: i64,
    at: i64,
    actor: String,
    action: String,
    object: String,
    before: Option<String>,
    after: Option<String>,
}

impl Stored {
    fn read(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            action: row.get(3)?,
            object: row.get(4)?,
            before: row.get(5)?,
            after: row.get(6)?,
        })
    }

    fn hash(&self, previous: &Digest) -> Digest {
        // A mark tells an empty text from none.
        let text = |text: &Option<String>| text.as_ref().map(|text| format!("={text}"));
        let (before, after) = (text(&self.before), text(&self.after));
        Digest::of_parts(&[
            previous.as_bytes(),
            &self.seq.to_le_bytes(),
            &self.at.to_le_bytes(),
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.object.as_bytes(),
            before.unwrap_or_default().as_bytes(),
            after.unwrap_or_default().as_bytes(),
        ])
    }
}

fn text_or_null(text: Option<&String>) -> Param<'_> {
    text.map_or(Param::Null, Param::from)
}

/// The text with every character that could begin a line, or hide one, written out.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if breaks_lines(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// JSON escapes what is below 0x20; the rest that breaks lines stands within its strings only.
fn one_line_json(value: &Json) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if breaks_lines(c) {
            // All of them lie below 0x10000.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

fn digest(row: &Row<'_>, index: usize) -> Result<Digest, DbError> {
    let bytes: Vec<u8> = row.get(index)?;
    Digest::from_stored(&bytes)
        .ok_or_else(|| DbError::Damaged("a hash of the audit trail has a wrong length".to_owned()))
}
