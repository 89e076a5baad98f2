//! What facts are called, for whoever writes a model or a segment.

use axum::Json;
use axum::extract::State;
use live::Vocabulary;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::instant::Instant;
use crate::problem::Problem;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_vocabulary))
}

/// What traits and events are called.
#[derive(Debug, Serialize, ToSchema)]
struct VocabularyView {
    /// Traits, those of most leads first, 2,000 at most.
    traits: Vec<TraitView>,
    /// Events, the most frequent first, 2,000 at most.
    events: Vec<EventView>,
    /// Whether there are more: then the rarest are left out.
    is_cut: bool,
}

/// A trait that leads have.
#[derive(Debug, Serialize, ToSchema)]
struct TraitView {
    /// Its dotted path.
    path: String,
    /// What its values are: `text`, `number`, `boolean`, `instant`, `list`.
    kinds: Vec<&'static str>,
    /// How many leads have it.
    leads: u64,
}

/// An event that happened.
#[derive(Debug, Serialize, ToSchema)]
struct EventView {
    /// Its name.
    name: String,
    /// How many there are; a few that were reported twice may count twice.
    count: u64,
    /// When the latest happened.
    last_at: Instant,
    /// Its properties, by path, 200 at most. Of frequent events not each is looked at.
    properties: Vec<PropertyView>,
}

/// A property of an event.
#[derive(Debug, Serialize, ToSchema)]
struct PropertyView {
    /// Its dotted path.
    path: String,
    /// What its values are: `text`, `number`, `boolean`, `instant`, `list`.
    kinds: Vec<&'static str>,
}

impl From<Vocabulary> for VocabularyView {
    fn from(vocabulary: Vocabulary) -> Self {
        let traits = vocabulary.traits.into_iter().map(|word| TraitView {
            path: word.path,
            kinds: word.kinds,
            leads: word.leads,
        });
        let events = vocabulary.events.into_iter().map(|word| EventView {
            name: word.name,
            count: word.count,
            last_at: word.last_at.into(),
            properties: word
                .properties
                .into_iter()
                .map(|(path, kinds)| PropertyView { path, kinds })
                .collect(),
        });
        Self { traits: traits.collect(), events: events.collect(), is_cut: vocabulary.is_cut }
    }
}

/// What traits, events and their properties are called in the facts that there are: for completion where
/// models and segments are written.
#[utoipa::path(get, path = "/api/v1/vocabulary", tag = "models",
    responses((status = 200, body = VocabularyView)))]
async fn show_vocabulary(State(app): State<App>) -> Result<Json<VocabularyView>, Problem> {
    let live = app.live.clone();
    Ok(Json(app.block(move || live.vocabulary()).await?.into()))
}
