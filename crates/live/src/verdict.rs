//! One lead on its way: read, decided, written, told of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use leads::Timestamp;
use store::identity::is_lead;
use store::marks;
use store::reading::{CompaniesRead, LeadRecord, lead_facts_after};
use store::scores::{
    LeadRow, ScoreRow, add_transition, forget_lead, lead_row, renew_lead, renew_score, scores_of,
};
use store::webhooks::Listeners;
use store::{SegmentError, Tx};

use crate::announce::{Announcement, announce};
use crate::dossiers::{Dossier, Fresh, Held};
use crate::judge::{Change, judge};
use crate::lineup::Lineup;
use crate::news::News;
use crate::{Live, LiveError, profile};

/// A lead that is to be scored, and the mark it was given last; `None`: for facts that were settled.
pub(crate) struct Due {
    pub(crate) lead: String,
    pub(crate) mark: Option<String>,
}

/// A lead that waits, as the store has it.
pub(crate) struct Seen {
    due: Due,
    /// The number of a settling after which it was read.
    settling: u64,
    about: About,
    /// Its row as it was written, where its past was read.
    row: Option<LeadRow>,
    before: Vec<ScoreRow>,
}

/// What is known of a lead.
enum About {
    /// It became part of another, or was erased.
    Nothing,
    /// A file with facts of it is damaged.
    Unreadable,
    /// As it was read.
    Read(Box<LeadRecord>),
    /// As it was a moment ago, and what came since.
    Known(Held, Vec<Fresh>),
}

/// What is to be written about a lead.
pub(crate) struct Verdict {
    pub(crate) due: Due,
    /// As of [`Seen`].
    pub(crate) settling: u64,
    about: Decided,
}

/// What was decided about a lead.
enum Decided {
    /// It is no more: what was written of it goes.
    Gone,
    /// It cannot be scored for now: it keeps its scores, and a mark.
    SetAside,
    /// It is to be read from the store, next time: it keeps its scores, and a mark.
    ToReadAgain,
    /// Its row and its scores.
    Scored(Box<Scored>),
}

struct Scored {
    row_before: Option<LeadRow>,
    scores: Vec<ScoreRow>,
    before: Vec<ScoreRow>,
    changes: Vec<Change>,
    dossier: Arc<Dossier>,
    /// Whether the dossier is to be kept.
    is_lasting: bool,
}

/// What was written.
pub(crate) struct Written {
    /// The number of the writing.
    number: u64,
    /// Leads of whom nothing was, and the settlings that they went the short way with.
    overtaken: HashMap<String, u64>,
}

impl Written {
    /// Leads of whom nothing was, and of whom it is not known whether all was on the short way: it may have failed.
    pub(crate) fn unsure(&self, committed: u64) -> HashSet<String> {
        let unsure = self.overtaken.iter().filter(|(_, settling)| **settling > committed);
        unsure.map(|(lead, _)| lead.clone()).collect()
    }
}

/// How much later than a round begins its leads may have been scored, in milliseconds. What was scored later than that was
/// scored by another clock.
const A_MOMENT_MS: i64 = 60_000;

impl Live {
    /// What is known of a lead that waits: from its dossier and what came since where that is all, else as the store
    /// has it after a settling with this number.
    pub(crate) fn look_at(
        &self,
        tx: &mut Tx<'_>,
        due: Due,
        fresh: Option<Vec<Fresh>>,
        companies: &mut CompaniesRead,
        settling: u64,
        now: Timestamp,
    ) -> Result<Seen, LiveError> {
        let known = self.known(tx, &due.lead, fresh, companies, now)?;
        let (about, row) = if let Some((held, fresh)) = known {
            // A dossier is of what was written last, and has its row.
            (About::Known(held, fresh), None)
        } else {
            (self.read(tx, &due.lead, companies)?, lead_row(tx, &due.lead)?)
        };
        let before = scores_of(tx, &due.lead)?;
        Ok(Seen { due, settling, about, row, before })
    }

    /// What is known of a lead without reading its past; `fresh` is what came since, `None` where that may be anything.
    fn known(
        &self,
        tx: &mut Tx<'_>,
        lead: &str,
        fresh: Option<Vec<Fresh>>,
        companies: &mut CompaniesRead,
        now: Timestamp,
    ) -> Result<Option<(Held, Vec<Fresh>)>, LiveError> {
        let Some((held, fresh)) = self.inner.dossiers.take(lead).zip(fresh) else {
            return Ok(None);
        };
        let goes_on = held.goes_on_with(&fresh, now) && companies.are(tx, &held.companies())?;
        Ok(goes_on.then_some((held, fresh)))
    }

    fn read(
        &self,
        tx: &mut Tx<'_>,
        lead: &str,
        companies: &mut CompaniesRead,
    ) -> Result<About, LiveError> {
        let record = match lead_facts_after(tx, &self.inner.segments, lead, companies) {
            Err(SegmentError::Damaged { file, reason }) => {
                self.inner.damages.note(&file, &reason);
                return Ok(About::Unreadable);
            }
            read => read?,
        };
        let is_there = record.is_there();
        Ok(if is_there { About::Read(Box::new(record)) } else { About::Nothing })
    }

    /// What a lead's scores are, and what of that is news.
    pub(crate) fn decide(&self, lineup: &Lineup, seen: Seen, now: Timestamp) -> Verdict {
        let Seen { due, settling, .. } = seen;
        // Who went the short way a moment ago was scored a moment later than a round may have begun.
        let is_moment = |at: &Timestamp| at.as_millis() - now.as_millis() <= A_MOMENT_MS;
        let scored_at = seen.before.iter().map(|row| row.scored_at).filter(is_moment);
        let now = scored_at.fold(now, Timestamp::max);
        let (dossier, row_before, is_lasting) = match seen.about {
            About::Nothing => return Verdict { due, settling, about: Decided::Gone },
            About::Unreadable => return Verdict { due, settling, about: Decided::SetAside },
            About::Known(held, fresh) => {
                let Some(dossier) = held.open() else {
                    tracing::error!(lead = due.lead, "a dossier is torn: the lead is read anew");
                    return Verdict { due, settling, about: Decided::ToReadAgain };
                };
                let row_before = dossier.row.clone();
                (dossier.with(fresh), Some(row_before), true)
            }
            About::Read(record) => {
                let (dossier, is_lasting) = self.open_dossier(lineup, &record, settling, now);
                (dossier, seen.row, is_lasting)
            }
        };
        let mut scores = Vec::new();
        let mut changes = Vec::new();
        for line in lineup.lines() {
            let before = seen.before.iter().find(|row| row.model == line.key);
            let judged = judge(line, &dossier.facts, before, dossier.at_stake, now);
            scores.push(judged.row);
            changes.extend(judged.changes);
        }
        let (before, dossier) = (seen.before, Arc::new(dossier));
        let scored = Scored { row_before, scores, before, changes, dossier, is_lasting };
        Verdict { due, settling, about: Decided::Scored(Box::new(scored)) }
    }

    /// A lead as it stands now, and whether that is worth keeping.
    fn open_dossier(
        &self,
        lineup: &Lineup,
        record: &LeadRecord,
        settling: u64,
        now: Timestamp,
    ) -> (Dossier, bool) {
        let facts = record.facts(&self.inner.around.email_kind);
        let at_stake = profile::at_stake(record, &facts, lineup.rates(), now);
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

    /// Writes what was decided, and the messages that follow from it, and takes away the marks that led to it, but for
    /// whom was scored of more since they were read. Who still has a mark is looked at again; the others are right.
    pub(crate) fn write_all(
        &self,
        tx: &mut Tx<'_>,
        verdicts: &[Verdict],
        now: Timestamp,
    ) -> Result<Written, LiveError> {
        let read = verdicts.iter().map(|verdict| (&verdict.due.lead, verdict.settling));
        let overtaken = self.inner.short_way.overtook(read);
        let is_current = |verdict: &&Verdict| !overtaken.contains_key(&verdict.due.lead);
        let current: Vec<&Verdict> = verdicts.iter().filter(is_current).collect();
        let fresh_id = self.inner.around.fresh_id;
        let mut written = Vec::with_capacity(current.len());
        for verdict in current {
            let lead = &verdict.due.lead;
            match verdict.about {
                Decided::SetAside => marks::set_aside(tx, lead, &fresh_id())?,
                Decided::ToReadAgain => marks::put(tx, [lead.as_str()], &fresh_id())?,
                Decided::Gone | Decided::Scored(_) => written.push(verdict),
            }
        }
        let current = written;
        let number =
            self.inner.everyone.are_written(current.iter().map(|verdict| &verdict.due.lead));
        let listeners = Listeners::read(tx)?;
        let mut announcements = Vec::new();
        for verdict in &current {
            announcements.extend(write(tx, &listeners, verdict, now)?);
        }
        announce(tx, &listeners, announcements, now)?;
        for Verdict { due, .. } in current {
            if let Some(mark) = &due.mark {
                marks::take(tx, &due.lead, mark)?;
            }
        }
        Ok(Written { number, overtaken })
    }

    /// Keeps what was written of leads, and tells whoever watches; unless more was written of one since.
    pub(crate) fn keep_all(&self, verdicts: &[Verdict], written: &Written) {
        let is_current = |verdict: &&Verdict| !written.overtaken.contains_key(&verdict.due.lead);
        let mut is_any_late = false;
        for verdict in verdicts.iter().filter(is_current) {
            if self.keep(verdict, written.number) {
                self.tell_of(verdict);
            } else {
                is_any_late = true;
            }
        }
        // What was written since told of what it changed, which this is not part of.
        if is_any_late {
            self.tell(News::Everyone { changed: 1 });
        }
    }

    fn keep(&self, verdict: &Verdict, number: u64) -> bool {
        let Verdict { due, settling, about } = verdict;
        let (scored, held) = match about {
            Decided::SetAside | Decided::ToReadAgain => {
                self.inner.long_way.done_with(&due.lead, *settling);
                return true;
            }
            Decided::Gone => (None, *settling),
            Decided::Scored(scored) => (Some(scored), scored.dossier.settling()),
        };
        let facts = scored.map(|scored| &scored.dossier.facts);
        // Before others wait for it.
        let lasting = scored.filter(|scored| scored.is_lasting);
        let to_keep = lasting.map(|scored| Held::of(&scored.dossier));
        let mut is_kept = false;
        // While it is kept, the lead does not go the short way.
        self.inner.short_way.unless_overtaken(&due.lead, *settling, || {
            is_kept = self.inner.everyone.keep(&due.lead, facts, number);
            if !is_kept {
                return;
            }
            if let Some(scored) = scored {
                let before = scored.row_before.as_ref().map(|row| row.traits.as_str());
                self.inner.words.traits_changed(before, &scored.dossier.row.traits);
            }
            if let Some(held) = to_keep {
                self.inner.dossiers.put(&due.lead, held);
            }
            self.inner.long_way.done_with(&due.lead, held);
        });
        is_kept
    }

    fn tell_of(&self, verdict: &Verdict) {
        let scored = match &verdict.about {
            Decided::SetAside | Decided::ToReadAgain => return,
            Decided::Gone => return self.tell(News::Gone { lead: verdict.due.lead.clone() }),
            Decided::Scored(scored) => scored,
        };
        for row in &scored.scores {
            let before = scored.before.iter().find(|before| before.model == row.model);
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

/// Writes what was decided; answers the messages that follow from it.
fn write(
    tx: &mut Tx<'_>,
    listeners: &Listeners,
    verdict: &Verdict,
    now: Timestamp,
) -> Result<Vec<Announcement>, LiveError> {
    let Decided::Scored(scored) = &verdict.about else {
        forget_lead(tx, &verdict.due.lead)?;
        return Ok(Vec::new());
    };
    // Erased since it was read: nothing of it may come back.
    if !is_lead(tx, &verdict.due.lead)? {
        forget_lead(tx, &verdict.due.lead)?;
        return Ok(Vec::new());
    }
    renew_lead(tx, scored.row_before.as_ref(), &scored.dossier.row, now)?;
    for row in &scored.scores {
        let before = scored.before.iter().find(|before| before.model == row.model);
        renew_score(tx, before, row)?;
    }
    let mut announcements = Vec::new();
    for Change { transition, news } in &scored.changes {
        // Another node, or an earlier round that was cut off, may have found the same change.
        if add_transition(tx, transition)?
            && let Some(situation) = news
        {
            let row = &scored.dossier.row;
            let told = Announcement::of_change(listeners, transition, situation, row, now);
            announcements.extend(told);
        }
    }
    Ok(announcements)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
            let scored = Scored {
                row_before: None,
                scores: Vec::new(),
                before: Vec::new(),
                changes: Vec::new(),
                dossier: Arc::new(dossier),
                is_lasting: false,
            };
            let due = Due { lead: lead.to_owned(), mark: None };
            Verdict { due, settling: 0, about: Decided::Scored(Box::new(scored)) }
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
            let listeners = Listeners::read(tx)?;
            for verdict in [&erased, &there] {
                write(tx, &listeners, verdict, now)?;
            }
            Ok::<_, LiveError>([lead_row(tx, "erased")?, lead_row(tx, "there")?])
        });
        let rows = rows.expect("written");
        assert_eq!(rows.map(|row| row.map(|row| row.lead)), [None, Some("there".to_owned())]);
    }
}
