//! Companies, as far as they are known by more than the domain of an address.

use std::collections::{BTreeMap, BTreeSet};

use leads::Timestamp;
use serde_json::{Map, Value as Json};

use crate::chunks;
use crate::db::{DbError, Tx};

/// A company.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Company {
    /// The customer's id for it, or its domain.
    pub id: String,
    /// Its domain: people with an address there belong to it.
    pub domain: Option<String>,
    /// What it is called.
    pub name: Option<String>,
}

/// The company with this id.
pub fn company(tx: &mut Tx<'_>, id: &str) -> Result<Option<Company>, DbError> {
    let sql = "SELECT id, domain, name FROM company WHERE id = $1";
    tx.find(sql, &[id.into()], |row| {
        Ok(Company { id: row.get(0)?, domain: row.get(1)?, name: row.get(2)? })
    })
}

/// The companies with these ids, by id. One that no fact speaks of is known by the domain that its id
/// is.
pub fn companies_by_id(
    tx: &mut Tx<'_>,
    ids: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Company>, DbError> {
    let unheard_of = |id: &&str| {
        let company = Company { id: (*id).to_owned(), domain: domain_of(id), name: None };
        (company.id.clone(), company)
    };
    let mut found: BTreeMap<String, Company> = ids.iter().map(unheard_of).collect();
    let ids: Vec<&str> = ids.iter().copied().collect();
    chunks::keys(&ids, 1, |list, params| {
        let sql = format!("SELECT id, domain, name FROM company WHERE id IN ({list})");
        let rows = tx.query(&sql, params, |row| {
            Ok(Company { id: row.get(0)?, domain: row.get(1)?, name: row.get(2)? })
        })?;
        found.extend(rows.into_iter().map(|company| (company.id.clone(), company)));
        Ok::<(), DbError>(())
    })?;
    Ok(found)
}

/// The id of the company to which addresses of a domain belong: that of a company that names the
/// domain as its own (of several the first by id), or the domain above it that somebody has registered; else
/// the registered domain itself.
pub fn company_of_domain(tx: &mut Tx<'_>, domain: &str) -> Result<String, DbError> {
    let registered = registered(domain);
    let above = (registered != domain).then_some(registered);
    for domain in [Some(domain), above].into_iter().flatten() {
        let sql = "SELECT id FROM company WHERE domain = $1";
        let ids: Vec<String> = tx.query(sql, &[domain.into()], |row| row.get(0))?;
        if let Some(id) = ids.into_iter().min() {
            return Ok(id);
        }
    }
    Ok(registered.to_owned())
}

/// The domain that somebody has registered, of which this is one or a part: `acme.co.uk` of `mail.acme.co.uk`. Where
/// anybody may have a name below (`co.uk`, `blogspot.com`), the public suffix list says. Of an ending that it does not
/// know, such as that of a company's own network, nobody knows that; there each domain is one of its own.
pub(crate) fn registered(domain: &str) -> &str {
    let is_known = psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known());
    psl::domain_str(domain).filter(|_| is_known).unwrap_or(domain)
}

/// What a batch says of companies.
#[derive(Default)]
pub(crate) struct Changes(BTreeMap<String, Said>);

#[derive(Default)]
struct Said {
    domain: Option<(Timestamp, String)>,
    name: Option<(Timestamp, String)>,
    /// The traits of each fact, as text.
    traits: Vec<(Timestamp, String)>,
    /// A fact gave way to another.
    replaced: bool,
    is_trusted: bool,
}

/// How a fact about a company came.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// Not with a page's key: with that one anybody could draw everybody who has an address at a domain into a company,
    /// and give them its traits.
    pub(crate) is_trusted: bool,
    /// Another fact gave way to it.
    pub(crate) replaced: bool,
}

/// What the ids of facts begin with that came with a page's key.
const FROM_PAGES: &str = "web:";

impl Changes {
    /// Adds a fact; `body` is its traits as they are kept.
    pub(crate) fn add(
        &mut self,
        id: &str,
        traits: &Map<String, Json>,
        at: Timestamp,
        body: &str,
        told: Told,
    ) {
        let text = |keys: &[&str]| {
            let found = keys.iter().find_map(|key| traits.get(*key)?.as_str());
            found.map(str::trim).filter(|text| !text.is_empty() && !text.contains('\0'))
        };
        let said = self.0.entry(id.to_owned()).or_default();
        said.traits.push((at, body.to_owned()));
        said.replaced |= told.replaced;
        said.is_trusted |= told.is_trusted;
        if let Some(name) = text(&["name", "company_name"]) {
            said.name = said.name.take().max(Some((at, name.to_owned())));
        }
        if told.is_trusted
            && let Some(domain) = text(&["domain", "website"]).and_then(domain_of)
        {
            said.domain = said.domain.take().max(Some((at, domain)));
        }
    }

    /// Writes it down, before the facts themselves are in the table. Answers the companies whose
    /// traits are others now, and those that a domain belonged to until now: clients repeat a company's traits at each
    /// login, which changes nothing.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<BTreeSet<String>, DbError> {
        let mut changed = BTreeSet::new();
        for (id, said) in self.0 {
            if said.replaced || says_anything_new(tx, &id, &said.traits)? {
                changed.insert(id.clone());
            }
            let owners = owners_before(tx, &id, &said)?;
            let insert = "INSERT INTO company (id, domain) VALUES ($1, $2)
                ON CONFLICT (id) DO UPDATE SET domain = excluded.domain
                WHERE company.domain IS NULL AND excluded.domain IS NOT NULL";
            let own = domain_of(&id).filter(|_| said.is_trusted);
            tx.execute(insert, &[(&id).into(), own.as_deref().into()])?;
            for (column, value) in [("domain", &said.domain), ("name", &said.name)] {
                let Some((at, value)) = value else { continue };
                // Later facts win, whatever the order of their arrival.
                let update = format!(
                    "UPDATE company SET {column} = $2, {column}_at = $3
                     WHERE id = $1 AND ({column}_at IS NULL OR {column}_at < $3
                        OR ({column}_at = $3 AND {column} < $2))"
                );
                tx.execute(&update, &[(&id).into(), value.into(), (*at).into()])?;
            }
            // Whoever has an address there belongs to another company now.
            changed.extend(owners.no_more(tx)?);
        }
        Ok(changed)
    }
}

/// To which companies domains belonged at some instant.
#[derive(Default)]
struct Owners(Vec<(String, String)>);

impl Owners {
    fn add(&mut self, tx: &mut Tx<'_>, domain: String) -> Result<(), DbError> {
        let owner = company_of_domain(tx, &domain)?;
        self.0.push((domain, owner));
        Ok(())
    }

    /// Those to whom one of them does not belong any more.
    fn no_more(self, tx: &mut Tx<'_>) -> Result<Vec<String>, DbError> {
        let mut no_more = Vec::new();
        for (domain, owner) in self.0 {
            if company_of_domain(tx, &domain)? != owner {
                no_more.push(owner);
            }
        }
        Ok(no_more)
    }
}

/// Finds anew what companies are called and which domains they have, of the facts that count now: some were taken back
/// or given back. Answers companies whose domain belongs to another one now.
pub(crate) fn find_anew(
    tx: &mut Tx<'_>,
    ids: &BTreeSet<String>,
) -> Result<BTreeSet<String>, DbError> {
    let mut owners = Owners::default();
    let mut said = Changes::default();
    for id in ids {
        let sql = "SELECT domain FROM company WHERE id = $1 AND domain IS NOT NULL";
        let domain: Option<String> = tx.find(sql, &[id.into()], |row| row.get(0))?;
        if let Some(domain) = domain {
            owners.add(tx, domain)?;
        }
        let sql = "SELECT at, body, id FROM fact WHERE kind = 2 AND name = $1
            AND retracted_at IS NULL AND machine_reason IS NULL";
        let facts: Vec<(i64, String, bool)> = tx.query(sql, &[id.into()], |row| {
            Ok((row.get(0)?, row.get(1)?, !row.text(2)?.starts_with(FROM_PAGES)))
        })?;
        for (at, body, is_trusted) in facts {
            let traits: Map<String, Json> = serde_json::from_str(&body).unwrap_or_default();
            let told = Told { is_trusted, replaced: false };
            said.add(id, &traits, Timestamp::saturating_from_millis(at), &body, told);
        }
    }
    for id in ids {
        tx.execute("DELETE FROM company WHERE id = $1", &[id.into()])?;
    }
    let mut changed = said.write(tx)?;
    changed.extend(owners.no_more(tx)?);
    Ok(changed)
}

/// To which companies the domains belong that a company has or is about to have; none where it stays as it is.
fn owners_before(tx: &mut Tx<'_>, id: &str, said: &Said) -> Result<Owners, DbError> {
    let sql = "SELECT domain FROM company WHERE id = $1";
    let known: Option<Option<String>> = tx.find(sql, &[id.into()], |row| row.get(0))?;
    let said = said.domain.as_ref().map(|(_, domain)| domain.clone());
    let domains: BTreeSet<String> = match known {
        Some(known) if said.is_none() || known == said => return Ok(Owners::default()),
        Some(known) => known.into_iter().chain(said).collect(),
        None => domain_of(id).into_iter().chain(said).collect(),
    };
    let mut owners = Owners::default();
    domains.into_iter().try_for_each(|domain| owners.add(tx, domain))?;
    Ok(owners)
}

/// Whether any of these facts says something else than the one before it.
fn says_anything_new(
    tx: &mut Tx<'_>,
    id: &str,
    traits: &[(Timestamp, String)],
) -> Result<bool, DbError> {
    let mut sorted: Vec<&(Timestamp, String)> = traits.iter().collect();
    sorted.sort();
    let sql = "SELECT at, body FROM fact
        WHERE kind = 2 AND name = $1 AND at <= $2 AND retracted_at IS NULL
            AND machine_reason IS NULL
        ORDER BY at DESC, id DESC LIMIT 1";
    let mut before: Option<(i64, String)> = None;
    for (at, body) in sorted {
        let kept: Option<(i64, String)> =
            tx.find(sql, &[id.into(), (*at).into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // Where both stand at one instant, the kept one may come after: say so rather than miss it.
        let known = match (&before, &kept) {
            (Some(before), Some(kept)) if kept.0 > before.0 => Some(&kept.1),
            (Some(before), Some(kept)) if kept.0 == before.0 && kept.1 != before.1 => None,
            (Some(before), _) => Some(&before.1),
            (None, Some(kept)) => Some(&kept.1),
            (None, None) => None,
        };
        if known != Some(body) && (known.is_some() || body != "{}") {
            return Ok(true);
        }
        before = Some((at.as_millis(), body.clone()));
    }
    Ok(false)
}

/// The domain in a domain or a web address, in lower case; `None` where there is none.
fn domain_of(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let top = host.rsplit('.').next().unwrap_or_default();
    let is_domain = host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && !top.chars().all(|c| c.is_ascii_digit());
    is_domain.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_of_a_domain_that_somebody_has_registered_is_known() {
        for (domain, expected) in [
            ("mail.acme.com", "acme.com"),
            ("acme.com", "acme.com"),
            ("a.b.acme.co.uk", "acme.co.uk"),
            ("mail.acme.com.ar", "acme.com.ar"),
            ("ana.blogspot.com", "ana.blogspot.com"),
            // Nobody has registered these.
            ("gov.uk", "gov.uk"),
            ("acme.example", "acme.example"),
            // The list does not know the ending.
            ("acme.es.example", "acme.es.example"),
            ("mail.acme.internal", "mail.acme.internal"),
        ] {
            assert_eq!(registered(domain), expected, "{domain}");
        }
    }

    #[test]
    fn a_domain_is_found_in_a_web_address() {
        for (text, domain) in [
            ("Acme.com", Some("acme.com")),
            ("https://www.acme.co.uk:443/about?x=1", Some("acme.co.uk")),
            ("acme", None),
            ("10.0.0.1", None),
            ("a b.com", None),
            ("", None),
        ] {
            assert_eq!(domain_of(text).as_deref(), domain, "{text}");
        }
    }
}
