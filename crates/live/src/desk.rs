//! The desk: takes leads that wait, scores them, writes what came of it, and tells.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use leads::Timestamp;
use store::identity::is_lead;
use store::marks::{self, Marked};
use store::reading::{CompaniesRead, LeadRecord, lead_facts_after};
use store::scores::{
    LeadRow, ScoreRow, add_transition, forget_lead, lead_row, renew_lead, renew_score, scores_of,
};
use store::{Pending, Tx};

use crate::announce::{Announcement, announce};
use crate::dossiers::{Dossier, Fresh};
use crate::inbox::{Round, Settled};
use crate::judge::{Change, judge};
use crate::lineup::Lineup;
use crate::news::News;
use crate::{Live, LiveError, profile};

/// A lead that is to be scored, and the mark it was given last; `None`: for facts that were settled.
struct Due {
    lead: String,
    mark: Option<String>,
}

/// A lead that waits, as the store has it.
struct Seen {
    due: Due,
    about: About,
    row: Option<LeadRow>,
    before: Vec<ScoreRow>,
}

/// What is known of a lead.
enum About {
    /// It became part of another, or was erased.
    Nothing,
    /// As it was read, after the settling with this number at least.
    Read(Box<LeadRecord>, u64),
    /// As it was a moment ago, with what came since.
    Known(Box<Dossier>),
}

/// What is to be written about a lead.
struct Verdict {
    due: Due,
    known: Option<Known>,
}

struct Known {
    row_before: Option<LeadRow>,
    scores: Vec<ScoreRow>,
    before: Vec<ScoreRow>,
    changes: Vec<Change>,
    dossier: Arc<Dossier>,
    /// Whether the dossier is to be kept.
    is_lasting: bool,
}

/// Verdicts that the writer has, and what waits for them.
pub(crate) struct Writing {
    verdicts: Arc<Vec<Verdict>>,
    settled: Vec<Settled>,
    pending: Pending<(), LiveError>,
    /// Who is next.
    ahead: Option<Ahead>,
}

/// Leads that are being read, and what waits for them.
struct Ahead {
    settled: Vec<Settled>,
    seen: Pending<Vec<Seen>, LiveError>,
}

impl Live {
    /// Scores leads, those that have waited longest and so many at most, but more where many wait: rows,
    /// transitions and the messages that follow from them in one commit, after which whoever watches is told. Where as
    /// many more wait, those are read before that commit, which is ended by the next call: so they are scored while the
    /// writer is at it. Otherwise they are read beside the writer, who settles meanwhile. Answers how many leads it
    /// were; 0: nothing is left to do, and everything is written.
    pub fn work(&self, now: Timestamp, most: usize) -> Result<usize, LiveError> {
        let mut before = self.in_writing().take();
        let ahead = before.as_mut().and_then(|before| before.ahead.take());
        let (settled, seen) = if let Some(Ahead { settled, seen }) = ahead {
            (settled, seen.wait())
        } else {
            // There is nothing before that is not written yet.
            let (settled, look) = self.look(HashSet::new(), now, most);
            (settled, self.inner.store.read_beside(look))
        };
        let decided = seen.map(|seen| self.decide_all(seen, now));
        // Whatever became of the new ones, the old ones are to be told of.
        let ended = before.map_or(Ok(0), |before| self.end(before, now));
        let verdicts = match (ended, decided) {
            (Ok(_), Ok(verdicts)) if !verdicts.is_empty() => verdicts,
            (Ok(count), Ok(_)) => {
                self.clear(settled, now);
                return Ok(count);
            }
            (Err(error), _) | (_, Err(error)) => {
                self.inner.queue.score_later(settled);
                return Err(error);
            }
        };
        let count = verdicts.len();
        let verdicts = Arc::new(verdicts);
        // The writer takes one job after the other: reading comes before writing, which is scored meanwhile.
        let are_more = self.inner.queue.has_to_score(most);
        let ahead = are_more.then(|| {
            let (settled, look) = self.look(leads_of(&verdicts), now, most);
            Ahead { settled, seen: self.inner.store.submit_reading(look) }
        });
        let writing = self.begin(verdicts, settled, ahead, now);
        if are_more {
            *self.in_writing() = Some(writing);
        } else {
            self.end(writing, now)?;
        }
        Ok(count)
    }

    fn in_writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.inner.in_writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leads that wait, and how they are to be read: none of those that are `busy`, as what will be written of them
    /// is not there to be read.
    fn look(
        &self,
        busy: HashSet<String>,
        now: Timestamp,
        most: usize,
    ) -> (Vec<Settled>, impl FnOnce(&mut Tx<'_>) -> Result<Vec<Seen>, LiveError> + Send + 'static)
    {
        let Round { mut settled, marked, elsewhere } = self.inner.queue.to_score(most);
        let later: Vec<Settled> =
            settled.iter_mut().filter_map(|next| next.without(&busy)).collect();
        self.inner.queue.score_later(later);
        let mut fresh: BTreeMap<String, Vec<Fresh>> = BTreeMap::new();
        for (lead, new) in settled.iter().flat_map(Settled::leads) {
            let new = if elsewhere.contains(lead) { Fresh::ToRead } else { new.clone() };
            fresh.entry(lead.clone()).or_default().push(new);
        }
        let live = self.clone();
        // Before it is read: what is written meanwhile may be in it or not.
        let settling = self.inner.queue.last_settling();
        (settled, move |tx: &mut Tx<'_>| live.see(tx, fresh, &busy, marked, settling, now))
    }

    fn decide_all(&self, seen: Vec<Seen>, now: Timestamp) -> Vec<Verdict> {
        let lineup = self.lineup();
        seen.into_iter().map(|seen| self.decide(&lineup, seen, now)).collect()
    }

    /// Hands verdicts to the writer. Were they lost, they would be reached again: of the same facts, for
    /// marks that would be back, or parcels that are in the inbox.
    fn begin(
        &self,
        verdicts: Arc<Vec<Verdict>>,
        settled: Vec<Settled>,
        ahead: Option<Ahead>,
        now: Timestamp,
    ) -> Writing {
        let written = Arc::clone(&verdicts);
        let pending = self.inner.store.submit_repeatable(move |tx| {
            let mut announcements = Vec::new();
            for verdict in written.iter() {
                announcements.extend(write(tx, verdict, now)?);
            }
            announce(tx, announcements, now)?;
            for Verdict { due, .. } in written.iter() {
                if let Some(mark) = &due.mark {
                    marks::take(tx, &due.lead, mark)?;
                }
            }
            Ok(())
        });
        Writing { verdicts, settled, pending, ahead }
    }

    /// Waits until verdicts are written, and tells of them.
    fn end(&self, writing: Writing, now: Timestamp) -> Result<usize, LiveError> {
        let Writing { verdicts, settled, pending, .. } = writing;
        if let Err(error) = pending.wait() {
            self.inner.queue.score_later(settled);
            return Err(error);
        }
        for verdict in verdicts.iter() {
            match &verdict.known {
                Some(known) => {
                    self.inner.everyone.put(&known.dossier.facts);
                    if known.is_lasting {
                        self.inner.dossiers.put(Arc::clone(&known.dossier));
                    }
                }
                None => self.inner.everyone.remove(&verdict.due.lead),
            }
            self.tell_of(verdict);
        }
        self.clear(settled, now);
        Ok(verdicts.len())
    }

    /// Leads of settled parcels, and so many beside them that are marked.
    fn see(
        &self,
        tx: &mut Tx<'_>,
        mut fresh: BTreeMap<String, Vec<Fresh>>,
        busy: &HashSet<String>,
        room: usize,
        settling: u64,
        now: Timestamp,
    ) -> Result<Vec<Seen>, LiveError> {
        // Those who are busy have their marks still.
        let asked = room + busy.len();
        let mut marked = marks::first(tx, asked)?;
        let are_fewer = marked.len() < asked;
        marked.retain(|marked| !busy.contains(&marked.lead));
        // Were there more, somebody among the fresh could be marked without being seen to be.
        let are_all = are_fewer && marked.len() <= room;
        marked.truncate(room);
        let mut to_see: Vec<(Due, Option<Vec<Fresh>>)> = Vec::new();
        for Marked { lead, mark } in marked {
            fresh.remove(&lead);
            to_see.push((Due { lead, mark: Some(mark) }, None));
        }
        let without_marks = fresh
            .into_iter()
            .map(|(lead, fresh)| (Due { lead, mark: None }, are_all.then_some(fresh)));
        to_see.extend(without_marks);
        let mut seen = Vec::with_capacity(to_see.len());
        let mut companies = CompaniesRead::default();
        for (due, fresh) in to_see {
            let dossier = self.dossier(tx, &due.lead, fresh, &mut companies, now)?;
            let (about, row) = if let Some((dossier, row)) = dossier {
                // Nobody else writes rows of leads.
                (About::Known(Box::new(dossier)), Some(row))
            } else {
                let about = self.read(tx, &due.lead, &mut companies, settling)?;
                (about, lead_row(tx, &due.lead)?)
            };
            let before = scores_of(tx, &due.lead)?;
            seen.push(Seen { due, about, row, before });
        }
        Ok(seen)
    }

    /// What is known of a lead without reading its past, and its row as it was written; `fresh` is what came since,
    /// `None` where that may be anything.
    fn dossier(
        &self,
        tx: &mut Tx<'_>,
        lead: &str,
        fresh: Option<Vec<Fresh>>,
        companies: &mut CompaniesRead,
        now: Timestamp,
    ) -> Result<Option<(Dossier, LeadRow)>, LiveError> {
        let Some((known, fresh)) = self.inner.dossiers.take(lead).zip(fresh) else {
            return Ok(None);
        };
        let row = known.row.clone();
        let Some(dossier) = known.with(fresh, now) else { return Ok(None) };
        Ok(companies.are(tx, &dossier.companies)?.then_some((dossier, row)))
    }

    fn read(
        &self,
        tx: &mut Tx<'_>,
        lead: &str,
        companies: &mut CompaniesRead,
        settling: u64,
    ) -> Result<About, LiveError> {
        let record = lead_facts_after(tx, &self.inner.segments, lead, companies)?;
        let is_there = !record.persons.is_empty();
        Ok(if is_there { About::Read(Box::new(record), settling) } else { About::Nothing })
    }

    fn decide(&self, lineup: &Lineup, seen: Seen, now: Timestamp) -> Verdict {
        let (dossier, is_lasting) = match seen.about {
            About::Nothing => return Verdict { due: seen.due, known: None },
            About::Known(dossier) => (*dossier, true),
            About::Read(record, settling) => self.open_dossier(&record, settling, now),
        };
        let mut scores = Vec::new();
        let mut changes = Vec::new();
        for line in lineup.lines() {
            let before = seen.before.iter().find(|row| row.model == line.key);
            let judged = judge(line, &dossier.facts, before, dossier.at_stake, now);
            scores.push(judged.row);
            changes.extend(judged.changes);
        }
        let (row_before, before) = (seen.row, seen.before);
        let traits_before = row_before.as_ref().map(|row| row.traits.as_str());
        self.inner.words.traits_changed(traits_before, &dossier.row.traits);
        let dossier = Arc::new(dossier);
        let known = Known { row_before, scores, before, changes, dossier, is_lasting };
        Verdict { due: seen.due, known: Some(known) }
    }

    /// A lead as it stands now, and whether that is worth keeping.
    fn open_dossier(&self, record: &LeadRecord, settling: u64, now: Timestamp) -> (Dossier, bool) {
        let facts = record.facts(&self.inner.around.email_kind);
        let at_stake = profile::at_stake(record, &facts, now);
        let row = profile::row(record, &facts, self.company_of(record, now), now);
        // Other nodes change facts without telling this one.
        let is_alone = self.inner.store.file().is_some();
        let is_lasting = is_alone && Dossier::is_lasting(record, &facts, now);
        let companies = record.companies.clone();
        (Dossier::new(facts, row, at_stake, companies, settling), is_lasting)
    }

    fn company_of(&self, record: &LeadRecord, now: Timestamp) -> Option<String> {
        let email_kind = self.inner.around.email_kind;
        record.company_at(now, &|domain| email_kind(domain) == Some("business"))
    }

    fn tell_of(&self, verdict: &Verdict) {
        let Some(known) = &verdict.known else {
            self.tell(News::Gone { lead: verdict.due.lead.clone() });
            return;
        };
        for row in &known.scores {
            let before = known.before.iter().find(|before| before.model == row.model);
            if before.is_some_and(|before| before.is_like(row)) {
                continue;
            }
            self.tell(News::Lead {
                lead: row.lead.clone(),
                model: row.model.clone(),
                score: row.score,
                before: before.map(|before| before.score),
                bracket: row.bracket.clone(),
                stage: row.stage.clone(),
                priority: row.priority,
                disqualified: row.disqualified.is_some(),
            });
        }
    }
}

fn leads_of(verdicts: &[Verdict]) -> HashSet<String> {
    verdicts.iter().map(|verdict| verdict.due.lead.clone()).collect()
}

/// Writes what was decided; answers the messages that follow from it.
fn write(
    tx: &mut Tx<'_>,
    verdict: &Verdict,
    now: Timestamp,
) -> Result<Vec<Announcement>, LiveError> {
    let Some(known) = &verdict.known else {
        forget_lead(tx, &verdict.due.lead)?;
        return Ok(Vec::new());
    };
    // Erased since it was read: nothing of it may come back.
    if !is_lead(tx, &verdict.due.lead)? {
        forget_lead(tx, &verdict.due.lead)?;
        return Ok(Vec::new());
    }
    renew_lead(tx, known.row_before.as_ref(), &known.dossier.row, now)?;
    for row in &known.scores {
        let before = known.before.iter().find(|before| before.model == row.model);
        renew_score(tx, before, row)?;
    }
    let mut announcements = Vec::new();
    for Change { transition, news } in &known.changes {
        // Another node, or an earlier round that was cut off, may have found the same change.
        if add_transition(tx, transition)?
            && let Some(situation) = news
        {
            let row = &known.dossier.row;
            announcements.push(Announcement::of_change(transition, situation, row, now));
        }
    }
    Ok(announcements)
}

#[cfg(test)]
mod tests {
    use leads::{LeadFacts, Report, Trust, What, Who};
    use store::facts::append;
    use store::{Address, Store};

    use super::*;

    #[test]
    fn who_is_erased_between_reading_and_writing_does_not_come_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let address = Address::File(directory.path().join("madura.db"));
        let now = Timestamp::saturating_from_millis(0);
        let store = Store::open(&address, now).expect("a store");
        let verdict = |lead: &str| {
            let row = LeadRow {
                lead: lead.to_owned(),
                email: Some(format!("{lead}@example.com")),
                traits: "{}".to_owned(),
                ..LeadRow::default()
            };
            let dossier = Dossier::new(LeadFacts::default(), row, 0, BTreeMap::new(), 0);
            let known = Known {
                row_before: None,
                scores: Vec::new(),
                before: Vec::new(),
                changes: Vec::new(),
                dossier: Arc::new(dossier),
                is_lasting: false,
            };
            let due = Due { lead: lead.to_owned(), mark: None };
            Verdict { due, known: Some(known) }
        };
        let (erased, there) = (verdict("erased"), verdict("there"));
        let report = Report {
            id: "1".to_owned(),
            at: now,
            received_at: now,
            source: "test".to_owned(),
            trust: Trust::Trusted,
            who: Who { user: Some("17".to_owned()), ..Who::default() },
            what: What::Traits(serde_json::Map::new()),
            machine: None,
        };
        let rows = store.write(move |tx| {
            append(tx, &[report], &mut || "there".to_owned())?;
            for verdict in [&erased, &there] {
                write(tx, verdict, now)?;
            }
            Ok::<_, LiveError>([lead_row(tx, "erased")?, lead_row(tx, "there")?])
        });
        let rows = rows.expect("written");
        assert_eq!(rows.map(|row| row.map(|row| row.lead)), [None, Some("there".to_owned())]);
    }
}
