//! What a lead has agreed to.

use serde::Serialize;
use serde_json::{Map, Value as Any};
use store::Tx;
use store::consent::{ConsentEvent, EVENT_NAMES, Joined, Standing, consent_state_after_merges};
use store::identity::merges;
use store::reading::LeadRecord;
use utoipa::ToSchema;

use crate::instant::Instant;
use crate::problem::Problem;

/// What counts for a purpose on a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ConsentView {
    /// What for, such as `marketing`, which is what a consent means that names none. Null, of withdrawals only: for
    /// everything.
    purpose: Option<String>,
    /// By which way, such as `email`, which is what a consent means that names none. Null, of withdrawals only: by every
    /// way.
    channel: Option<String>,
    /// Whether it was given and not withdrawn since.
    is_given: bool,
    /// When that was said.
    at: Option<Instant>,
    /// The fact that says so.
    fact: Option<String>,
    /// What proves it: the words that were agreed to, where, from which address.
    #[schema(value_type = Object)]
    proof: Map<String, Any>,
}

/// What the facts of a lead amount to.
pub(super) fn consents(tx: &mut Tx<'_>, record: &LeadRecord) -> Result<Vec<ConsentView>, Problem> {
    let about = record
        .facts
        .iter()
        .filter(|fact| fact.retracted_at.is_none() && EVENT_NAMES.contains(&fact.name.as_str()));
    let bodies: Vec<_> = about
        .map(|fact| {
            let body: Map<String, Any> = serde_json::from_str(&fact.body).unwrap_or_default();
            (fact, body)
        })
        .collect();
    if bodies.is_empty() {
        return Ok(Vec::new());
    }
    let edges = merges(tx, &record.lead)?;
    let joined: Vec<Joined<'_>> = edges
        .iter()
        .filter(|edge| edge.undone_at.is_none())
        .map(|edge| Joined { at: edge.at, into: &edge.winner, from: &edge.loser })
        .collect();
    let events = bodies.iter().map(|(fact, body)| {
        let event = ConsentEvent { at: fact.at, id: &fact.id, name: &fact.name, properties: body };
        (fact.person.as_str(), event)
    });
    let state = consent_state_after_merges(&record.lead, events, &joined);
    let views = state.all().map(|(purpose, channel, standing)| {
        let (is_given, statement) = match standing {
            Standing::Given(statement) => (true, Some(statement)),
            Standing::Withdrawn(statement) => (false, Some(statement)),
            Standing::Unknown => (false, None),
        };
        ConsentView {
            purpose: purpose.map(str::to_owned),
            channel: channel.map(str::to_owned),
            is_given,
            at: statement.map(|statement| statement.at.into()),
            fact: statement.map(|statement| statement.fact.clone()),
            proof: statement.map(|statement| statement.properties.clone()).unwrap_or_default(),
        }
    });
    Ok(views.collect())
}
