//! A fact as it is kept.

use leads::{MachineSign, Timestamp};

use crate::db::{DbError, Row, Tx};

/// What a fact says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactKind {
    /// Something happened: `name` is the event's, `body` its properties.
    Event = 0,
    /// Something is so from then on: `body` is the traits.
    Traits = 1,
    /// The person belongs to a company: `name` is its id, `body` its traits.
    Group = 2,
    /// A deal has come to a stage: `name` is `deal_<stage>`, `body` the deal.
    Deal = 3,
    /// The person was known by another id: `body` has it as `previous`.
    Alias = 4,
}

/// A fact as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredFact {
    /// Its id, which no other fact has.
    pub id: String,
    /// The person whom it is about.
    pub person: String,
    /// What kind of fact.
    pub kind: FactKind,
    /// See [`FactKind`]; empty for traits and aliases.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Where it came from.
    pub source: String,
    /// See [`FactKind`]: a JSON object.
    pub body: String,
    /// Why a machine is thought to have done it.
    pub machine: Option<MachineSign>,
    /// Since when it does not count, because somebody took it back.
    pub retracted_at: Option<Timestamp>,
}

impl FactKind {
    /// As in the database and in segments.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// As in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Traits => "traits",
            Self::Group => "group",
            Self::Deal => "deal",
            Self::Alias => "alias",
        }
    }

    pub(crate) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Event,
            1 => Self::Traits,
            2 => Self::Group,
            3 => Self::Deal,
            _ => Self::Alias,
        }
    }
}

impl StoredFact {
    /// Whether it takes part in scoring: neither taken back nor a machine's doing.
    pub fn counts(&self) -> bool {
        self.retracted_at.is_none() && self.machine.is_none()
    }
}

/// How many facts are in the database, whether they count or not; those in files are not among them.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value("SELECT count(*) FROM fact", &[])
}

/// The columns that [`read`] reads, of table `fact f`.
pub(crate) const COLUMNS: &str = "f.id, f.person, f.kind, f.name, f.at, f.received_at, f.source, \
     f.body, f.machine_reason, f.machine_confidence, f.retracted_at";

pub(crate) fn read(row: &Row<'_>) -> Result<StoredFact, DbError> {
    Ok(StoredFact {
        id: row.get(0)?,
        person: row.get(1)?,
        kind: FactKind::from_code(row.get(2)?),
        name: row.get(3)?,
        at: Timestamp::saturating_from_millis(row.get(4)?),
        received_at: Timestamp::saturating_from_millis(row.get(5)?),
        source: row.get(6)?,
        body: row.get(7)?,
        machine: machine(row.get(8)?, row.get(9)?),
        retracted_at: row.get::<Option<i64>>(10)?.map(Timestamp::saturating_from_millis),
    })
}

pub(crate) fn machine(reason: Option<String>, confidence: Option<i64>) -> Option<MachineSign> {
    let confidence = confidence.unwrap_or(100).clamp(1, 100) as u8;
    reason.map(|reason| MachineSign { reason, confidence })
}
