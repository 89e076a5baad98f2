//! Companies by what their leads come to.

use leads::Timestamp;

use super::ranked::containing;
use crate::db::{DbError, Param, Tx};

/// What decides which company comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RollupOrder {
    /// The sum of all scores.
    Sum,
    /// The best score.
    Best,
    /// The sum of the best few scores: one large company of idle leads does not outrank a keen one.
    #[default]
    Top,
    /// How many leads are above the threshold.
    Breadth,
}

/// Which companies, and how they are summed up. Disqualified leads take no part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rollup {
    /// The model whose scores are meant.
    pub model: String,
    /// The order, the largest first; companies that are equal by id, backwards.
    pub order: RollupOrder,
    /// How many leads make the top.
    pub top: i64,
    /// From which score on a lead adds to the breadth.
    pub threshold: i64,
    /// One company only.
    pub company: Option<String>,
    /// Those in whose name, domain or id this text occurs, whatever the case.
    pub text: Option<String>,
    /// Those behind this one: (value, company) of the last of the page before.
    pub after: Option<(i64, String)>,
    /// So many at most.
    pub limit: usize,
}

/// A company, summed up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompanyRow {
    /// Its id.
    pub company: String,
    /// What it is called, where a fact said so.
    pub name: Option<String>,
    /// Its domain, where it is known.
    pub domain: Option<String>,
    /// Leads that are not disqualified.
    pub leads: i64,
    /// The sum of their scores.
    pub sum: i64,
    /// The best of them.
    pub best: i64,
    /// The sum of the best few.
    pub top: i64,
    /// How many are at or above the threshold.
    pub breadth: i64,
    /// When one of them was last seen.
    pub last_seen_at: Option<Timestamp>,
}

impl CompanyRow {
    /// What [`Rollup::after`] needs to go on behind this one.
    pub fn key(&self, order: RollupOrder) -> (i64, String) {
        let value = match order {
            RollupOrder::Sum => self.sum,
            RollupOrder::Best => self.best,
            RollupOrder::Top => self.top,
            RollupOrder::Breadth => self.breadth,
        };
        (value, self.company.clone())
    }
}

/// A page of companies.
pub fn companies(tx: &mut Tx<'_>, rollup: &Rollup) -> Result<Vec<CompanyRow>, DbError> {
    let column = match rollup.order {
        RollupOrder::Sum => "total",
        RollupOrder::Best => "best",
        RollupOrder::Top => "top_total",
        RollupOrder::Breadth => "breadth",
    };
    let mut params: Vec<Param<'_>> =
        vec![(&rollup.model).into(), rollup.top.into(), rollup.threshold.into()];
    let mut one = String::new();
    if let Some(company) = &rollup.company {
        params.push(company.into());
        one = format!("AND l.company = ${}", params.len());
    }
    let mut conditions: Vec<String> = Vec::new();
    // SQLite knows the small letters of English only: others are found as they were typed, too.
    let patterns =
        rollup.text.as_deref().map(|text| (containing(&text.to_lowercase()), containing(text)));
    if let Some((small, typed)) = &patterns {
        params.extend([Param::from(small), typed.into()]);
        let last = params.len();
        let columns = ["r.company", "coalesce(c.name, '')", "coalesce(c.domain, '')"];
        let texts = columns.map(|column| {
            let first = last - 1;
            format!(
                "lower({column}) LIKE ${first} ESCAPE '\\' OR {column} LIKE ${last} ESCAPE '\\'"
            )
        });
        conditions.push(format!("({})", texts.join(" OR ")));
    }
    if let Some((value, company)) = &rollup.after {
        params.extend([Param::from(*value), company.into()]);
        let last = params.len();
        conditions.push(format!("(r.{column}, r.company) < (${}, ${last})", last - 1));
    }
    let behind = match conditions.as_slice() {
        [] => String::new(),
        all => format!("WHERE {}", all.join(" AND ")),
    };
    params.push(i64::try_from(rollup.limit).unwrap_or(i64::MAX).into());
    let limit = params.len();
    let sql = format!(
        "WITH placed AS (
            SELECT l.company, l.last_seen_at, s.score,
                row_number() OVER (PARTITION BY l.company ORDER BY s.score DESC, s.lead) AS place
            FROM lead l JOIN score s ON s.lead = l.lead AND s.model = $1
            WHERE l.company IS NOT NULL AND s.disqualified IS NULL {one}
        ), summed AS (
            SELECT company, count(*) AS leads, CAST(sum(score) AS BIGINT) AS total,
                max(score) AS best,
                CAST(sum(CASE WHEN place <= $2 THEN score ELSE 0 END) AS BIGINT) AS top_total,
                CAST(sum(CASE WHEN score >= $3 THEN 1 ELSE 0 END) AS BIGINT) AS breadth,
                max(last_seen_at) AS last_seen_at
            FROM placed GROUP BY company
        )
        SELECT r.company, c.name, c.domain, r.leads, r.total, r.best, r.top_total, r.breadth,
            r.last_seen_at
        FROM summed r LEFT JOIN company c ON c.id = r.company
        {behind} ORDER BY r.{column} DESC, r.company DESC LIMIT ${limit}"
    );
    tx.query(&sql, &params, |row| {
        Ok(CompanyRow {
            company: row.get(0)?,
            name: row.get(1)?,
            domain: row.get(2)?,
            leads: row.get(3)?,
            sum: row.get(4)?,
            best: row.get(5)?,
            top: row.get(6)?,
            breadth: row.get(7)?,
            last_seen_at: row.get::<Option<i64>>(8)?.map(Timestamp::saturating_from_millis),
        })
    })
}

/// A company by its names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedCompany {
    /// Its id.
    pub id: String,
    /// What it is called, where a fact said so.
    pub name: Option<String>,
    /// Its domain, where it is known.
    pub domain: Option<String>,
}

/// Companies that leads belong to, by id behind the one that is named.
pub fn companies_after(
    tx: &mut Tx<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<NamedCompany>, DbError> {
    let sql = "SELECT DISTINCT l.company, c.name, c.domain
        FROM lead l LEFT JOIN company c ON c.id = l.company
        WHERE l.company IS NOT NULL AND l.company > $1 ORDER BY l.company LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.query(sql, &[after.into(), limit.into()], |row| {
        Ok(NamedCompany { id: row.get(0)?, name: row.get(1)?, domain: row.get(2)? })
    })
}

/// The leads of a company, by id: those whose scores change when its traits do.
pub fn leads_of_company(tx: &mut Tx<'_>, company: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT lead FROM lead WHERE company = $1 ORDER BY lead";
    tx.query(sql, &[company.into()], |row| row.get(0))
}
