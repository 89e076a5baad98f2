//! Everyone's facts in memory, kept up to date, for whatever looks at everyone: ticks, what-if,
//! back-tests, segments.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use history::{Growing, History};
use leads::LeadFacts;
use scoring::Needs;
use store::reading::each_lead;

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
    /// While a new one is built: what changed meanwhile, the last word on each lead; `None` for one
    /// that is gone.
    meanwhile: Option<BTreeMap<String, Option<LeadFacts>>>,
}

impl Everyone {
    pub(crate) fn put(&self, facts: &LeadFacts) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(growing) = &mut state.growing {
            growing.put(facts);
        }
        if let Some(meanwhile) = &mut state.meanwhile {
            meanwhile.insert(facts.lead.clone(), Some(facts.clone()));
        }
    }

    pub(crate) fn remove(&self, lead: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(growing) = &mut state.growing {
            growing.remove(lead);
        }
        if let Some(meanwhile) = &mut state.meanwhile {
            meanwhile.insert(lead.to_owned(), None);
        }
    }

    /// Everyone as of now, where it was gathered for at least these needs.
    fn snapshot(&self, needs: &Needs) -> Option<Arc<History>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
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
        let lock = || everyone.state.lock().unwrap_or_else(PoisonError::into_inner);
        lock().meanwhile = Some(BTreeMap::new());
        let mut growing = Growing::new(needs.clone());
        let email_kind = self.inner.around.email_kind;
        let gathered = self.inner.store.read(|tx| {
            each_lead(tx, &self.inner.segments, |record| {
                growing.put(&record.facts(&email_kind));
                Ok::<(), LiveError>(())
            })
        });
        let mut state = lock();
        let meanwhile = state.meanwhile.take().unwrap_or_default();
        gathered?;
        for (lead, facts) in meanwhile {
            match facts {
                Some(facts) => growing.put(&facts),
                None => growing.remove(&lead),
            }
        }
        let history = Arc::new(growing.snapshot());
        state.growing = Some(growing);
        Ok(history)
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
