//! Taking reports: whose they are, whether they are new, and where they go.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use leads::{Report, Trust, What};

use super::FactKind;
use super::content::{Content, kind_and_name};
use super::withdrawal::{self, InFile};
use crate::chunks;
use crate::company::{self, Told};
use crate::db::{DbError, Param, Tx};
use crate::identity::{self, Leads, Named, Note};
use crate::suppression::Suppressed;

/// What became of a batch of reports.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Appended {
    /// Per report, in their order.
    pub taken: Vec<Taken>,
    /// Leads whose facts changed; of a merge both, the one that is no more under its old id.
    pub changed: BTreeSet<String>,
    /// Of those, leads of whom anything is different but that they have the reported events, too, that are
    /// [`Outcome::New`]: their facts are to be read anew.
    pub to_read: BTreeSet<String>,
    /// Of those, leads that became one, and those they became: appended again, no report names the former.
    pub joined: BTreeSet<String>,
    /// Companies whose traits changed, and with them those of everybody there, and those that lost a domain, and with it
    /// whoever has an address at it (a domain that no company names is one itself). A fact that repeats what was known
    /// changes none.
    pub companies: BTreeSet<String>,
}

/// What became of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Whether it counts.
    pub outcome: Outcome,
    /// The lead that it is about, after all reports of the batch; `None` for one that was refused.
    pub lead: Option<String>,
    /// What is worth saying about whom it names.
    pub notes: Vec<Note>,
}

/// Whether a report counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is a fact that was not known.
    New,
    /// A fact with its id is known, and stays: the same, or one that comes first by instant and
    /// content.
    Repeated,
    /// A fact with its id was known, and gave way: this one comes first by instant and content.
    Replaced,
    /// It was not taken, and never will be.
    Refused(Refusal),
}

/// Why a report is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Its id is empty, too long, or has control characters.
    #[error("the id must have 1 to 255 bytes and no control characters")]
    Id,
    /// It names nobody, or only placeholders such as `null`.
    #[error(
        "it names nobody: give a userId, an anonymousId, an address or a lead (not `null` or `anonymous`)"
    )]
    Nobody,
    /// The name of its event, company or stage is empty, too long, or has control characters.
    #[error("the name must have 1 to 255 bytes and no control characters")]
    Name,
    /// It is about somebody who was erased on request.
    #[error("it is about a person who was erased on request")]
    Suppressed,
}

/// What stands under an id.
struct Standing {
    at: i64,
    content: i64,
    person: String,
    /// `None`: in the table; else in this segment.
    segment: Option<i64>,
    retracted_at: Option<i64>,
    /// Whether it was taken back with the import that brought it.
    is_undone: bool,
    /// The import that brought it: [`SEALED`] where that is known in its file only.
    import: Option<String>,
}

/// Stands for the import that brought a sealed fact.
const SEALED: &str = "";

/// Rows per statement on a server, where a statement is a journey of 50 to 100 µs. SQLite takes them
/// one by one: there a statement costs a microsecond, and binding many parameters more than that.
const ROWS_ON_SERVER: usize = 64;

const WIDTH: usize = 13;

/// What follows from a report alone: worked out before it holds up whoever waits for the store.
pub struct Prepared {
    named: Named,
    content: Content,
    refusal: Option<Refusal>,
}

impl Prepared {
    /// Of a report.
    pub fn of(report: &Report) -> Self {
        let (named, content) = (Named::of(report), Content::of(report));
        Self { refusal: refused_for_itself(report), named, content }
    }
}

/// Takes reports, in one transaction: settles whose they are, keeps those that are new, and says of
/// each what became of it. The order of reports, and how often one comes, make no difference to the
/// facts of any lead (where no link is refused: see [`crate::identity`]).
///
/// `fresh_id` gives an id that was never given before, at each call.
pub fn append<R: Borrow<Report>>(
    tx: &mut Tx<'_>,
    reports: &[R],
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Appended, DbError> {
    let reports: Vec<(&Report, Prepared)> =
        reports.iter().map(|report| (report.borrow(), Prepared::of(report.borrow()))).collect();
    let reports: Vec<(&Report, &Prepared)> =
        reports.iter().map(|(report, prepared)| (*report, prepared)).collect();
    append_prepared(tx, &reports, fresh_id)
}

/// The same for reports each of which is prepared.
pub fn append_prepared(
    tx: &mut Tx<'_>,
    reports: &[(&Report, &Prepared)],
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Appended, DbError> {
    let all_named = || reports.iter().map(|(_, prepared)| &prepared.named);
    let suppressed = Suppressed::among(tx, all_named().flat_map(Named::all))?;
    let mut leads = Leads::read(tx, all_named(), fresh_id)?;
    let mut standing = read_standing(tx, reports)?;
    let (mut changed, mut to_read) = (BTreeSet::new(), BTreeSet::new());
    let mut companies = company::Changes::default();
    // What is to be inserted, by position: a later report of the batch may still take its place.
    let mut inserts: BTreeMap<usize, String> = BTreeMap::new();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    let mut answers: Vec<(Outcome, Option<String>, Vec<Note>)> = Vec::with_capacity(reports.len());

    for (position, (report, prepared)) in reports.iter().copied().enumerate() {
        let Prepared { named, content, .. } = prepared;
        if let Some(refusal) = refusal(prepared, &suppressed) {
            answers.push((Outcome::Refused(refusal), None, named.notes.clone()));
            continue;
        }
        let Some(settled) = identity::settle(tx, &mut leads, report, named)? else {
            answers.push((Outcome::Refused(Refusal::Nobody), None, named.notes.clone()));
            continue;
        };
        let key = (report.at.as_millis(), content.hash);
        let outcome = match standing.get_mut(report.id.as_str()) {
            None => {
                inserts.insert(position, settled.person.clone());
                Outcome::New
            }
            Some(known) if (known.at, known.content) <= key && !known.comes_back(report) => {
                if known.is_of_another_import(report) {
                    let is_same = (known.at, known.content) == key;
                    withdrawal::also_imported(tx, report, content, &settled.person, is_same)?;
                }
                Outcome::Repeated
            }
            Some(known) => {
                leads.read_person(tx, &known.person)?;
                changed.insert(known.person.clone());
                to_read.extend([known.person.clone(), settled.person.clone()]);
                if let Some(waiting) = positions.get(report.id.as_str()) {
                    if known.is_of_another_import(report) {
                        let (first, said) = reports[*waiting];
                        withdrawal::also_imported(tx, first, &said.content, &known.person, false)?;
                    }
                    inserts.remove(waiting);
                    inserts.insert(position, settled.person.clone());
                } else {
                    replace(tx, report, content, &settled.person, known)?;
                }
                Outcome::Replaced
            }
        };
        if outcome != Outcome::Repeated {
            identity::keep_unlinked(tx, report, named)?;
            if outcome == Outcome::New || positions.contains_key(report.id.as_str()) {
                positions.insert(&report.id, position);
            }
            let now = Standing {
                at: key.0,
                content: key.1,
                person: settled.person.clone(),
                segment: None,
                retracted_at: None,
                is_undone: false,
                import: import_of(report).map(str::to_owned),
            };
            standing.insert(&report.id, now);
            changed.insert(settled.person.clone());
            if !matches!(report.what, What::Event { .. }) {
                to_read.insert(settled.person.clone());
            }
            // A machine's doing counts for nobody.
            if let What::Group { traits, .. } = &report.what
                && report.machine.is_none()
            {
                let told = Told {
                    is_trusted: report.trust == Trust::Trusted,
                    replaced: outcome == Outcome::Replaced,
                };
                companies.add(&content.name, traits, report.at, &content.body, told);
            }
        }
        answers.push((outcome, Some(settled.person), settled.notes));
    }
    let companies = companies.write(tx)?;
    insert(tx, reports, &inserts)?;
    let with_leads = |persons: BTreeSet<String>| -> BTreeSet<String> {
        let leads_of = persons.into_iter().map(|person| leads.lead_of(&person));
        leads_of.chain(leads.changed.iter().cloned()).collect()
    };
    let (changed, to_read) = (with_leads(changed), with_leads(to_read));
    let joined = std::mem::take(&mut leads.joined);
    let taken = answers
        .into_iter()
        .map(|(outcome, person, notes)| Taken {
            outcome,
            lead: person.map(|person| leads.lead_of(&person)),
            notes,
        })
        .collect();
    Ok(Appended { taken, changed, to_read, joined, companies })
}

/// Why a report is refused whatever is known; [`append`] may still refuse it for being about somebody
/// who was erased.
pub fn refused(report: &Report) -> Option<Refusal> {
    let named = Named::of(report);
    match refused_for_itself(report) {
        None if named.all().next().is_none() => Some(Refusal::Nobody),
        refusal => refusal,
    }
}

fn refusal(prepared: &Prepared, suppressed: &Suppressed) -> Option<Refusal> {
    let is_suppressed = || prepared.named.all().any(|name| suppressed.contains(name));
    prepared.refusal.or_else(|| is_suppressed().then_some(Refusal::Suppressed))
}

fn refused_for_itself(report: &Report) -> Option<Refusal> {
    let is_plain = |text: &str, at_least: usize| {
        (at_least..=Report::ID_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    let (kind, name) = kind_and_name(&report.what);
    let has_name = matches!(kind, FactKind::Event | FactKind::Group | FactKind::Deal);
    if !is_plain(&report.id, 1) {
        Some(Refusal::Id)
    } else if !is_plain(&name, usize::from(has_name)) {
        Some(Refusal::Name)
    } else {
        None
    }
}

fn read_standing<'r>(
    tx: &mut Tx<'_>,
    reports: &[(&'r Report, &Prepared)],
) -> Result<HashMap<&'r str, Standing>, DbError> {
    let ids: BTreeSet<&str> = reports.iter().map(|(report, _)| report.id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().filter(|id| !id.contains('\0')).collect();
    let mut found: HashMap<String, Standing> = HashMap::new();
    let columns = "id, at, content, person, retracted_at";
    let sealed_import = format!("CASE WHEN id LIKE 'import:%' THEN '{SEALED}' END");
    // What brought a sealed fact is known in its file only: of one with an import's id that was taken
    // back it is taken for granted that it went with its import.
    let sealed = "CAST(CASE WHEN retracted_at IS NOT NULL AND id LIKE 'import:%' THEN 1 ELSE 0 END
        AS BIGINT)";
    // An import that is no more was undone before it was removed.
    let hot = "CAST(CASE WHEN retracted_at IS NOT NULL AND import_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM import_job i WHERE i.id = import_id AND i.state <> 'undone')
        THEN 1 ELSE 0 END AS BIGINT)";
    // The table last: a fact that put a sealed one aside is the one that stands.
    for (table, segment, is_undone, import) in [
        ("sealed_fact", "segment", sealed, sealed_import.as_str()),
        ("fact", "CAST(NULL AS BIGINT)", hot, "import_id"),
    ] {
        chunks::keys(&ids, 1, |list, keys| {
            let sql = format!(
                "SELECT {columns}, {segment}, {is_undone}, {import} FROM {table}
                 WHERE id IN ({list})"
            );
            tx.each(&sql, keys, |row| {
                let standing = Standing {
                    at: row.get(1)?,
                    content: row.get(2)?,
                    person: row.get(3)?,
                    segment: row.get(5)?,
                    retracted_at: row.get(4)?,
                    is_undone: row.get::<i64>(6)? == 1,
                    import: row.get(7)?,
                };
                found.insert(row.get(0)?, standing);
                Ok(())
            })
        })?;
    }
    let with_ids = reports.iter().filter_map(|(report, _)| {
        found.remove(&report.id).map(|standing| (report.id.as_str(), standing))
    });
    Ok(with_ids.collect())
}

fn insert(
    tx: &mut Tx<'_>,
    reports: &[(&Report, &Prepared)],
    inserts: &BTreeMap<usize, String>,
) -> Result<(), DbError> {
    let mut params: Vec<Param<'_>> = Vec::with_capacity(inserts.len() * WIDTH);
    for (position, person) in inserts {
        let (report, prepared) = reports[*position];
        params.extend(row(report, &prepared.content, person));
    }
    let at_most = if tx.is_server() { ROWS_ON_SERVER } else { 1 };
    let insert = |groups: &str| {
        format!(
            "INSERT INTO fact (id, person, kind, name, at, received_at, source, import_id, body,
                content, machine_reason, machine_confidence, retracted_at) VALUES {groups}"
        )
    };
    chunks::rows(&params, WIDTH, at_most, insert, |sql, params| tx.execute(sql, params).map(|_| ()))
}

fn row<'r>(report: &'r Report, content: &'r Content, person: &'r str) -> [Param<'r>; WIDTH] {
    [
        (&report.id).into(),
        person.into(),
        content.kind.code().into(),
        (&content.name).into(),
        report.at.into(),
        report.received_at.into(),
        (&report.source).into(),
        import_of(report).into(),
        (&content.body).into(),
        content.hash.into(),
        report.machine.as_ref().map(|sign| sign.reason.as_str()).into(),
        report.machine.as_ref().map(|sign| i64::from(sign.confidence)).into(),
        Param::Null,
    ]
}

/// The import that a report came with.
pub(super) fn import_of(report: &Report) -> Option<&str> {
    report.source.strip_prefix("import:")
}

impl Standing {
    /// Whether an import brought it, and a report is another's.
    fn is_of_another_import(&self, report: &Report) -> bool {
        let brought = self.import.as_deref();
        brought.is_some_and(|brought| import_of(report).is_some_and(|import| import != brought))
    }

    /// Whether a report brings back what was taken back with an import: another import says it again.
    fn comes_back(&self, report: &Report) -> bool {
        self.is_undone && import_of(report).is_some()
    }
}

/// Puts a fact in the place of the one that stands under its id. That it was taken back goes on, but
/// for what was taken back with its import and is imported again.
fn replace(
    tx: &mut Tx<'_>,
    report: &Report,
    content: &Content,
    person: &str,
    standing: &Standing,
) -> Result<(), DbError> {
    let Standing { at, content: said, .. } = *standing;
    let in_file = InFile { person: &standing.person, at, content: said };
    withdrawal::is_replaced(tx, report, standing.segment.map(|_| &in_file))?;
    let mut params = row(report, content, person);
    if !standing.comes_back(report) {
        params[WIDTH - 1] = standing.retracted_at.into();
    }
    let Some(segment) = standing.segment else {
        let update = "UPDATE fact SET person = $2, kind = $3, name = $4, at = $5, received_at = $6,
            source = $7, import_id = $8, body = $9, content = $10, machine_reason = $11,
            machine_confidence = $12, retracted_at = $13 WHERE id = $1";
        return tx.execute(update, &params).map(|_| ());
    };
    let hole = "INSERT INTO sealed_hole (segment, id) VALUES ($1, $2)";
    tx.execute(hole, &[segment.into(), (&report.id).into()])?;
    tx.execute("DELETE FROM sealed_fact WHERE id = $1", &[(&report.id).into()])?;
    let insert = "INSERT INTO fact (id, person, kind, name, at, received_at, source, import_id,
        body, content, machine_reason, machine_confidence, retracted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    tx.execute(insert, &params).map(|_| ())
}
