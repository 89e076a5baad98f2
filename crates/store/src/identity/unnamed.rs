//! Facts that are taken back one by one take the identifiers along that no other fact names, and the edges that they
//! made and no other fact vouches for; given back, they bring them again. A lead that would be left without any name
//! keeps all: what comes next under them is its own.
//!
//! Whom a fact names is not kept with it. Its hash tells: of all that the identifiers of its lead could make, one
//! combination gives it. Where one cannot be found, all stays as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use leads::{EmailAddress, Timestamp, Who};

use super::merges::{MergeError, tree, undo_merge};
use super::names::{Identifier, IdentifierKind, Name, identifiers_of};
use super::withdraw::{keep, rejoin};
use crate::chunks;
use crate::db::{DbError, Param, Tx};
use crate::facts::who_of;

/// More combinations than this are not tried, some 50 ms: a lead with as many identifiers is no person.
const COMBINATIONS_MAX: usize = 100_000;

/// A fact, as far as it says who is who.
struct Naming {
    content: i64,
    /// The source and the instant at which it came; of one in a file it is not looked for.
    came: Option<(String, i64)>,
}

/// Takes away what only these facts said of who is who. They are taken back already. Answers the leads that are others
/// now.
pub(crate) fn unname(
    tx: &mut Tx<'_>,
    facts: &[String],
    now: Timestamp,
) -> Result<BTreeSet<String>, DbError> {
    let mut changed = BTreeSet::new();
    for (lead, facts) in by_lead(tx, facts)? {
        let persons = persons_of(tx, &lead)?;
        let Some(known) = Known::of(tx, &persons)? else { continue };
        let Some(standing) = standing(tx, &persons, &known)? else { continue };
        changed.extend(take_apart(tx, &facts, &persons, &standing, now)?);
        let still: HashSet<&Name> = standing.iter().flat_map(|fact| fact.names).collect();
        let named = facts.iter().filter_map(|fact| known.named(fact.content)).flatten();
        let gone: BTreeSet<&Name> = named
            .filter(|name| name.kind != IdentifierKind::Anonymous && !still.contains(name))
            .collect();
        let ids: Vec<&str> = persons.iter().map(String::as_str).collect();
        let is_left =
            |held: Identifier| !gone.contains(&Name { kind: held.kind, value: held.value });
        if !identifiers_of(tx, &ids)?.into_iter().any(is_left) {
            continue;
        }
        for name in gone {
            take_away(tx, name, &persons)?;
            changed.insert(lead.clone());
        }
    }
    Ok(changed)
}

/// Gives back what [`unname`] took with these facts. Answers the leads that are others now.
pub(crate) fn name_again(tx: &mut Tx<'_>, facts: &[String]) -> Result<BTreeSet<String>, DbError> {
    let mut changed = BTreeSet::new();
    for (lead, facts) in by_lead(tx, facts)? {
        let persons = persons_of(tx, &lead)?;
        let Some(known) = Known::of(tx, &persons)? else { continue };
        let named = facts.iter().filter_map(|fact| known.named(fact.content)).flatten();
        for name in named.collect::<BTreeSet<_>>() {
            if give_back(tx, name, &persons)? {
                changed.insert(lead.clone());
            }
        }
        for edge in edges(tx, &facts, &persons, "withdrawn = 1")? {
            changed.extend(rejoin(tx, &edge.source, vec![edge.id])?);
        }
    }
    Ok(changed)
}

/// Facts by the lead that they are of.
fn by_lead(tx: &mut Tx<'_>, ids: &[String]) -> Result<BTreeMap<String, Vec<Naming>>, DbError> {
    let mut found: BTreeMap<String, Vec<Naming>> = BTreeMap::new();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for (table, came) in [
        ("fact", "f.source, f.received_at"),
        ("sealed_fact", "CAST(NULL AS TEXT), CAST(NULL AS BIGINT)"),
    ] {
        chunks::keys(&ids, 1, |list, keys| {
            let sql = format!(
                "SELECT p.lead, f.content, {came} FROM {table} f
                 JOIN person p ON p.id = f.person WHERE f.id IN ({list})"
            );
            tx.each(&sql, keys, |row| {
                let (source, at): (Option<String>, Option<i64>) = (row.get(2)?, row.get(3)?);
                let naming = Naming { content: row.get(1)?, came: source.zip(at) };
                found.entry(row.get(0)?).or_default().push(naming);
                Ok(())
            })
        })?;
    }
    Ok(found)
}

fn persons_of(tx: &mut Tx<'_>, lead: &str) -> Result<Vec<String>, DbError> {
    tx.query("SELECT id FROM person WHERE lead = $1 ORDER BY id", &[lead.into()], |row| row.get(0))
}

/// What the identifiers of a lead could make, by the part of a fact's hash that tells whom it names.
struct Known {
    combinations: HashMap<i64, Vec<Name>>,
    holders: HashMap<Name, Vec<String>>,
}

impl Known {
    /// With what was taken away before. `None`: it could be too much.
    fn of(tx: &mut Tx<'_>, persons: &[String]) -> Result<Option<Self>, DbError> {
        let ids: Vec<&str> = persons.iter().map(String::as_str).collect();
        let mut holders: HashMap<Name, Vec<String>> = HashMap::new();
        for identifier in identifiers_of(tx, &ids)? {
            let name = Name { kind: identifier.kind, value: identifier.value };
            holders.entry(name).or_default().push(identifier.person);
        }
        for id in persons {
            let name = Name { kind: IdentifierKind::Lead, value: id.clone() };
            holders.entry(name).or_default().push(id.clone());
        }
        chunks::keys(&ids, 1, |list, keys| {
            let sql = format!(
                "SELECT kind, value, person FROM withdrawn_identifier WHERE person IN ({list})"
            );
            tx.each(&sql, keys, |row| {
                let kind = IdentifierKind::from_code(row.get(0)?);
                holders.entry(Name { kind, value: row.get(1)? }).or_default().push(row.get(2)?);
                Ok(())
            })
        })?;
        let of_kind = |kind: IdentifierKind| -> Vec<Option<&Name>> {
            let names = holders.keys().filter(|name| name.kind == kind).map(Some);
            std::iter::once(None).chain(names).collect()
        };
        let [users, emails, leads, visitors] = IdentifierKind::ALL.map(of_kind);
        if users.len() * emails.len() * leads.len() * visitors.len() > COMBINATIONS_MAX {
            return Ok(None);
        }
        let mut combinations = HashMap::new();
        for user in &users {
            for email in &emails {
                for lead in &leads {
                    for visitor in &visitors {
                        let text = |name: Option<&Name>| name.map(|name| name.value.clone());
                        let who = Who {
                            user: text(*user),
                            email: email.and_then(|name| EmailAddress::parse(&name.value).ok()),
                            lead: text(*lead),
                            anonymous: text(*visitor),
                        };
                        let named = [user, email, lead, visitor].into_iter().copied().flatten();
                        combinations.insert(who_of(&who), named.cloned().collect());
                    }
                }
            }
        }
        Ok(Some(Self { combinations, holders }))
    }

    fn named(&self, content: i64) -> Option<&Vec<Name>> {
        self.combinations.get(&(content & 0xffff_ffff))
    }
}

/// Of a fact that stands: whose it is and all persons whom it names, and the names.
struct Standing<'k> {
    persons: BTreeSet<String>,
    names: &'k [Name],
}

/// The facts of these persons that were not taken back. `None`: of one of them it is not known, or it names others in another way.
fn standing<'k>(
    tx: &mut Tx<'_>,
    persons: &[String],
    known: &'k Known,
) -> Result<Option<Vec<Standing<'k>>>, DbError> {
    let ids: Vec<&str> = persons.iter().map(String::as_str).collect();
    let mut found: BTreeSet<(String, i64)> = BTreeSet::new();
    let mut aliases = 0;
    for (table, is_alias) in
        [("fact", "CASE WHEN kind = 4 THEN 1 ELSE 0 END"), ("sealed_fact", "0")]
    {
        chunks::keys(&ids, 1, |list, keys| {
            let sql = format!(
                "SELECT person, content, CAST({is_alias} AS BIGINT) FROM {table}
                 WHERE retracted_at IS NULL AND person IN ({list})"
            );
            tx.each(&sql, keys, |row| {
                found.insert((row.get(0)?, row.get::<i64>(1)? & 0xffff_ffff));
                aliases += row.get::<i64>(2)?;
                Ok(())
            })
        })?;
    }
    // What an alias calls the person's until now is not in the hash.
    if aliases > 0 {
        return Ok(None);
    }
    let mut standing = Vec::new();
    for (person, who) in found {
        let Some(names) = known.named(who) else { return Ok(None) };
        let holders = names.iter().filter_map(|name| known.holders.get(name)).flatten().cloned();
        standing.push(Standing { persons: holders.chain([person]).collect(), names });
    }
    Ok(Some(standing))
}

/// An edge that was made when a fact came.
struct Edge {
    id: String,
    loser: String,
    source: String,
}

/// The edges from or to these persons that were made when one of the facts came, in their order.
fn edges(
    tx: &mut Tx<'_>,
    facts: &[Naming],
    persons: &[String],
    condition: &str,
) -> Result<Vec<Edge>, DbError> {
    let came: HashSet<&(String, i64)> =
        facts.iter().filter_map(|fact| fact.came.as_ref()).collect();
    let ids: Vec<&str> = persons.iter().map(String::as_str).collect();
    let mut found: BTreeMap<(i64, String), Edge> = BTreeMap::new();
    for end in ["winner", "loser"] {
        chunks::keys(&ids, 1, |list, keys| {
            let sql = format!(
                "SELECT at, id, loser, source FROM merge WHERE {end} IN ({list}) AND {condition}"
            );
            tx.each(&sql, keys, |row| {
                let (at, id): (i64, String) = (row.get(0)?, row.get(1)?);
                let (loser, source): (String, String) = (row.get(2)?, row.get(3)?);
                if came.contains(&(source.clone(), at)) {
                    found.insert((at, id.clone()), Edge { id, loser, source });
                }
                Ok(())
            })
        })?;
    }
    Ok(found.into_values().collect())
}

/// Undoes the edges that were made when one of the facts came, but for those across which a fact that stands names
/// somebody.
fn take_apart(
    tx: &mut Tx<'_>,
    facts: &[Naming],
    persons: &[String],
    standing: &[Standing<'_>],
    now: Timestamp,
) -> Result<BTreeSet<String>, DbError> {
    let mut leads = BTreeSet::new();
    // The latest first, as where all of a source is taken back.
    for edge in edges(tx, facts, persons, "undone_at IS NULL")?.into_iter().rev() {
        let part = tree(tx, &edge.loser)?;
        let is_across = |named: &BTreeSet<String>| {
            named.iter().any(|person| part.contains(person))
                && named.iter().any(|person| !part.contains(person))
        };
        if standing.iter().any(|fact| is_across(&fact.persons)) {
            continue;
        }
        match undo_merge(tx, &edge.id, now, &edge.source) {
            Ok((lead, other)) => {
                let update = "UPDATE merge SET withdrawn = 1 WHERE id = $1";
                tx.execute(update, &[(&edge.id).into()])?;
                leads.extend([lead, other]);
            }
            Err(MergeError::Db(error)) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(leads)
}

/// Takes an identifier away from whoever of these persons has it. Of what was kept before it was noted who names it
/// nothing is known, and it stays.
fn take_away(tx: &mut Tx<'_>, name: &Name, persons: &[String]) -> Result<(), DbError> {
    let key: [Param<'_>; 2] = [name.kind.code().into(), (&name.value).into()];
    let holders: Vec<String> =
        tx.query("SELECT person FROM identifier WHERE kind = $1 AND value = $2", &key, |row| {
            row.get(0)
        })?;
    if holders.iter().any(|holder| !persons.contains(holder)) {
        return Ok(());
    }
    for (table, condition) in [
        ("identifier", "kind = $1 AND value = $2 AND source IS NOT NULL"),
        ("named_by", "kind = $1 AND value = $2"),
    ] {
        keep(tx, table, condition, &key)?;
    }
    let known = "(source IS NOT NULL OR EXISTS
        (SELECT 1 FROM named_by n WHERE n.kind = $1 AND n.value = $2))";
    let delete = format!("DELETE FROM identifier WHERE kind = $1 AND value = $2 AND {known}");
    tx.execute(&delete, &key)?;
    tx.execute("DELETE FROM named_by WHERE kind = $1 AND value = $2", &key).map(|_| ())
}

/// Gives an identifier back to the person from whom it was taken, unless somebody has it by now. Answers whether.
fn give_back(tx: &mut Tx<'_>, name: &Name, persons: &[String]) -> Result<bool, DbError> {
    let key: [Param<'_>; 2] = [name.kind.code().into(), (&name.value).into()];
    let holder = "SELECT 1 FROM identifier WHERE kind = $1 AND value = $2";
    let of =
        "SELECT person FROM withdrawn_identifier WHERE kind = $1 AND value = $2 ORDER BY person";
    let person: Option<String> = tx.find(of, &key, |row| row.get(0))?;
    let Some(person) = person.filter(|person| persons.contains(person)) else { return Ok(false) };
    if tx.find(holder, &key, |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    let key: [Param<'_>; 3] = [key[0], key[1], (&person).into()];
    let whose = "kind = $1 AND value = $2 AND person = $3";
    for change in [
        format!(
            "INSERT INTO named_by (kind, value, since, source, person, first_at, is_public)
             SELECT kind, value, since, source, person, first_at, is_public
             FROM withdrawn_identifier WHERE {whose}"
        ),
        format!(
            "INSERT INTO identifier (kind, value, since, person, first_at, is_public)
             SELECT kind, value, since, person, min(first_at), min(coalesce(is_public, 0))
             FROM withdrawn_identifier WHERE {whose} GROUP BY kind, value, since, person"
        ),
        format!("DELETE FROM withdrawn_identifier WHERE {whose}"),
    ] {
        tx.execute(&change, &key)?;
    }
    Ok(true)
}
