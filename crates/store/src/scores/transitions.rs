//! What changed, when and why: a record that only grows.

use leads::Timestamp;

use crate::db::{DbError, Param, Row, Tx};

/// What kind of change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransitionKind {
    /// A stage was entered: `to`.
    StageEntered,
    /// A stage was left: `from`.
    StageLeft,
    /// The bracket changed.
    Bracket,
    /// The lead was disqualified.
    Disqualified,
    /// The lead is no longer disqualified.
    Requalified,
}

/// A change of one lead under one model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// Its id.
    pub id: String,
    /// The model.
    pub model: String,
    /// The model's version.
    pub version: i64,
    /// The lead, under the id that it had then.
    pub lead: String,
    /// When it came about.
    pub at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// What kind of change.
    pub kind: TransitionKind,
    /// What was before.
    pub from: Option<String>,
    /// What is since.
    pub to: Option<String>,
    /// Why.
    pub reason: String,
    /// The score at that instant.
    pub score: i64,
    /// The score card of that instant, as JSON.
    pub card: Option<String>,
}

/// Which transitions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TransitionQuery {
    /// Of one lead, and of all that became part of it.
    pub lead: Option<String>,
    /// Of one model.
    pub model: Option<String>,
    /// Of one kind.
    pub kind: Option<TransitionKind>,
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this (at, id): the last of the page before.
    pub before: Option<(Timestamp, String)>,
    /// So many at most.
    pub limit: usize,
}

impl TransitionKind {
    /// As in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::StageEntered => "stage_entered",
            Self::StageLeft => "stage_left",
            Self::Bracket => "bracket",
            Self::Disqualified => "disqualified",
            Self::Requalified => "requalified",
        }
    }

    /// From JSON.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::StageEntered,
            Self::StageLeft,
            Self::Bracket,
            Self::Disqualified,
            Self::Requalified,
        ];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// Writes a transition down; one whose id is there already stays as it is. Answers whether it is new.
pub fn add_transition(tx: &mut Tx<'_>, transition: &Transition) -> Result<bool, DbError> {
    let insert =
        "INSERT INTO transition (id, model, version, lead, at, recorded_at, kind, from_value,
            to_value, reason, score, card, seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            (SELECT coalesce(max(last), 0) + 1 FROM transition_count)) ON CONFLICT (id) DO NOTHING";
    let params: [Param<'_>; 12] = [
        (&transition.id).into(),
        (&transition.model).into(),
        transition.version.into(),
        (&transition.lead).into(),
        transition.at.into(),
        transition.recorded_at.into(),
        transition.kind.name().into(),
        transition.from.as_deref().into(),
        transition.to.as_deref().into(),
        (&transition.reason).into(),
        transition.score.into(),
        transition.card.as_deref().into(),
    ];
    let is_new = tx.execute(insert, &params)? > 0;
    if is_new {
        // Writers come one after the other on both databases, so that the order of the numbers is that of
        // the commits.
        let count = "INSERT INTO transition_count (name, last) VALUES ('transition', 1)
            ON CONFLICT (name) DO UPDATE SET last = transition_count.last + 1";
        tx.execute(count, &[])?;
    }
    Ok(is_new)
}

/// The number of the transition that was written down last; 0: none was.
pub fn last_transition(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value("SELECT coalesce(max(last), 0) FROM transition_count", &[])
}

/// The number of a transition in the order in which they were written down; `None`: there is no such
/// transition, or it is older than the numbers.
pub fn transition_number(tx: &mut Tx<'_>, id: &str) -> Result<Option<i64>, DbError> {
    let sql = "SELECT seq FROM transition WHERE id = $1";
    Ok(tx.find(sql, &[id.into()], |row| row.get::<Option<i64>>(0))?.flatten())
}

/// A transition.
pub fn transition(tx: &mut Tx<'_>, id: &str) -> Result<Option<Transition>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM transition t WHERE t.id = $1"), &[id.into()], read)
}

/// Transitions with their numbers, in the order in which they were written down, behind the number
/// `after`: `limit` at most, of one model where one is named.
pub fn transitions_after(
    tx: &mut Tx<'_>,
    after: i64,
    model: Option<&str>,
    limit: usize,
) -> Result<Vec<(i64, Transition)>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut params: Vec<Param<'_>> = vec![after.into(), limit.into()];
    let mut of_model = "";
    if let Some(model) = model {
        params.push(model.into());
        of_model = "AND t.model = $3";
    }
    let sql = format!(
        "SELECT {COLUMNS}, t.seq FROM transition t WHERE t.seq IS NOT NULL AND t.seq > $1 {of_model}
         ORDER BY t.seq LIMIT $2"
    );
    tx.query(&sql, &params, |row| Ok((row.get(12)?, read(row)?)))
}

/// A page of transitions, the latest first.
pub fn transitions(tx: &mut Tx<'_>, query: &TransitionQuery) -> Result<Vec<Transition>, DbError> {
    let mut params: Vec<Param<'_>> = Vec::new();
    let mut conditions = vec!["1 = 1".to_owned()];
    if let Some(lead) = &query.lead {
        params.push(lead.into());
        // What it is made of; itself too where no person stands behind it.
        let lead = params.len();
        conditions.push(format!(
            "t.lead IN (SELECT id FROM person WHERE lead = ${lead} UNION SELECT ${lead})"
        ));
    }
    if let Some(model) = &query.model {
        params.push(model.into());
        conditions.push(format!("t.model = ${}", params.len()));
    }
    if let Some(kind) = query.kind {
        params.push(kind.name().into());
        conditions.push(format!("t.kind = ${}", params.len()));
    }
    if let Some(from) = query.from {
        params.push(from.into());
        conditions.push(format!("t.at >= ${}", params.len()));
    }
    if let Some((at, id)) = &query.before {
        params.extend([Param::from(*at), id.into()]);
        conditions.push(format!("(t.at, t.id) < (${}, ${})", params.len() - 1, params.len()));
    }
    params.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
    let sql = format!(
        "SELECT {COLUMNS} FROM transition t WHERE {} ORDER BY t.at DESC, t.id DESC LIMIT ${}",
        conditions.join(" AND "),
        params.len()
    );
    tx.query(&sql, &params, read)
}

const COLUMNS: &str = "t.id, t.model, t.version, t.lead, t.at, t.recorded_at, t.kind, t.from_value, \
     t.to_value, t.reason, t.score, t.card";

fn read(row: &Row<'_>) -> Result<Transition, DbError> {
    Ok(Transition {
        id: row.get(0)?,
        model: row.get(1)?,
        version: row.get(2)?,
        lead: row.get(3)?,
        at: Timestamp::saturating_from_millis(row.get(4)?),
        recorded_at: Timestamp::saturating_from_millis(row.get(5)?),
        kind: TransitionKind::parse(&row.get::<String>(6)?).unwrap_or(TransitionKind::Bracket),
        from: row.get(7)?,
        to: row.get(8)?,
        reason: row.get(9)?,
        score: row.get(10)?,
        card: row.get(11)?,
    })
}
