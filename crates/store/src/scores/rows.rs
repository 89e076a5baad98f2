//! Leads and their scores, one row each.

use std::collections::BTreeMap;

use leads::Timestamp;

use crate::chunks;
use crate::db::{DbError, Param, Row, Tx};

/// A lead as lists show it: what its facts come to today.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeadRow {
    /// Its id.
    pub lead: String,
    /// Since when it is known; `None`: always.
    pub created_at: Option<Timestamp>,
    /// Its latest fact.
    pub last_seen_at: Option<Timestamp>,
    /// Its address.
    pub email: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The id of its company.
    pub company: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// Who works on it.
    pub owner: Option<String>,
    /// All its traits, as a JSON object.
    pub traits: String,
}

/// A lead's score under one model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScoreRow {
    /// The model's name.
    pub model: String,
    /// The lead.
    pub lead: String,
    /// The model's version.
    pub version: i64,
    /// The score, as people see it.
    pub score: i64,
    /// Of which explicit, as people see it.
    pub fit: i64,
    /// Of which implicit.
    pub engagement: i64,
    /// Where it stands in the grid, such as `A1`.
    pub grade: Option<String>,
    /// Its bracket.
    pub bracket: Option<String>,
    /// Its stage: of those that it is in, the last of the model.
    pub stage: Option<String>,
    /// All stages that it is in, as a JSON list; `None` where it is in none, or an earlier program wrote it.
    pub held: Option<String>,
    /// Why it is disqualified; `None`: it is not.
    pub disqualified: Option<String>,
    /// The money at stake, in hundredths of a currency's unit.
    pub at_stake: i64,
    /// What decides who is called first: larger is sooner.
    pub priority: i64,
    /// As of when.
    pub scored_at: Timestamp,
}

impl LeadRow {
    /// Whether it is the same but for when the lead was seen.
    fn is_like(&self, other: &Self) -> bool {
        let Self {
            lead,
            created_at,
            last_seen_at: _,
            email,
            name,
            company,
            country,
            owner,
            traits,
        } = self;
        let known = (&other.lead, &other.created_at, &other.email, &other.name);
        (lead, created_at, email, name) == known
            && (company, country) == (&other.company, &other.country)
            && (owner, traits) == (&other.owner, &other.traits)
    }
}

impl ScoreRow {
    /// Whether people see the same: it is, but for the instant of which it is.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { model, lead, version, score, fit, engagement, grade, .. } = self;
        let Self { bracket, stage, held, disqualified, .. } = self;
        let Self { at_stake, priority, scored_at: _, .. } = self;
        let numbers = (&other.version, &other.score, &other.fit, &other.engagement);
        let money = (&other.at_stake, &other.priority);
        let places = (&other.grade, &other.bracket, &other.stage, &other.disqualified);
        (version, score, fit, engagement) == numbers
            && (at_stake, priority) == money
            && (grade, bracket, stage, disqualified) == places
            && *held == other.held
            && (model, lead) == (&other.model, &other.lead)
    }
}

/// Writes a lead's row, in the place of the one that was there.
pub fn put_lead(tx: &mut Tx<'_>, row: &LeadRow, now: Timestamp) -> Result<(), DbError> {
    let texts = [&row.name, &row.email, &row.company];
    let search: Vec<String> = texts.into_iter().flatten().map(|text| text.to_lowercase()).collect();
    let search = search.join("\n");
    let insert = "INSERT INTO lead (lead, created_at, last_seen_at, email, name, company, country,
            owner, traits, search, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (lead) DO UPDATE SET created_at = excluded.created_at,
            last_seen_at = excluded.last_seen_at, email = excluded.email, name = excluded.name,
            company = excluded.company, country = excluded.country, owner = excluded.owner,
            traits = excluded.traits, search = excluded.search, updated_at = excluded.updated_at";
    let params: [Param<'_>; 11] = [
        (&row.lead).into(),
        row.created_at.into(),
        row.last_seen_at.into(),
        row.email.as_deref().into(),
        row.name.as_deref().into(),
        row.company.as_deref().into(),
        row.country.as_deref().into(),
        row.owner.as_deref().into(),
        (&row.traits).into(),
        (&search).into(),
        now.into(),
    ];
    tx.execute(insert, &params).map(|_| ())
}

/// Writes a lead's row where `before` is the one that is there: what is the same costs nothing, above
/// all the indices of its address, its company and its owner. Most facts only move when it was seen.
pub fn renew_lead(
    tx: &mut Tx<'_>,
    before: Option<&LeadRow>,
    row: &LeadRow,
    now: Timestamp,
) -> Result<(), DbError> {
    if !before.is_some_and(|before| before.is_like(row)) {
        return put_lead(tx, row, now);
    }
    let update = "UPDATE lead SET last_seen_at = $2, updated_at = $3 WHERE lead = $1";
    let params = [(&row.lead).into(), row.last_seen_at.into(), now.into()];
    if tx.execute(update, &params)? == 0 {
        // Somebody has taken it away meanwhile.
        return put_lead(tx, row, now);
    }
    Ok(())
}

/// Writes a score where `before` is the one that is there: the indices that rank leads are only
/// touched where the score or the priority is another.
pub fn renew_score(
    tx: &mut Tx<'_>,
    before: Option<&ScoreRow>,
    row: &ScoreRow,
) -> Result<(), DbError> {
    let Some(before) = before else { return put_scores(tx, std::slice::from_ref(row)) };
    if before.is_like(row) {
        // Had somebody else written meanwhile, its numbers would be as of another instant.
        let update =
            "UPDATE score SET scored_at = $3 WHERE model = $1 AND lead = $2 AND scored_at = $4";
        let at = [row.scored_at.into(), before.scored_at.into()];
        let params = [(&row.model).into(), (&row.lead).into(), at[0], at[1]];
        if tx.execute(update, &params)? > 0 {
            return Ok(());
        }
    }
    // To insert what is there makes SQLite prepare a row for every index before it finds that out.
    let update = "UPDATE score SET version = $3, score = $4, fit = $5, engagement = $6, grade = $7,
            bracket = $8, stage = $9, disqualified = $10, at_stake = $11, priority = $12,
            scored_at = $13, held = $14
        WHERE model = $1 AND lead = $2";
    if tx.execute(update, &cells(row))? == 0 {
        // Somebody has taken it away meanwhile.
        return put_scores(tx, std::slice::from_ref(row));
    }
    Ok(())
}

/// Columns of a score.
const WIDTH: usize = 14;

fn cells(row: &ScoreRow) -> [Param<'_>; WIDTH] {
    [
        Param::from(&row.model),
        (&row.lead).into(),
        row.version.into(),
        row.score.into(),
        row.fit.into(),
        row.engagement.into(),
        row.grade.as_deref().into(),
        row.bracket.as_deref().into(),
        row.stage.as_deref().into(),
        row.disqualified.as_deref().into(),
        row.at_stake.into(),
        row.priority.into(),
        row.scored_at.into(),
        row.held.as_deref().into(),
    ]
}

/// Writes scores, in the place of those that were there. Of several for one model and lead the last
/// counts. Where one has a stage and does not say what else is held, that stays what it was.
pub fn put_scores(tx: &mut Tx<'_>, rows: &[ScoreRow]) -> Result<(), DbError> {
    let distinct: BTreeMap<(&str, &str), &ScoreRow> =
        rows.iter().map(|row| ((row.model.as_str(), row.lead.as_str()), row)).collect();
    let mut params: Vec<Param<'_>> = Vec::with_capacity(distinct.len() * WIDTH);
    for row in distinct.into_values() {
        params.extend(cells(row));
    }
    let at_most = if tx.is_server() { 64 } else { 1 };
    let insert = |groups: &str| {
        format!(
            "INSERT INTO score (model, lead, version, score, fit, engagement, grade, bracket, stage,
                disqualified, at_stake, priority, scored_at, held) VALUES {groups}
             ON CONFLICT (model, lead) DO UPDATE SET version = excluded.version,
                score = excluded.score, fit = excluded.fit, engagement = excluded.engagement,
                grade = excluded.grade, bracket = excluded.bracket, stage = excluded.stage,
                disqualified = excluded.disqualified, at_stake = excluded.at_stake,
                priority = excluded.priority,
                scored_at = excluded.scored_at,
                held = CASE WHEN excluded.stage IS NOT NULL
                    THEN coalesce(excluded.held, score.held) END"
        )
    };
    chunks::rows(&params, WIDTH, at_most, insert, |sql, params| tx.execute(sql, params).map(|_| ()))
}

/// Removes the row and the scores of a lead that is no more: it became part of another, or was
/// erased. Its transitions stay.
pub fn forget_lead(tx: &mut Tx<'_>, lead: &str) -> Result<(), DbError> {
    for table in ["lead", "score"] {
        tx.execute(&format!("DELETE FROM {table} WHERE lead = $1"), &[lead.into()])?;
    }
    Ok(())
}

/// A lead's row.
pub fn lead_row(tx: &mut Tx<'_>, lead: &str) -> Result<Option<LeadRow>, DbError> {
    let sql = format!("SELECT {LEAD} FROM lead l WHERE l.lead = $1");
    tx.find(&sql, &[lead.into()], |row| read_lead(row, 0))
}

/// Rows of leads by id behind the one that is named, with what their companies are called.
pub fn lead_rows_after(
    tx: &mut Tx<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<(LeadRow, Option<String>)>, DbError> {
    let sql = format!(
        "SELECT {LEAD}, c.name FROM lead l LEFT JOIN company c ON c.id = l.company
         WHERE l.lead > $1 ORDER BY l.lead LIMIT $2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.query(&sql, &[after.into(), limit.into()], |row| {
        Ok((read_lead(row, 0)?, row.get(LEAD_WIDTH)?))
    })
}

/// How many leads have a row.
pub fn count_lead_rows(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value("SELECT count(*) FROM lead", &[])
}

/// The rows of leads with an address.
pub fn find_leads(tx: &mut Tx<'_>, email: &str) -> Result<Vec<LeadRow>, DbError> {
    let sql = format!("SELECT {LEAD} FROM lead l WHERE l.email = $1 ORDER BY l.lead");
    tx.query(&sql, &[email.to_lowercase().as_str().into()], |row| read_lead(row, 0))
}

/// A lead's scores, by model.
pub fn scores_of(tx: &mut Tx<'_>, lead: &str) -> Result<Vec<ScoreRow>, DbError> {
    let sql = format!("SELECT {SCORE} FROM score s WHERE s.lead = $1 ORDER BY s.model");
    tx.query(&sql, &[lead.into()], |row| read_score(row, 0))
}

/// A lead's score under one model.
pub fn score_of(tx: &mut Tx<'_>, model: &str, lead: &str) -> Result<Option<ScoreRow>, DbError> {
    let sql = format!("SELECT {SCORE} FROM score s WHERE s.model = $1 AND s.lead = $2");
    tx.find(&sql, &[model.into(), lead.into()], |row| read_score(row, 0))
}

/// As of when a lead's score under a model was written; `None`: it has none.
pub fn scored_at(tx: &mut Tx<'_>, model: &str, lead: &str) -> Result<Option<Timestamp>, DbError> {
    let sql = "SELECT scored_at FROM score WHERE model = $1 AND lead = $2";
    let at = tx.find(sql, &[model.into(), lead.into()], |row| row.get(0))?;
    Ok(at.map(Timestamp::saturating_from_millis))
}

/// Calls `visit` with every score that is kept under a model, in no order.
pub fn each_score(
    tx: &mut Tx<'_>,
    model: &str,
    mut visit: impl FnMut(ScoreRow) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let sql = format!("SELECT {SCORE} FROM score s WHERE s.model = $1");
    tx.each(&sql, &[model.into()], |row| visit(read_score(row, 0)?))
}

/// Removes the scores under every model but these.
pub fn keep_scores_of(tx: &mut Tx<'_>, models: &[&str]) -> Result<(), DbError> {
    let known: Vec<String> = tx.query("SELECT DISTINCT model FROM score", &[], |row| row.get(0))?;
    for model in known.iter().filter(|model| !models.contains(&model.as_str())) {
        tx.execute("DELETE FROM score WHERE model = $1", &[model.into()])?;
    }
    Ok(())
}

pub(super) const LEAD: &str = "l.lead, l.created_at, l.last_seen_at, l.email, l.name, l.company, \
     l.country, l.owner, l.traits";
const LEAD_WIDTH: usize = 9;

/// Cells of [`LEAD`] and [`SCORE`] side by side.
pub(super) const BOTH_WIDTH: usize = LEAD_WIDTH + 14;

pub(super) const SCORE: &str = "s.model, s.lead, s.version, s.score, s.fit, s.engagement, s.grade, \
     s.bracket, s.stage, s.disqualified, s.at_stake, s.priority, s.scored_at, s.held";

fn read_lead(row: &Row<'_>, first: usize) -> Result<LeadRow, DbError> {
    let instant = |index| {
        Ok::<_, DbError>(
            row.get::<Option<i64>>(first + index)?.map(Timestamp::saturating_from_millis),
        )
    };
    Ok(LeadRow {
        lead: row.get(first)?,
        created_at: instant(1)?,
        last_seen_at: instant(2)?,
        email: row.get(first + 3)?,
        name: row.get(first + 4)?,
        company: row.get(first + 5)?,
        country: row.get(first + 6)?,
        owner: row.get(first + 7)?,
        traits: row.get(first + 8)?,
    })
}

fn read_score(row: &Row<'_>, first: usize) -> Result<ScoreRow, DbError> {
    Ok(ScoreRow {
        model: row.get(first)?,
        lead: row.get(first + 1)?,
        version: row.get(first + 2)?,
        score: row.get(first + 3)?,
        fit: row.get(first + 4)?,
        engagement: row.get(first + 5)?,
        grade: row.get(first + 6)?,
        bracket: row.get(first + 7)?,
        stage: row.get(first + 8)?,
        disqualified: row.get(first + 9)?,
        at_stake: row.get(first + 10)?,
        priority: row.get(first + 11)?,
        scored_at: Timestamp::saturating_from_millis(row.get(first + 12)?),
        held: row.get(first + 13)?,
    })
}

/// A row of [`LEAD`] and [`SCORE`] side by side.
pub(super) fn read_both(row: &Row<'_>) -> Result<(LeadRow, ScoreRow), DbError> {
    Ok((read_lead(row, 0)?, read_score(row, LEAD_WIDTH)?))
}
