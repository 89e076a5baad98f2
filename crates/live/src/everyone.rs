//! Everyone's facts in memory, kept up to date, for whatever looks at everyone: ticks, what-if,
//! back-tests, segments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use history::{Growing, History, LeadId};
use leads::{LeadFacts, Timestamp};
use scoring::Needs;
use store::DbError;
use store::reading::People;

use crate::vocabulary::Known;
use crate::{Live, LiveError};

/// The facts of everyone, as far as models look at them.
#[derive(Default)]
pub(crate) struct Everyone {
    state: Mutex<State>,
    /// One at a time builds.
    building: Mutex<()>,
}

#[derive(Default)]
struct State {
    growing: Option<Growing>,
    /// Counts how often everyone was gathered: positions of leads are those of one gathering.
    gathering: u64,
    /// Counts how often a tick asked whom the desk has touched.
    moments: u64,
    /// Leads that the desk has put in or taken out since the last tick; `None`: more than are worth
    /// remembering.
    touched: Touched,
    /// Leads whose rows are written or about to be, and whose facts are still to be put in; each with the number of the
    /// last writing of them.
    in_writing: BTreeMap<String, u64>,
    /// Counts writings.
    writings: u64,
    /// While a new one is built: what changed meanwhile, the last word on each lead; `None` for one
    /// that is gone.
    meanwhile: Option<BTreeMap<String, Option<LeadFacts>>>,
}

/// Leads whose rows somebody else than the tick has written since the last one.
#[derive(Clone)]
pub(crate) struct Touched(Option<BTreeSet<String>>);

impl Default for Touched {
    fn default() -> Self {
        Self(Some(BTreeSet::new()))
    }
}

impl Touched {
    fn add(&mut self, lead: &str) {
        let Some(leads) = &mut self.0 else { return };
        leads.insert(lead.to_owned());
        if leads.len() > TOUCHED_MAX {
            self.0 = None;
        }
    }
}

/// Beyond so many leads, looking at every row is no more work than looking them up.
const TOUCHED_MAX: usize = 100_000;

/// What a tick looks at.
pub(crate) struct Moment {
    pub(crate) history: Arc<History>,
    pub(crate) gathering: u64,
    /// Its number.
    pub(crate) number: u64,
    /// Leads whose rows may be of more than the history has.
    in_writing: BTreeMap<String, u64>,
    /// Since the moment before; of a glance, since the moment of its number.
    touched: Touched,
}

impl Moment {
    /// Where the leads that the desk has touched stand in the history, in rising order; `None`: it may be anybody.
    pub(crate) fn changed(&self) -> Option<Vec<usize>> {
        let roster = self.history.roster();
        let position = |lead: &String| roster.position(LeadId::of(lead));
        let leads = self.touched.0.as_ref()?.iter();
        let mut positions: Vec<usize> =
            leads.filter_map(position).map(|position| position as usize).collect();
        positions.sort_unstable();
        Some(positions)
    }

    /// Whether a lead's row may be of more than the history has: the next moment has that.
    pub(crate) fn is_in_writing(&self, lead: &str) -> bool {
        self.in_writing.contains_key(lead)
    }
}

impl Everyone {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows of these leads are about to be written. Said by the store's writer, so that the numbers it answers are in the
    /// order of what is written.
    pub(crate) fn are_written<'l>(&self, leads: impl Iterator<Item = &'l String>) -> u64 {
        let mut state = self.lock();
        state.writings += 1;
        let number = state.writings;
        for lead in leads {
            state.touched.add(lead);
            state.in_writing.insert(lead.clone(), number);
        }
        number
    }

    /// Which of these leads are written, and not put in yet.
    pub(crate) fn in_writing<'l>(
        &self,
        leads: impl Iterator<Item = &'l String>,
    ) -> BTreeSet<String> {
        let state = self.lock();
        leads.filter(|lead| state.in_writing.contains_key(*lead)).cloned().collect()
    }

    /// Puts in what was written of a lead, or takes it out, unless more was written since the writing with this number.
    /// Answers whether it did.
    pub(crate) fn keep(&self, lead: &str, facts: Option<&LeadFacts>, number: u64) -> bool {
        let mut state = self.lock();
        if state.in_writing.get(lead) != Some(&number) {
            return false;
        }
        state.in_writing.remove(lead);
        state.touched.add(lead);
        if let Some(growing) = &mut state.growing {
            match facts {
                Some(facts) => growing.put(facts),
                None => growing.remove(lead),
            }
        }
        if let Some(meanwhile) = &mut state.meanwhile {
            meanwhile.insert(lead.to_owned(), facts.cloned());
        }
        true
    }

    /// Whether the desk has written a lead's row since the last moment, as far as that is remembered. Asked by the
    /// store's writer, so that it is not about to.
    pub(crate) fn is_written_since(&self, lead: &str) -> bool {
        let state = self.lock();
        state.in_writing.contains_key(lead)
            || state.touched.0.as_ref().is_some_and(|touched| touched.contains(lead))
    }

    /// Everyone as of now, where it was gathered for at least these needs.
    fn snapshot(&self, needs: &Needs) -> Option<Arc<History>> {
        let mut state = self.lock();
        let growing = state.growing.as_mut().filter(|growing| covers(growing.needs(), needs))?;
        Some(Arc::new(growing.snapshot()))
    }
}

impl Live {
    /// Brings everyone into memory, for the models in force. Ticks do nothing before.
    pub fn load_everyone(&self) -> Result<(), LiveError> {
        let needs = self.lineup().needs().clone();
        self.everyone(&needs).map(|_| ())
    }

    /// Everyone as of now for a tick, which is the only one to ask for whom the desk has touched.
    pub(crate) fn moment(&self, needs: &Needs) -> Result<Moment, LiveError> {
        self.seen(needs, |state| {
            state.moments += 1;
            std::mem::take(&mut state.touched)
        })
    }

    /// The same for whoever is no tick.
    pub(crate) fn glance(&self, needs: &Needs) -> Result<Moment, LiveError> {
        self.seen(needs, |state| state.touched.clone())
    }

    fn seen(
        &self,
        needs: &Needs,
        touched: impl FnOnce(&mut State) -> Touched,
    ) -> Result<Moment, LiveError> {
        self.everyone(needs)?;
        let mut state = self.inner.everyone.lock();
        let touched = touched(&mut state);
        let (gathering, number) = (state.gathering, state.moments);
        let in_writing = state.in_writing.clone();
        let Some(growing) = &mut state.growing else {
            // Gathered a moment ago, and never taken away.
            return Err(DbError::NoRow.into());
        };
        Ok(Moment { history: Arc::new(growing.snapshot()), gathering, number, in_writing, touched })
    }

    /// Everyone as of now, gathered for these needs and those of the models in force. Gathers anew
    /// where some of them are not looked at yet, which takes a second or two per million facts.
    pub(crate) fn everyone(&self, needs: &Needs) -> Result<Arc<History>, LiveError> {
        let everyone = &self.inner.everyone;
        if let Some(history) = everyone.snapshot(needs) {
            return Ok(history);
        }
        let _one_at_a_time = everyone.building.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(history) = everyone.snapshot(needs) {
            return Ok(history);
        }
        let needs = union(needs, self.lineup().needs());
        everyone.lock().meanwhile = Some(BTreeMap::new());
        let gathered = self.gather(needs);
        let mut state = everyone.lock();
        let meanwhile = state.meanwhile.take().unwrap_or_default();
        let mut growing = gathered?;
        for (lead, facts) in meanwhile {
            match facts {
                Some(facts) => growing.put(&facts),
                None => growing.remove(&lead),
            }
        }
        let history = Arc::new(growing.snapshot());
        state.growing = Some(growing);
        state.gathering += 1;
        Ok(history)
    }

    /// Gathers everyone from a snapshot of the store. Events, which are nearly all there is, go
    /// straight into words of the models; only the rest is brought together lead by lead.
    fn gather(&self, needs: Needs) -> Result<Growing, LiveError> {
        let mut growing = Growing::new(needs);
        let email_kind = self.inner.around.email_kind;
        let mut events = Events::default();
        let mut known = Known::default();
        self.inner.store.read(|tx| {
            let segments = &self.inner.segments;
            let mut people = People::read(tx)?;
            // Whose facts cannot all be read is not scored anew as time passes, rather than wrongly.
            for (file, reason) in people.leave_out_unreadable(tx, segments)? {
                self.inner.damages.note(&file, &reason);
            }
            people.each_event(tx, segments, |lead, event| {
                known.event(event.name, event.at, || event.properties());
                let word = growing.word(event.name, event.at, || event.properties());
                events.add(lead, event.at, word);
            })?;
            events.sort();
            people.each_lead_without_events(tx, segments, |number, mut record| {
                let (first, words) = events.of(number);
                record.events_from = first;
                let facts = record.facts(&email_kind);
                known.lead(&facts);
                growing.put_with(&facts, words);
                Ok::<(), LiveError>(())
            })
        })?;
        self.inner.words.gathered(known);
        Ok(growing)
    }
}

/// Events in words of the models, in order of lead and time, 16 bytes each.
#[derive(Default)]
struct Events {
    /// By number of the lead, so many leads to a part.
    parts: Vec<Vec<(u32, u32, i64)>>,
    /// Per lead, the first of all its events (ms), looked at or not.
    first: Vec<i64>,
}

const LEADS_PER_PART: usize = 4096;

impl Events {
    fn add(&mut self, lead: u32, at: Timestamp, word: Option<u32>) {
        let index = lead as usize;
        if self.first.len() <= index {
            self.first.resize(index + 1, i64::MAX);
        }
        self.first[index] = self.first[index].min(at.as_millis());
        let Some(word) = word else { return };
        let part = index / LEADS_PER_PART;
        if self.parts.len() <= part {
            self.parts.resize_with(part + 1, Vec::new);
        }
        self.parts[part].push((lead, word, at.as_millis()));
    }

    fn sort(&mut self) {
        self.parts.iter_mut().for_each(|part| part.sort_unstable());
    }

    /// The first of all events of a lead, and those that models look at.
    fn of(&self, lead: u32) -> (Option<Timestamp>, impl Iterator<Item = (i64, u32)>) {
        let first = self.first.get(lead as usize).filter(|at| **at < i64::MAX);
        let part = self.parts.get(lead as usize / LEADS_PER_PART).map_or(&[][..], Vec::as_slice);
        let from = part.partition_point(|(of, ..)| *of < lead);
        let mine = part[from..].iter().take_while(move |(of, ..)| *of == lead);
        let first = first.map(|at| Timestamp::saturating_from_millis(*at));
        (first, mine.map(|(_, word, at)| (*at, *word)))
    }
}

/// Whether facts that were gathered for `has` serve for `needs`.
fn covers(has: &Needs, needs: &Needs) -> bool {
    union(has, needs) == *has
}

/// What both look at.
pub(crate) fn union(one: &Needs, other: &Needs) -> Needs {
    let merged = |one: &[String], other: &[String]| {
        let mut all: Vec<String> = one.iter().chain(other).cloned().collect();
        all.sort();
        all.dedup();
        all
    };
    let properties = merged(&one.properties, &other.properties);
    let mut events: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for needs in [one, other] {
        for (name, looked_at) in &needs.events {
            let known = events.entry(name.clone()).or_default();
            // Every property of `needs` is among the merged ones.
            known.extend(looked_at.iter().filter_map(|property| {
                properties.binary_search(&needs.properties[*property]).ok()
            }));
            known.sort_unstable();
            known.dedup();
        }
    }
    Needs {
        traits: merged(&one.traits, &other.traits),
        properties,
        events: events.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(traits: &[&str], events: &[(&str, &[&str])]) -> Needs {
        let mut properties: Vec<String> = Vec::new();
        for (_, looked_at) in events {
            properties.extend(looked_at.iter().map(|path| (*path).to_owned()));
        }
        properties.sort();
        properties.dedup();
        let index = |path: &&str| properties.iter().position(|known| known == path).unwrap();
        let events = events
            .iter()
            .map(|(name, looked_at)| ((*name).to_owned(), looked_at.iter().map(index).collect()));
        let events = events.collect();
        Needs { traits: traits.iter().map(|path| (*path).to_owned()).collect(), properties, events }
    }

    #[test]
    fn of_two_writings_of_a_lead_the_last_is_kept_and_only_once() {
        let everyone = Everyone::default();
        let lead = "17".to_owned();
        let [first, second] = [(), ()].map(|()| everyone.are_written(std::iter::once(&lead)));
        assert!(!everyone.keep(&lead, None, first));
        assert_eq!(everyone.in_writing(std::iter::once(&lead)), BTreeSet::from([lead.clone()]));
        assert!(everyone.keep(&lead, None, second));
        assert!(everyone.in_writing(std::iter::once(&lead)).is_empty());
        assert!(!everyone.keep(&lead, None, second));
    }

    #[test]
    fn needs_taken_together_look_at_what_either_looks_at() {
        let one = needs(&["country"], &[("page_viewed", &["path", "seconds"])]);
        let other = needs(&["age", "title"], &[("bought", &[]), ("page_viewed", &["campaign"])]);
        let both = union(&one, &other);
        assert_eq!(
            both,
            needs(
                &["age", "country", "title"],
                &[("bought", &[]), ("page_viewed", &["campaign", "path", "seconds"])]
            )
        );
        assert!(covers(&both, &one) && covers(&both, &other) && covers(&one, &one));
        assert!(!covers(&one, &other) && !covers(&one, &both));
    }
}
