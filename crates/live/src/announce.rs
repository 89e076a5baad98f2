//! What webhooks are told, in the transaction of what they are told of.

use std::collections::BTreeSet;

use leads::Timestamp;
use store::facts::Appended;
use store::identity::{Merge, absorbed_by};
use store::imports::Import;
use store::scores::{LeadRow, Transition, TransitionKind, lead_row};
use store::webhooks::{self, Listeners};
use store::{DbError, Tx, companies_by_id};

use crate::Live;
use crate::judge::Situation;
use crate::messages::{
    Brackets, Card, Event, EventType, FinishedImport, LeadName, MergedLeads, Reason, Stages,
    Standing,
};

/// A message that is ready to be kept.
pub(crate) struct Announcement {
    /// The same however often it is found that it is to be told.
    id: String,
    event: Event,
    about: Option<String>,
    /// When the message came to be.
    at: Timestamp,
}

impl Announcement {
    fn new(id: String, event: Event, about: Option<String>, now: Timestamp) -> Self {
        Self { id, event, about, at: now }
    }

    /// Of a change of a lead; `None` where nobody wants to hear of it.
    pub(crate) fn of_change(
        listeners: &Listeners,
        transition: &Transition,
        situation: &Situation,
        row: &LeadRow,
        now: Timestamp,
    ) -> Option<Self> {
        let kind = match transition.kind {
            TransitionKind::StageEntered => EventType::StageEntered,
            TransitionKind::StageLeft => EventType::StageLeft,
            TransitionKind::Bracket => EventType::BracketChanged,
            TransitionKind::Disqualified => EventType::Disqualified,
            TransitionKind::Requalified => EventType::Requalified,
        };
        // Most have no webhooks, and a card is long.
        if !listeners.hear(kind.name()) {
            return None;
        }
        let standing = Standing {
            lead: name_of(&transition.lead, Some(row)),
            model: transition.model.clone(),
            model_version: u32::try_from(transition.version).unwrap_or_default(),
            at: transition.at,
            transition: transition.id.clone(),
            score: transition.score,
            grade: situation.grade.clone(),
            bracket: situation.bracket.clone(),
            stage: situation.stage.clone(),
            disqualified: situation.is_disqualified,
            card: transition.card.as_deref().and_then(Card::of),
        };
        let (from, to) = (transition.from.clone(), transition.to.clone());
        // Standard Webhooks signs `id.timestamp.body`: an id without dots cannot be mistaken.
        let id = transition.id.replace("tr_", "msg_");
        let reason = Some(transition.reason.clone());
        let event = match transition.kind {
            TransitionKind::StageEntered => {
                let from = situation.stage_before.clone();
                Event::StageEntered(Stages { standing, from, to, reason })
            }
            TransitionKind::StageLeft => {
                let to = situation.stage.clone();
                Event::StageLeft(Stages { standing, from, to, reason })
            }
            TransitionKind::Bracket => Event::BracketChanged(Brackets { standing, from, to }),
            TransitionKind::Disqualified => Event::Disqualified(Reason { standing, reason }),
            TransitionKind::Requalified => Event::Requalified(Reason { standing, reason }),
        };
        Some(Self::new(id, event, Some(transition.lead.clone()), now))
    }

    /// Of two leads that became one.
    fn of_merge(tx: &mut Tx<'_>, merge: &Merge, now: Timestamp) -> Result<Self, DbError> {
        let row = lead_row(tx, &merge.winner)?;
        let event = Event::Merged(MergedLeads {
            lead: name_of(&merge.winner, row.as_ref()),
            merged_lead: merge.loser.clone(),
            merge: merge.id.clone(),
            at: merge.at,
            reason: Some(merge.reason.clone()),
        });
        Ok(Self::new(format!("msg_{}", merge.id), event, Some(merge.winner.clone()), now))
    }
}

impl Live {
    /// Tells webhooks that two leads became one, in the transaction in which they do.
    pub fn tell_of_merge(tx: &mut Tx<'_>, merge: &Merge, now: Timestamp) -> Result<(), DbError> {
        let listeners = Listeners::read(tx)?;
        let announcement = Announcement::of_merge(tx, merge, now)?;
        announce(tx, &listeners, vec![announcement], now)
    }

    /// The same of all leads that became one as reports were appended.
    pub(crate) fn tell_of_joined(
        tx: &mut Tx<'_>,
        appended: &Appended,
        now: Timestamp,
    ) -> Result<(), DbError> {
        if appended.joined.is_empty() {
            return Ok(());
        }
        let listeners = Listeners::read(tx)?;
        if !listeners.hear(EventType::Merged.name()) {
            return Ok(());
        }
        let mut announcements = Vec::new();
        for lead in &appended.joined {
            if let Some(merge) = absorbed_by(tx, lead)? {
                announcements.push(Announcement::of_merge(tx, &merge, now)?);
            }
        }
        announce(tx, &listeners, announcements, now)
    }

    /// Tells webhooks how an import ended, in the transaction in which it does.
    pub fn tell_of_import(tx: &mut Tx<'_>, import: &Import, now: Timestamp) -> Result<(), DbError> {
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let event = Event::ImportFinished(FinishedImport {
            import: import.id.clone(),
            name: Some(import.name.clone()),
            state: import.state.as_str().to_owned(),
            rows: number(import.next_row),
            taken: number(import.taken),
            repeated: number(import.repeated),
            rejected: number(import.rejected),
            at: import.finished_at.unwrap_or(now),
        });
        // An import may fail, be resumed and end again.
        let id = format!("msg_{}-{}", import.id, now.as_millis());
        let listeners = Listeners::read(tx)?;
        announce(tx, &listeners, vec![Announcement::new(id, event, None, now)], now)
    }
}

/// Keeps messages for those of `listeners` that want to hear of them. Companies are called what they are
/// called by the end of the transaction: they are looked up here, all at once.
pub(crate) fn announce(
    tx: &mut Tx<'_>,
    listeners: &Listeners,
    mut announcements: Vec<Announcement>,
    now: Timestamp,
) -> Result<(), DbError> {
    if announcements.is_empty() {
        return Ok(());
    }
    let mut leads: Vec<&mut LeadName> =
        announcements.iter_mut().filter_map(|announcement| announcement.event.lead_mut()).collect();
    let ids: BTreeSet<&str> = leads.iter().filter_map(|lead| lead.company.as_deref()).collect();
    let companies = companies_by_id(tx, &ids)?;
    for lead in &mut leads {
        if let Some(company) = lead.company.as_ref().and_then(|id| companies.get(id)) {
            lead.company_name.clone_from(&company.name);
            lead.company_domain.clone_from(&company.domain);
        }
    }
    let payloads: Vec<String> = announcements
        .iter()
        .map(|announcement| announcement.event.written(announcement.at))
        .collect();
    let messages: Vec<webhooks::Message<'_>> = announcements
        .iter()
        .zip(&payloads)
        .map(|(announcement, payload)| webhooks::Message {
            id: &announcement.id,
            event_type: announcement.event.kind().name(),
            about: announcement.about.as_deref(),
            payload,
        })
        .collect();
    webhooks::enqueue(tx, listeners, &messages, now).map(|_| ())
}

fn name_of(lead: &str, row: Option<&LeadRow>) -> LeadName {
    LeadName {
        id: lead.to_owned(),
        email: row.and_then(|row| row.email.clone()),
        name: row.and_then(|row| row.name.clone()),
        company: row.and_then(|row| row.company.clone()),
        company_name: None,
        company_domain: None,
    }
}
