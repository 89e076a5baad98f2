//! Leads in the order of their scores, page by page, filtered and counted.

use leads::Timestamp;

use super::rows::{BOTH_WIDTH, LEAD, LeadRow, SCORE, ScoreRow, read_both};
use crate::db::{DbError, Param, Tx};

/// What decides who comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// The score.
    #[default]
    Score,
    /// The priority.
    Priority,
}

/// A condition on a lead; a query has several, and all must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Filter {
    /// In one of these brackets.
    Bracket(Vec<String>),
    /// In one of these stages.
    Stage(Vec<String>),
    /// In no stage.
    NoStage,
    /// With one of these grades.
    Grade(Vec<String>),
    /// Somebody works on it.
    Owner(String),
    /// Nobody works on it.
    NoOwner,
    /// Of a company.
    Company(String),
    /// In one of these countries.
    Country(Vec<String>),
    /// At least so much.
    ScoreAtLeast(i64),
    /// At most so much.
    ScoreAtMost(i64),
    /// Disqualified, or not.
    Disqualified(bool),
    /// Seen at this instant or later.
    SeenSince(Timestamp),
    /// The text occurs in its name, its address or its company, whatever the case.
    Text(String),
    /// One of these leads.
    Leads(Vec<String>),
}

/// Which leads, in which order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeadQuery {
    /// The model whose scores are meant.
    pub model: String,
    /// The order, the largest first; leads that are equal by id, backwards.
    pub order: Order,
    /// The smallest first instead; leads that are equal by id.
    pub is_ascending: bool,
    /// What must hold.
    pub filters: Vec<Filter>,
    /// Those behind this one: (score or priority, lead) of the last of the page before.
    pub after: Option<(i64, String)>,
    /// So many at most.
    pub limit: usize,
}

/// A lead in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ranked {
    /// The lead.
    pub lead: LeadRow,
    /// Its score.
    pub score: ScoreRow,
    /// What its company is called, where a fact said so.
    pub company_name: Option<String>,
}

/// What leads are counted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Their bracket.
    Bracket,
    /// Their stage.
    Stage,
    /// Their grade.
    Grade,
    /// Their owner.
    Owner,
    /// Their country.
    Country,
}

impl Ranked {
    /// What [`LeadQuery::after`] needs to go on behind this one.
    pub fn key(&self, order: Order) -> (i64, String) {
        let value = match order {
            Order::Score => self.score.score,
            Order::Priority => self.score.priority,
        };
        (value, self.score.lead.clone())
    }
}

impl Order {
    fn column(self) -> &'static str {
        match self {
            Self::Score => "s.score",
            Self::Priority => "s.priority",
        }
    }
}

impl Cell {
    fn column(self) -> &'static str {
        match self {
            Self::Bracket => "s.bracket",
            Self::Stage => "s.stage",
            Self::Grade => "s.grade",
            Self::Owner => "l.owner",
            Self::Country => "l.country",
        }
    }
}

/// A page of leads.
pub fn ranked(tx: &mut Tx<'_>, query: &LeadQuery) -> Result<Vec<Ranked>, DbError> {
    let column = query.order.column();
    let (behind, way) = if query.is_ascending { (">", "ASC") } else { ("<", "DESC") };
    let mut conditions = Conditions::of(&query.model, &query.filters);
    if let Some((value, lead)) = &query.after {
        let value = conditions.param((*value).into());
        let lead = conditions.param(lead.into());
        conditions.texts.push(format!("({column}, s.lead) {behind} ({value}, {lead})"));
    }
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let limit = conditions.param(Param::Int(limit));
    let sql = format!(
        "SELECT {LEAD}, {SCORE}, c.name {FROM} LEFT JOIN company c ON c.id = l.company
         WHERE {} ORDER BY {column} {way}, s.lead {way} LIMIT {limit}",
        conditions.text()
    );
    tx.query(&sql, &conditions.params(), |row| {
        let (lead, score) = read_both(row)?;
        Ok(Ranked { lead, score, company_name: row.get(BOTH_WIDTH)? })
    })
}

/// The ids of all leads for which everything holds.
pub fn leads_where(
    tx: &mut Tx<'_>,
    model: &str,
    filters: &[Filter],
) -> Result<Vec<String>, DbError> {
    let conditions = Conditions::of(model, filters);
    let sql = format!("SELECT s.lead {FROM} WHERE {} ORDER BY s.lead", conditions.text());
    tx.query(&sql, &conditions.params(), |row| row.get(0))
}

/// How many leads there are for which everything holds.
pub fn count_leads(tx: &mut Tx<'_>, model: &str, filters: &[Filter]) -> Result<i64, DbError> {
    let conditions = Conditions::of(model, filters);
    let sql = format!("SELECT count(*) {FROM} WHERE {}", conditions.text());
    tx.value(&sql, &conditions.params())
}

/// How many of those leads there are per bracket, stage, ..; `None` for those without one. In no
/// order.
pub fn count_by(
    tx: &mut Tx<'_>,
    model: &str,
    filters: &[Filter],
    cell: Cell,
) -> Result<Vec<(Option<String>, i64)>, DbError> {
    let conditions = Conditions::of(model, filters);
    let column = cell.column();
    let sql =
        format!("SELECT {column}, count(*) {FROM} WHERE {} GROUP BY {column}", conditions.text());
    tx.query(&sql, &conditions.params(), |row| Ok((row.get(0)?, row.get(1)?)))
}

const FROM: &str = "FROM score s JOIN lead l ON l.lead = s.lead";

/// Conditions as SQL with the values that they need.
struct Conditions<'q> {
    texts: Vec<String>,
    values: Vec<Held<'q>>,
}

enum Held<'q> {
    Param(Param<'q>),
    Text(String),
}

impl<'q> Conditions<'q> {
    fn of(model: &'q str, filters: &'q [Filter]) -> Self {
        let mut conditions = Self { texts: Vec::new(), values: Vec::new() };
        conditions.compare("s.model =", model.into());
        for filter in filters {
            match filter {
                Filter::Bracket(names) => conditions.one_of("s.bracket", names),
                Filter::Stage(names) => conditions.one_of("s.stage", names),
                Filter::NoStage => conditions.texts.push("s.stage IS NULL".to_owned()),
                Filter::Grade(names) => conditions.one_of("s.grade", names),
                Filter::Owner(owner) => conditions.compare("l.owner =", owner.into()),
                Filter::NoOwner => conditions.texts.push("l.owner IS NULL".to_owned()),
                Filter::Company(company) => conditions.compare("l.company =", company.into()),
                Filter::Country(names) => conditions.one_of("l.country", names),
                Filter::ScoreAtLeast(score) => conditions.compare("s.score >=", (*score).into()),
                Filter::ScoreAtMost(score) => conditions.compare("s.score <=", (*score).into()),
                Filter::Disqualified(true) => {
                    conditions.texts.push("s.disqualified IS NOT NULL".to_owned());
                }
                Filter::Disqualified(false) => {
                    conditions.texts.push("s.disqualified IS NULL".to_owned());
                }
                Filter::SeenSince(at) => conditions.compare("l.last_seen_at >=", (*at).into()),
                Filter::Text(text) => conditions.contains(text),
                Filter::Leads(leads) => conditions.one_of("s.lead", leads),
            }
        }
        conditions
    }

    fn param(&mut self, value: Param<'q>) -> String {
        self.values.push(Held::Param(value));
        format!("${}", self.values.len())
    }

    fn compare(&mut self, condition: &str, value: Param<'q>) {
        let place = self.param(value);
        self.texts.push(format!("{condition} {place}"));
    }

    fn one_of(&mut self, column: &str, values: &'q [String]) {
        let places: Vec<String> =
            values.iter().map(|value| self.param(Param::from(value))).collect();
        // Of no values none is one.
        let condition = if places.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("{column} IN ({})", places.join(", "))
        };
        self.texts.push(condition);
    }

    fn contains(&mut self, text: &str) {
        self.values.push(Held::Text(containing(&text.to_lowercase())));
        self.texts.push(format!("l.search LIKE ${} ESCAPE '\\'", self.values.len()));
    }

    fn text(&self) -> String {
        self.texts.join(" AND ")
    }

    fn params(&self) -> Vec<Param<'_>> {
        let values = self.values.iter();
        values
            .map(|value| match value {
                Held::Param(param) => *param,
                Held::Text(text) => Param::Text(text),
            })
            .collect()
    }
}

/// A pattern of LIKE, with `\` before what would be more than itself: the text occurs.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.trim().chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
