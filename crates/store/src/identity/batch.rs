//! Persons, leads and identifiers as far as a batch of reports is concerned: read together, kept
//! while the batch is settled, written through.

use std::collections::{BTreeSet, HashMap, HashSet};

use leads::{Report, Timestamp, Trust};

use super::names::{IdentifierKind, Name, Named};
use super::withdraw::vouch;
use crate::chunks;
use crate::db::{DbError, Param, Tx};

/// The identities that a batch touches.
pub(crate) struct Leads<'f> {
    names: HashMap<Name, Vec<Holding>>,
    persons: HashMap<String, Person>,
    counts: HashMap<String, Counts>,
    fresh_id: &'f mut dyn FnMut() -> String,
    /// Leads that gained or lost persons, under their old and new ids.
    pub(crate) changed: BTreeSet<String>,
    /// Of those, leads that became one, and those they became.
    pub(crate) joined: BTreeSet<String>,
    /// Persons whom the batch has named together, and the sources that did.
    confirmed: HashSet<(String, String, String)>,
}

/// Who has an identifier from an instant on.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    pub(crate) since: Timestamp,
    pub(crate) person: String,
    first_at: Timestamp,
    /// The only source that names it; `None` where several do.
    source: Option<String>,
    /// Whether nobody has to believe that it is this person's: no trusted report has said so.
    is_public: bool,
    /// Where several sources name it, each with the earliest instant at which it does; empty where it is not known
    /// who does.
    named_by: Vec<(String, Timestamp)>,
}

#[derive(Clone, Debug)]
struct Person {
    lead: String,
    made_at: i64,
}

/// How many identifiers of each kind a lead has.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Counts {
    of_kind: [i64; 4],
    /// User ids that nobody has to believe.
    public_users: i64,
}

impl Counts {
    /// Whether more is known of the lead than visits.
    pub(crate) fn is_known(self) -> bool {
        self.of_kind[..3].iter().any(|count| *count > 0)
    }

    pub(crate) fn has_user(self) -> bool {
        self.of_kind[0] > 0
    }

    /// Whether it has a user id that not only the public has claimed.
    pub(crate) fn has_believed_user(self) -> bool {
        self.of_kind[0] > self.public_users
    }

    pub(crate) fn has_room(self, kind: IdentifierKind) -> bool {
        self.of_kind[kind as usize] < kind.at_most()
    }

    pub(crate) fn fits_with(self, other: Self) -> bool {
        IdentifierKind::ALL.into_iter().all(|kind| {
            let count = |counts: Self| counts.of_kind[kind as usize];
            count(self) + count(other) <= kind.at_most()
        })
    }
}

impl<'f> Leads<'f> {
    /// Reads what is known of all these identifiers.
    pub(crate) fn read<'n>(
        tx: &mut Tx<'_>,
        named: impl IntoIterator<Item = &'n Named>,
        fresh_id: &'f mut dyn FnMut() -> String,
    ) -> Result<Self, DbError> {
        let mut leads = Self {
            names: HashMap::new(),
            persons: HashMap::new(),
            counts: HashMap::new(),
            fresh_id,
            changed: BTreeSet::new(),
            joined: BTreeSet::new(),
            confirmed: HashSet::new(),
        };
        let distinct: BTreeSet<&Name> = named.into_iter().flat_map(Named::all).collect();
        for kind in IdentifierKind::ALL {
            let of_kind = distinct.iter().filter(|name| name.kind == kind);
            let values: Vec<&str> = of_kind.map(|name| name.value.as_str()).collect();
            leads.read_kind(tx, kind, &values)?;
        }
        Ok(leads)
    }

    fn read_kind(
        &mut self,
        tx: &mut Tx<'_>,
        kind: IdentifierKind,
        values: &[&str],
    ) -> Result<(), DbError> {
        chunks::keys(values, 2, |list, keys| {
            let sql = format!(
                "SELECT i.value, i.since, i.person, i.first_at, p.lead, p.made_at, i.source,
                    i.is_public, n.source, n.first_at
                 FROM identifier i JOIN person p ON p.id = i.person LEFT JOIN named_by n
                    ON n.kind = i.kind AND n.value = i.value AND n.since = i.since
                 WHERE i.kind = $1 AND i.value IN ({list}) ORDER BY i.since"
            );
            let mut params: Vec<Param<'_>> = vec![kind.code().into()];
            params.extend_from_slice(keys);
            tx.each(&sql, &params, |row| {
                let (value, person): (String, String) = (row.get(0)?, row.get(2)?);
                let since = Timestamp::saturating_from_millis(row.get(1)?);
                let holdings = self.names.entry(Name { kind, value }).or_default();
                if holdings.last().is_none_or(|last| last.since != since) {
                    holdings.push(Holding {
                        since,
                        person: person.clone(),
                        first_at: Timestamp::saturating_from_millis(row.get(3)?),
                        source: row.get(6)?,
                        is_public: row.get::<Option<i64>>(7)? == Some(1),
                        named_by: Vec::new(),
                    });
                }
                if let (Some(source), Some(first_at), Some(held)) =
                    (row.get(8)?, row.get::<Option<i64>>(9)?, holdings.last_mut())
                {
                    held.named_by.push((source, Timestamp::saturating_from_millis(first_at)));
                }
                let known = Person { lead: row.get(4)?, made_at: row.get(5)? };
                self.persons.insert(person, known);
                Ok(())
            })
        })?;
        if kind != IdentifierKind::Lead {
            return Ok(());
        }
        // Our own ids are nobody's identifiers: they are the persons themselves.
        chunks::keys(values, 1, |list, keys| {
            let sql = format!("SELECT id, lead, made_at FROM person WHERE id IN ({list})");
            tx.each(&sql, keys, |row| {
                let id: String = row.get(0)?;
                let (since, first_at) = (Timestamp::MIN, Timestamp::MIN);
                let (source, is_public, named_by) = (None, false, Vec::new());
                let person = id.clone();
                let holding = Holding { since, person, first_at, source, is_public, named_by };
                self.names.insert(Name { kind, value: id.clone() }, vec![holding]);
                self.persons.insert(id, Person { lead: row.get(1)?, made_at: row.get(2)? });
                Ok(())
            })
        })
    }

    /// Everybody who has or had the identifier, in order of time.
    pub(crate) fn holdings(&self, name: &Name) -> &[Holding] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whose the identifier is at an instant; before the first who had it, the first's.
    pub(crate) fn holder(&self, name: &Name, at: Timestamp) -> Option<String> {
        let holdings = self.holdings(name);
        let held = holdings.iter().rev().find(|held| held.since <= at).or(holdings.first())?;
        Some(held.person.clone())
    }

    /// The lead of a person that was read or made here.
    pub(crate) fn lead_of(&self, person: &str) -> String {
        self.persons.get(person).map_or_else(|| person.to_owned(), |person| person.lead.clone())
    }

    /// Makes sure that the lead of this person is known here.
    pub(crate) fn read_person(&mut self, tx: &mut Tx<'_>, id: &str) -> Result<(), DbError> {
        if !self.persons.contains_key(id) {
            let sql = "SELECT lead, made_at FROM person WHERE id = $1";
            let read =
                |row: &crate::db::Row<'_>| Ok(Person { lead: row.get(0)?, made_at: row.get(1)? });
            if let Some(person) = tx.find(sql, &[id.into()], read)? {
                self.persons.insert(id.to_owned(), person);
            }
        }
        Ok(())
    }

    pub(crate) fn counts(&mut self, tx: &mut Tx<'_>, lead: &str) -> Result<Counts, DbError> {
        if let Some(counts) = self.counts.get(lead) {
            return Ok(*counts);
        }
        let mut counts = Counts::default();
        let sql = "SELECT i.kind, count(*), count(CASE WHEN i.is_public = 1 THEN 1 END)
            FROM person p JOIN identifier i ON i.person = p.id WHERE p.lead = $1 GROUP BY i.kind";
        tx.each(sql, &[lead.into()], |row| {
            let kind = IdentifierKind::from_code(row.get(0)?);
            counts.of_kind[kind as usize] = row.get(1)?;
            if kind == IdentifierKind::User {
                counts.public_users = row.get(2)?;
            }
            Ok(())
        })?;
        self.counts.insert(lead.to_owned(), counts);
        Ok(counts)
    }

    /// Makes a person, a lead of its own.
    pub(crate) fn make_person(
        &mut self,
        tx: &mut Tx<'_>,
        made_at: Timestamp,
    ) -> Result<String, DbError> {
        let id = (self.fresh_id)();
        let insert = "INSERT INTO person (id, lead, made_at) VALUES ($1, $1, $2)";
        tx.execute(insert, &[(&id).into(), made_at.into()])?;
        let person = Person { lead: id.clone(), made_at: made_at.as_millis() };
        self.persons.insert(id.clone(), person);
        self.counts.insert(id.clone(), Counts::default());
        Ok(id)
    }

    /// Gives a person an identifier from an instant on, which `report` names.
    pub(crate) fn attach(
        &mut self,
        tx: &mut Tx<'_>,
        name: &Name,
        person: &str,
        since: Timestamp,
        report: &Report,
    ) -> Result<(), DbError> {
        let insert =
            "INSERT INTO identifier (kind, value, since, person, first_at, source, is_public)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (kind, source) = (name.kind.code().into(), (&report.source).into());
        let (value, is_public) = ((&name.value).into(), report.trust == Trust::Public);
        let at = report.at.into();
        let params =
            [kind, value, since.into(), person.into(), at, source, i64::from(is_public).into()];
        tx.execute(insert, &params)?;
        let (first_at, source) = (report.at, Some(report.source.clone()));
        let (person, named_by) = (person.to_owned(), Vec::new());
        let lead = self.lead_of(&person);
        let holding = Holding { since, person, first_at, source, is_public, named_by };
        let holdings = self.names.entry(name.clone()).or_default();
        holdings.push(holding);
        holdings.sort_by_key(|holding| holding.since);
        if let Some(counts) = self.counts.get_mut(&lead) {
            counts.of_kind[name.kind as usize] += 1;
            counts.public_users += i64::from(is_public && name.kind == IdentifierKind::User);
        }
        self.changed.insert(lead);
        Ok(())
    }

    /// Notes that a report names an identifier of the lead that it is about: what another source names, too, is
    /// not withdrawn with the one, and what somebody trusted names is believed.
    pub(crate) fn witness(
        &mut self,
        tx: &mut Tx<'_>,
        name: &Name,
        person: &str,
        report: &Report,
        is_believed: bool,
    ) -> Result<(), DbError> {
        let lead = self.lead_of(person);
        let (persons, holdings) = (&self.persons, self.names.get_mut(name));
        let theirs = holdings.into_iter().flatten().filter(|held| {
            persons.get(&held.person).map_or(&held.person, |person| &person.lead) == &lead
        });
        for held in theirs {
            let was_public = held.is_public;
            held.is_named_by(tx, name, report, !is_believed)?;
            if was_public && !held.is_public {
                self.counts.remove(&lead);
            }
        }
        Ok(())
    }

    /// Notes that a report as early as `at` names the address.
    pub(crate) fn seen(
        &mut self,
        tx: &mut Tx<'_>,
        name: &Name,
        at: Timestamp,
    ) -> Result<(), DbError> {
        if name.kind != IdentifierKind::Email {
            return Ok(());
        }
        let Some(holding) = self.names.get_mut(name).and_then(|holdings| holdings.first_mut())
        else {
            return Ok(());
        };
        if at < holding.first_at {
            holding.first_at = at;
            let sql = "UPDATE identifier SET first_at = $1 WHERE kind = $2 AND value = $3";
            tx.execute(sql, &[at.into(), name.kind.code().into(), (&name.value).into()])?;
            let person = holding.person.clone();
            self.changed.insert(self.lead_of(&person));
        }
        Ok(())
    }

    /// Takes from a lead the user ids that nobody has to believe are its: they are nobody's then.
    pub(crate) fn displace_users(&mut self, tx: &mut Tx<'_>, lead: &str) -> Result<(), DbError> {
        let kind = IdentifierKind::User;
        let sql = "SELECT i.value FROM person p JOIN identifier i ON i.person = p.id
            WHERE p.lead = $1 AND i.kind = $2 AND i.is_public = 1";
        let values: Vec<String> =
            tx.query(sql, &[lead.into(), kind.code().into()], |row| row.get(0))?;
        for value in values {
            for table in ["identifier", "named_by"] {
                let delete = format!("DELETE FROM {table} WHERE kind = $1 AND value = $2");
                tx.execute(&delete, &[kind.code().into(), (&value).into()])?;
            }
            self.names.remove(&Name { kind, value });
        }
        self.counts.remove(lead);
        self.changed.insert(lead.to_owned());
        Ok(())
    }

    /// Notes that a report names two persons together who are one lead already: see `named_together`.
    pub(crate) fn confirm(
        &mut self,
        tx: &mut Tx<'_>,
        person: &str,
        other: &str,
        report: &Report,
    ) -> Result<(), DbError> {
        let pair = (person.to_owned(), other.to_owned(), report.source.clone());
        if person == other || !self.confirmed.insert(pair) {
            return Ok(());
        }
        vouch(tx, (person, other), &report.source, report.received_at.as_millis())
    }

    /// Whether a user separated two leads that had been one; not whoever took back all that they had said.
    pub(crate) fn are_separated(tx: &mut Tx<'_>, one: &str, other: &str) -> Result<bool, DbError> {
        let sql = "SELECT count(*) FROM merge m
            JOIN person w ON w.id = m.winner JOIN person l ON l.id = m.loser
            WHERE m.undone_at IS NOT NULL AND m.withdrawn IS NULL AND w.lead = $1 AND l.lead = $2";
        for (winner, loser) in [(one, other), (other, one)] {
            let undone: i64 = tx.value(sql, &[winner.into(), loser.into()])?;
            if undone > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The older of the leads of two persons first.
    pub(crate) fn older_first(&self, one: &str, other: &str) -> (String, String) {
        let age = |lead: &str| self.persons.get(lead).map_or(0, |lead| lead.made_at);
        let (one, other) = (self.lead_of(one), self.lead_of(other));
        if (age(&one), &one) <= (age(&other), &other) { (one, other) } else { (other, one) }
    }

    /// Makes one lead of two.
    pub(crate) fn join(
        &mut self,
        tx: &mut Tx<'_>,
        winner: &str,
        loser: &str,
        why: &Why<'_>,
    ) -> Result<(), DbError> {
        let id = (self.fresh_id)();
        let insert = "INSERT INTO merge (id, winner, loser, at, reason, source)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let (at, reason, source) = (why.at.into(), why.reason.into(), why.source.into());
        tx.execute(insert, &[(&id).into(), winner.into(), loser.into(), at, reason, source])?;
        let update = "UPDATE person SET lead = $1 WHERE lead = $2";
        tx.execute(update, &[winner.into(), loser.into()])?;
        for person in self.persons.values_mut().filter(|person| person.lead == loser) {
            winner.clone_into(&mut person.lead);
        }
        self.counts.remove(loser);
        self.counts.remove(winner);
        self.changed.extend([winner.to_owned(), loser.to_owned()]);
        self.joined.extend([winner.to_owned(), loser.to_owned()]);
        Ok(())
    }
}

impl Holding {
    /// Notes that a report names it.
    fn is_named_by(
        &mut self,
        tx: &mut Tx<'_>,
        name: &Name,
        report: &Report,
        is_public: bool,
    ) -> Result<(), DbError> {
        match &self.source {
            Some(source) if *source == report.source => return Ok(()),
            Some(source) => {
                let (source, first_at, was_public) =
                    (source.clone(), self.first_at, self.is_public);
                self.add(tx, name, &source, first_at, was_public)?;
            }
            // Of what was kept before this was noted it is not known who names it.
            None if self.named_by.is_empty() => return Ok(()),
            None => {}
        }
        let known = self.named_by.iter_mut().find(|(source, _)| *source == report.source);
        if let Some((_, first_at)) = known {
            let is_earlier = report.at < *first_at && name.kind == IdentifierKind::Email;
            if !is_earlier && (is_public || !self.is_public) {
                return Ok(());
            }
            *first_at = report.at.min(*first_at);
            let sql = "UPDATE named_by SET first_at = $5, is_public = $6
                WHERE kind = $1 AND value = $2 AND since = $3 AND source = $4";
            let (kind, value) = (name.kind.code().into(), (&name.value).into());
            let (source, at) = ((&report.source).into(), (*first_at).into());
            let is_public = i64::from(self.is_public && is_public).into();
            tx.execute(sql, &[kind, value, self.since.into(), source, at, is_public])?;
        } else {
            self.add(tx, name, &report.source, report.at, is_public)?;
        }
        self.source = None;
        self.is_public &= is_public;
        let sql = "UPDATE identifier SET source = NULL, is_public = $4
            WHERE kind = $1 AND value = $2 AND since = $3";
        let (kind, is_public) = (name.kind.code().into(), i64::from(self.is_public).into());
        tx.execute(sql, &[kind, (&name.value).into(), self.since.into(), is_public]).map(|_| ())
    }

    fn add(
        &mut self,
        tx: &mut Tx<'_>,
        name: &Name,
        source: &str,
        first_at: Timestamp,
        is_public: bool,
    ) -> Result<(), DbError> {
        let insert =
            "INSERT INTO named_by (kind, value, since, source, person, first_at, is_public)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (kind, value) = (name.kind.code().into(), (&name.value).into());
        let (since, person) = (self.since.into(), (&self.person).into());
        let is_public = i64::from(is_public).into();
        let params = [kind, value, since, source.into(), person, first_at.into(), is_public];
        tx.execute(insert, &params)?;
        self.named_by.push((source.to_owned(), first_at));
        Ok(())
    }
}

/// Why two leads become one.
pub(crate) struct Why<'w> {
    /// When that was decided.
    pub(crate) at: Timestamp,
    /// Such as `named together`.
    pub(crate) reason: &'w str,
    /// Whose doing it is: the source of a report, or a user.
    pub(crate) source: &'w str,
}
