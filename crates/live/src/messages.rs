//! What receivers of webhooks are told: the types of events and their payloads.
//!
//! `docs/user/reference/webhooks.md` describes the payloads to receivers; fields may be added to
//! them, and none may be taken away or change its meaning.

use leads::Timestamp;
use serde::{Serialize, Serializer};

/// How much of a text that people or visitors wrote goes into a payload, in characters. A name as
/// long as a book must not make a message too long for its receiver.
const TEXT_CHARS_MAX: usize = 250;

/// What can be subscribed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventType {
    /// `lead.stage_entered`
    StageEntered,
    /// `lead.stage_left`
    StageLeft,
    /// `lead.bracket_changed`
    BracketChanged,
    /// `lead.disqualified`
    Disqualified,
    /// `lead.requalified`
    Requalified,
    /// `lead.merged`
    Merged,
    /// `import.finished`
    ImportFinished,
    /// `webhook.test`
    Test,
}

/// Something that happened, with all that its receivers are told.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A lead has come into a stage.
    StageEntered(Stages),
    /// A lead has gone out of a stage.
    StageLeft(Stages),
    /// A lead has come from one bracket into another.
    BracketChanged(Brackets),
    /// A lead counts no more, whatever its points.
    Disqualified(Reason),
    /// A lead counts again.
    Requalified(Reason),
    /// Two leads have turned out to be one.
    Merged(MergedLeads),
    /// A file has been read to its end.
    ImportFinished(FinishedImport),
    /// Somebody wants to know whether the endpoint hears us.
    Test(TestCall),
}

/// Who it is about. What is not known is `null` in the payload.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct LeadName {
    /// The lead's id with us.
    pub id: String,
    /// Its address.
    #[serde(serialize_with = "cut")]
    pub email: Option<String>,
    /// Its name.
    #[serde(serialize_with = "cut")]
    pub name: Option<String>,
    /// The id of its company.
    #[serde(serialize_with = "cut")]
    pub company: Option<String>,
    /// What the company is called.
    #[serde(serialize_with = "cut")]
    pub company_name: Option<String>,
    /// The company's domain.
    #[serde(serialize_with = "cut")]
    pub company_domain: Option<String>,
}

/// Where a lead stands under a model, at the instant the event is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
    /// Which lead.
    pub lead: LeadName,
    /// The model's name.
    pub model: String,
    /// The version of the model that decided.
    pub model_version: u32,
    /// When it happened.
    pub at: Timestamp,
    /// The id of the transition that this tells of, by which the API has it.
    pub transition: String,
    /// The score, on the model's scale.
    pub score: i64,
    /// The grade of the model's grid, such as `A1`.
    pub grade: Option<String>,
    /// The bracket, such as `hot`.
    pub bracket: Option<String>,
    /// The stage, such as `sales_qualified`; after the change, where it is one of stages.
    pub stage: Option<String>,
    /// Whether the lead counts no more.
    pub disqualified: bool,
    /// What the score is made of; `None`: no card was kept of that instant.
    pub card: Option<Card>,
}

/// The score card in short: what gives or takes most.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Card {
    /// The points for who the lead is.
    pub fit: i64,
    /// The points for what it does.
    pub engagement: i64,
    /// The criteria that give or take most, the most first, [`Card::CRITERIA_MAX`] at most.
    pub criteria: Vec<CardCriterion>,
    /// How many more there are that give or take something.
    pub more: usize,
}

/// What a criterion gives or takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CardCriterion {
    /// Its name.
    #[serde(serialize_with = "cut_text")]
    pub criterion: String,
    /// The name of its group.
    #[serde(serialize_with = "cut_text")]
    pub group: String,
    /// Its points as a decimal number in a text, exact as in the score card.
    pub points: String,
}

impl Card {
    /// So many criteria are told of: with names of 100 characters and all that people wrote beside them the
    /// message stays below 20 KB.
    pub const CRITERIA_MAX: usize = 8;

    /// From a score card as it is kept, in JSON.
    pub(crate) fn of(card: &str) -> Option<Self> {
        let card: serde_json::Value = serde_json::from_str(card).ok()?;
        let mut all = Vec::new();
        for group in card["groups"].as_array()? {
            for one in group["criteria"].as_array()? {
                let points = one["value"].as_str()?;
                // Only to find the largest: what is told is the text.
                let size = points.parse::<f64>().ok()?.abs();
                if size > 0.0 {
                    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
                    let (criterion, group) = (text(&one["criterion"])?, text(&group["group"])?);
                    all.push((size, CardCriterion { criterion, group, points: points.to_owned() }));
                }
            }
        }
        all.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let more = all.len().saturating_sub(Self::CRITERIA_MAX);
        let criteria = all.into_iter().take(Self::CRITERIA_MAX).map(|(_, criterion)| criterion);
        Some(Self {
            fit: card["fit"].as_i64()?,
            engagement: card["engagement"].as_i64()?,
            criteria: criteria.collect(),
            more,
        })
    }
}

/// Payload of `lead.stage_entered` and `lead.stage_left`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stages {
    /// Where the lead stands now.
    #[serde(flatten)]
    pub standing: Standing,
    /// The stage it was in; `null` where in none.
    pub from: Option<String>,
    /// The stage it is in now; `null` where in none.
    pub to: Option<String>,
    /// Why, in a sentence.
    #[serde(serialize_with = "cut")]
    pub reason: Option<String>,
}

/// Payload of `lead.bracket_changed`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Brackets {
    /// Where the lead stands now.
    #[serde(flatten)]
    pub standing: Standing,
    /// The bracket it was in; `null` for a lead that had no score yet.
    pub from: Option<String>,
    /// The bracket it is in now.
    pub to: Option<String>,
}

/// Payload of `lead.disqualified` and `lead.requalified`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reason {
    /// Where the lead stands now.
    #[serde(flatten)]
    pub standing: Standing,
    /// Why, in a sentence.
    #[serde(serialize_with = "cut")]
    pub reason: Option<String>,
}

/// Payload of `lead.merged`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MergedLeads {
    /// The lead that both are now.
    pub lead: LeadName,
    /// The id of the lead that it took in, which names nobody from now on.
    pub merged_lead: String,
    /// The id of the merge, by which it can be undone.
    pub merge: String,
    /// When.
    pub at: Timestamp,
    /// What brought them together, in a sentence.
    #[serde(serialize_with = "cut")]
    pub reason: Option<String>,
}

/// Payload of `import.finished`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FinishedImport {
    /// The import's id.
    pub import: String,
    /// The file's name.
    #[serde(serialize_with = "cut")]
    pub name: Option<String>,
    /// How it ended: `finished`, `failed` or `cancelled`.
    pub state: String,
    /// Rows read.
    pub rows: u64,
    /// Rows that were taken.
    pub taken: u64,
    /// Rows that said what was known already.
    pub repeated: u64,
    /// Rows that could not be taken.
    pub rejected: u64,
    /// When it ended.
    pub at: Timestamp,
}

/// Payload of `webhook.test`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TestCall {
    /// The endpoint's id.
    pub endpoint: String,
    /// Something for a person to read.
    #[serde(serialize_with = "cut")]
    pub note: Option<String>,
}

/// The JSON of a message. The order of the fields is that of Standard Webhooks.
#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: &'a Event,
}

impl EventType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::StageEntered,
        Self::StageLeft,
        Self::BracketChanged,
        Self::Disqualified,
        Self::Requalified,
        Self::Merged,
        Self::ImportFinished,
        Self::Test,
    ];

    /// Its name, as receivers see it and the store keeps it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StageEntered => "lead.stage_entered",
            Self::StageLeft => "lead.stage_left",
            Self::BracketChanged => "lead.bracket_changed",
            Self::Disqualified => "lead.disqualified",
            Self::Requalified => "lead.requalified",
            Self::Merged => "lead.merged",
            Self::ImportFinished => "import.finished",
            Self::Test => "webhook.test",
        }
    }

    /// The type of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Event {
    /// Which type it is of.
    pub const fn kind(&self) -> EventType {
        match self {
            Self::StageEntered(_) => EventType::StageEntered,
            Self::StageLeft(_) => EventType::StageLeft,
            Self::BracketChanged(_) => EventType::BracketChanged,
            Self::Disqualified(_) => EventType::Disqualified,
            Self::Requalified(_) => EventType::Requalified,
            Self::Merged(_) => EventType::Merged,
            Self::ImportFinished(_) => EventType::ImportFinished,
            Self::Test(_) => EventType::Test,
        }
    }

    /// Which lead it is about, where it is about one: to add what is known of it.
    pub const fn lead_mut(&mut self) -> Option<&mut LeadName> {
        match self {
            Self::StageEntered(about) | Self::StageLeft(about) => Some(&mut about.standing.lead),
            Self::BracketChanged(about) => Some(&mut about.standing.lead),
            Self::Disqualified(about) | Self::Requalified(about) => Some(&mut about.standing.lead),
            Self::Merged(about) => Some(&mut about.lead),
            Self::ImportFinished(_) | Self::Test(_) => None,
        }
    }

    /// The event written out as it is kept, signed and sent, byte for byte. `at` is when the message came to
    /// be, and stays the same on every attempt.
    ///
    /// It stays below 20 KB, as Standard Webhooks asks, provided that ids and names of models keep below 255
    /// bytes; longer texts that people wrote are cut off.
    pub fn written(&self, at: Timestamp) -> String {
        let envelope = Envelope { r#type: self.kind().name(), timestamp: at, data: self };
        // Texts and numbers always have a JSON form.
        serde_json::to_string(&envelope).unwrap_or_default()
    }
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn cut<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(text) = text else { return serializer.serialize_none() };
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => serializer.serialize_str(text),
        Some((end, _)) => serializer.serialize_str(&format!("{}…", &text[..end])),
    }
}

/// How much of a criterion's name goes into a payload, in characters.
const NAME_CHARS_MAX: usize = 100;

fn cut_text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match text.char_indices().nth(NAME_CHARS_MAX) {
        None => serializer.serialize_str(text),
        Some((end, _)) => serializer.serialize_str(&format!("{}…", &text[..end])),
    }
}
