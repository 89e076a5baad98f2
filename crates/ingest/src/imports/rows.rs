//! A row becomes reports, as the mapping says.

use leads::{Deal, EmailAddress, Report, Timestamp, Trust, What, Who};
use serde_json::{Map, Value as Json};
use xxhash_rust::xxh3::xxh3_128;

use super::dates::Reading;
use super::table::RawRow;
use super::{ColumnUse, DealField, ImportError, ImportMapping, ImportRun, OtherColumns};
use crate::columns::nearest;
use crate::email_traits;
use crate::identity::{Id, read_id};
use crate::ledger::Fault;
use crate::rows::shorten;
use jiff::tz::TimeZone;

/// The longest name of an event, in bytes.
const NAME_BYTES_MAX: usize = 255;

pub(super) struct RowReader<'m> {
    mapping: &'m ImportMapping,
    run: &'m ImportRun<'m>,
    reading: Reading,
    /// What each column that was met so far is for.
    uses: Vec<ColumnUse>,
}

/// What a row says, before it is a fact.
#[derive(Default)]
struct Said {
    who: Who,
    /// A text that stands for an address and is none, with its column and what is wrong.
    no_address: Option<(String, String)>,
    id: Option<String>,
    at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    event: Option<String>,
    traits: Map<String, Json>,
    properties: Map<String, Json>,
    deal: DealCells,
}

#[derive(Default)]
struct DealCells {
    id: Option<String>,
    stage: Option<String>,
    name: Option<String>,
    amount_minor: Option<i64>,
    currency: Option<String>,
    owner: Option<String>,
}

impl<'m> RowReader<'m> {
    pub(super) fn new(
        mapping: &'m ImportMapping,
        run: &'m ImportRun<'m>,
        zone: Option<TimeZone>,
    ) -> Self {
        let reading = Reading { zone, order: mapping.date_order };
        Self { mapping, run, reading, uses: Vec::new() }
    }

    /// Finds out what columns that are new are for. Where all are known from the beginning, those of
    /// the mapping must be among them.
    pub(super) fn resolve(&mut self, names: &[String], all: bool) -> Result<(), ImportError> {
        if self.uses.len() == names.len() {
            return Ok(());
        }
        let missing =
            self.mapping.columns.iter().find(|(column, usage)| {
                all && **usage != ColumnUse::Ignore && !names.contains(column)
            });
        if let Some((column, _)) = missing {
            let perhaps = nearest(column, names).map(|name| format!(" (perhaps {name:?}?)"));
            let reason = format!(
                "uses the column {column:?}, which there is not{}; the columns are: {}",
                perhaps.unwrap_or_default(),
                names.join(", ")
            );
            return Err(ImportError::Mapping { reason });
        }
        for name in &names[self.uses.len()..] {
            let usage = self.mapping.columns.get(name).cloned().unwrap_or_else(|| {
                match self.mapping.others {
                    _ if name.is_empty() => ColumnUse::Ignore,
                    OtherColumns::Ignore => ColumnUse::Ignore,
                    OtherColumns::Keep if self.mapping.has_events() || self.has_deals() => {
                        ColumnUse::Property { path: name.clone() }
                    }
                    OtherColumns::Keep => ColumnUse::Trait { path: name.clone() },
                }
            });
            self.uses.push(usage);
        }
        Ok(())
    }

    fn has_deals(&self) -> bool {
        self.mapping.has(&ColumnUse::Deal { field: DealField::Id })
    }

    /// The reports of the row with this number, counted from 0.
    pub(super) fn reports(&self, number: u64, row: &RawRow<'_>) -> Result<Vec<Report>, Fault> {
        let cells = row.cells.as_ref().map_err(Clone::clone)?;
        let mut said = Said::default();
        for (column, value) in *cells {
            self.take(&mut said, &row.names[*column], &self.uses[*column], value)?;
        }
        if said.who.is_nobody() {
            return Err(match said.no_address {
                Some((column, reason)) => Fault::new(&column, reason),
                None => Fault::of_row("names nobody: it needs an address or an id"),
            });
        }
        self.facts(number, said)
    }

    fn take(
        &self,
        said: &mut Said,
        column: &str,
        usage: &ColumnUse,
        value: &Json,
    ) -> Result<(), Fault> {
        match usage {
            ColumnUse::Ignore => {}
            ColumnUse::Lead => said.who.lead = id(column, value)?,
            ColumnUse::User => said.who.user = id(column, value)?,
            ColumnUse::Anonymous => said.who.anonymous = id(column, value)?,
            ColumnUse::Id => said.id = id(column, value)?,
            ColumnUse::Email => {
                let text = plain(value);
                match EmailAddress::parse(&text) {
                    Ok(address) => said.who.email = Some(address),
                    Err(error) => {
                        let reason = format!("{:?} is no address: it {error}", shorten(&text));
                        said.no_address = Some((column.to_owned(), reason));
                        said.traits.insert("email".to_owned(), text.into());
                    }
                }
            }
            ColumnUse::CreatedAt => said.created_at = Some(self.instant(column, value)?),
            ColumnUse::At => said.at = Some(self.instant(column, value)?),
            ColumnUse::Event => {
                let name = plain(value);
                let name = name.trim();
                if name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
                    let reason =
                        "is no event's name: longer than 255 bytes, or with control characters";
                    return Err(Fault::new(column, reason));
                }
                said.event = Some(name.to_owned());
            }
            ColumnUse::Trait { path } => {
                said.traits.insert(path.clone(), value.clone());
            }
            ColumnUse::Property { path } => {
                said.properties.insert(path.clone(), value.clone());
            }
            ColumnUse::Deal { field } => self.take_deal(&mut said.deal, *field, column, value)?,
        }
        Ok(())
    }

    fn take_deal(
        &self,
        deal: &mut DealCells,
        field: DealField,
        column: &str,
        value: &Json,
    ) -> Result<(), Fault> {
        let text = || Some(plain(value).trim().to_owned());
        match field {
            DealField::Id => deal.id = id(column, value)?,
            DealField::Stage => deal.stage = text().map(|stage| Deal::stage_named(&stage)),
            DealField::Name => deal.name = text(),
            DealField::Owner => deal.owner = text(),
            DealField::Currency => {
                let text = plain(value);
                let currency = Deal::currency_named(&text).ok_or_else(|| {
                    let given = text.trim().to_uppercase();
                    let reason =
                        format!("{:?} is no currency: write EUR, RON, USD ...", shorten(&given));
                    Fault::new(column, reason)
                })?;
                deal.currency = Some(currency);
            }
            DealField::Amount => {
                let amount = self.amount(value).ok_or_else(|| {
                    let remedy = if self.mapping.decimal_comma { "1.234,56" } else { "1,234.56" };
                    let text = plain(value);
                    let reason = format!("{:?} is no amount: write it as {remedy}", shorten(&text));
                    Fault::new(column, reason)
                })?;
                deal.amount_minor = Some(amount);
            }
        }
        Ok(())
    }

    /// An amount in hundredths; marks of thousands and blanks are taken out, and so is a currency's
    /// sign.
    fn amount(&self, value: &Json) -> Option<i64> {
        let Json::String(text) = value else { return crate::segment::amount_minor(value) };
        let (point, thousands) = if self.mapping.decimal_comma { (',', '.') } else { ('.', ',') };
        let blank =
            |letter: char| letter.is_whitespace() || "€$£'".contains(letter) || letter == thousands;
        let plain: String = text
            .chars()
            .filter(|letter| !blank(*letter))
            .map(|letter| if letter == point { '.' } else { letter })
            .collect();
        crate::segment::amount_minor(&plain.into())
    }

    fn instant(&self, column: &str, value: &Json) -> Result<Timestamp, Fault> {
        let instant = self.reading.instant(value).map_err(|reason| Fault::new(column, reason))?;
        if instant > self.run.imported_at {
            return Err(Fault::new(column, format!("{instant} lies in the future")));
        }
        Ok(instant)
    }

    fn facts(&self, number: u64, mut said: Said) -> Result<Vec<Report>, Fault> {
        let event = said.event.take().or_else(|| self.mapping.event.clone());
        let event = event.filter(|_| self.mapping.has_events());
        let own_id = said.id.take();
        let lasting =
            own_id.as_deref().zip(event.as_deref()).map(|(id, event)| event_id(event, id));
        let base = self.base(number, own_id);
        let known_since = said.at.or(said.created_at).unwrap_or(self.run.imported_at);
        let mut facts = Vec::new();
        if self.mapping.has_events() {
            let Some(name) = event else {
                return Err(Fault::of_row("has no event: every row needs what happened"));
            };
            let Some(at) = said.at else {
                return Err(Fault::of_row("has no instant: every row needs when it happened"));
            };
            let properties = std::mem::take(&mut said.properties);
            facts.push(("event", at, What::Event { name, properties }));
        }
        if let Some(deal) = deal(&mut said)? {
            facts.push(("deal", known_since, What::Deal(deal)));
        }
        let traits = self.traits(&mut said);
        // A row of events or deals without traits says nothing of what the person is; a row with
        // nothing but a name makes the person known.
        if !traits.is_empty() || facts.is_empty() {
            // A file says what is so when it is imported, so that a later one counts. Where it also says since when
            // somebody is known, nothing better is known of the time since: it was so then, too.
            let at = said.at.unwrap_or(self.run.imported_at);
            let since = said.created_at.filter(|since| *since < at && !self.mapping.has_events());
            if let Some(since) = since {
                facts.insert(0, ("since", since, What::Traits(traits.clone())));
            }
            facts.insert(0, ("traits", at, What::Traits(traits)));
        }
        let reports = facts.into_iter().map(|(kind, at, what)| Report {
            id: match &lasting {
                Some(id) if kind == "event" => id.clone(),
                _ => format!("{base}:{kind}"),
            },
            at,
            received_at: self.run.imported_at,
            source: self.run.source.to_owned(),
            trust: Trust::Trusted,
            who: said.who.clone(),
            what,
            machine: None,
        });
        Ok(reports.collect())
    }

    fn traits(&self, said: &mut Said) -> Map<String, Json> {
        let mut traits = self.mapping.traits.clone();
        traits.extend(std::mem::take(&mut said.traits));
        if let Some(created_at) = said.created_at {
            traits.insert("created_at".to_owned(), created_at.to_string().into());
        }
        // Rows of events name a person by address; that is no news about the person each time.
        let is_news = !traits.is_empty() || !self.mapping.has_events();
        if let Some(address) = said.who.email.as_ref().filter(|_| is_news) {
            traits.insert("email".to_owned(), address.as_str().into());
            traits.extend(email_traits(address));
        }
        traits
    }

    /// What the ids of a row's facts begin with: a column's id goes before the row's number.
    fn base(&self, number: u64, id: Option<String>) -> String {
        let scope = self.run.scope;
        match id {
            None => format!("import:{scope}:{number}"),
            // The longest ending is `:traits`.
            Some(id) if scope.len() + id.len() + 20 <= Report::ID_MAX => {
                format!("import:{scope}:#{id}")
            }
            Some(id) => format!("import:{scope}:#hash-{:032x}", xxh3_128(id.as_bytes())),
        }
    }
}

/// The id of an event that has one of its own: the same in every import, so that a file that is
/// imported again, or next month's with this month's rows in it, counts no event twice. Events of other
/// names have ids of their own, as orders and tickets are both numbered from one.
fn event_id(event: &str, id: &str) -> String {
    // `import:`, `:#` and `:event` are 15 bytes.
    if event.len() + id.len() + 15 <= Report::ID_MAX {
        return format!("import:{event}:#{id}:event");
    }
    let names = [event, id].join("\u{1f}");
    format!("import:#hash-{:032x}:event", xxh3_128(names.as_bytes()))
}

/// The deal of a row, where it has an id.
fn deal(said: &mut Said) -> Result<Option<Deal>, Fault> {
    let DealCells { id, stage, name, amount_minor, currency, owner } =
        std::mem::take(&mut said.deal);
    let Some(id) = id else { return Ok(None) };
    let Some(stage) = stage else {
        return Err(Fault::of_row("has a deal without a stage: every deal stands somewhere"));
    };
    let properties = std::mem::take(&mut said.properties);
    Ok(Some(Deal { id, stage, name, amount_minor, currency, owner, properties }))
}

fn id(column: &str, value: &Json) -> Result<Option<String>, Fault> {
    match read_id(Some(value)) {
        Ok(Id::Known(id)) => Ok(Some(id)),
        Ok(Id::Absent | Id::Blocked(_)) => Ok(None),
        Err(fault) => Err(Fault::new(column, fault.message())),
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
