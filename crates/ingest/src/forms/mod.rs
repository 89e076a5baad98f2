//! Forms that are filled in: a JSON object or what a browser sends becomes reports, as a mapping
//! says.

mod fields;
mod secrets;
mod suggest;

use std::collections::BTreeMap;

use leads::{EmailAddress, MachineSign, Report, Timestamp, Trust, What, Who};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::Envelope;
use crate::email_traits;
use crate::identity::{Id, read_id};

pub use fields::{Fields, read_fields};
use secrets::without_card_numbers;
pub(crate) use secrets::without_secrets;
pub(crate) use suggest::{FilledIn, filled_in};
pub use suggest::{Suggested, suggest};

/// The largest form, in bytes: without files nobody fills in a tenth of it.
pub const FORM_BYTES_MAX: usize = 256 << 10;

/// What the fields of a form are, kept as JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormMapping {
    /// The form's name; it becomes the property `form`, which models ask for.
    pub form: String,
    /// The event that a filled-in form is.
    #[serde(default = "form_submitted")]
    pub event: String,
    /// What each field is.
    pub fields: BTreeMap<String, FieldUse>,
    /// Traits that everybody gets who fills the form in.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub traits: Map<String, Json>,
    /// Properties that every such event gets.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Json>,
    /// What happens to fields that are not named.
    #[serde(default)]
    pub others: OtherFields,
    /// Whoever fills the form in sooner is thought to be a program; needs a field of
    /// [`FieldUse::Seconds`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_min: Option<f64>,
}

/// What a field is for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
pub enum FieldUse {
    /// The person's address.
    Email,
    /// The customer's own id for the person.
    User,
    /// The visitor's id, which the tracking script knows.
    Anonymous,
    /// When it was filled in; believed of trusted senders only.
    At,
    /// What identifies the submission: sent again, it counts once.
    Id,
    /// The address of the page that the form stands on.
    Page,
    /// A trait, by its dotted path.
    Trait {
        /// Such as `company.name`.
        path: String,
    },
    /// The answer to a question that qualifies: the trait `answers.` and this name.
    Answer {
        /// Such as `budget`.
        question: String,
    },
    /// A property of the event.
    Property {
        /// Its dotted path.
        path: String,
    },
    /// A box that is ticked to agree.
    Consent {
        /// What for, such as `marketing`.
        purpose: String,
        /// By which way, such as `email`, which is what is meant where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// The words that stood beside it: the proof.
        text: String,
        /// Whether leaving it empty takes an earlier consent back. A browser sends nothing for an
        /// empty box.
        #[serde(default)]
        empty_withdraws: bool,
    },
    /// A field that people do not see: whoever fills it in is a program.
    Honeypot,
    /// How many seconds the page's script saw the form open.
    Seconds,
    /// Never taken.
    Never,
}

/// What happens to fields that a mapping does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherFields {
    /// They become properties of the event under `fields.`.
    #[default]
    Keep,
    /// They are left out.
    Drop,
}

/// What became of a form.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// The person's traits, the event, then the consents.
    pub reports: Vec<Report>,
    /// The fields that were not taken.
    pub left_out: Vec<LeftOut>,
}

/// A field that was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// The field.
    pub field: String,
    /// For programs: `secret`, `card_number`, `dropped`, `blocked_id`, `bad_email`, `bad_id` or
    /// `bad_instant`.
    pub code: &'static str,
}

/// Why a form was not taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FormError {
    /// More bytes than are taken.
    #[error("the form has {size} bytes, more than the {FORM_BYTES_MAX} that are taken")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// Neither a JSON object nor what a browser sends.
    #[error("the form {reason}")]
    Malformed {
        /// What is wrong and what to do.
        reason: String,
    },
    /// No field says who filled it in.
    #[error("the form names nobody: one of the fields {} must have a value", fields.join(", "))]
    NoIdentity {
        /// The fields that could.
        fields: Vec<String>,
    },
}

impl FormError {
    /// For programs: `too_large`, `malformed` or `no_identity`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed",
            Self::NoIdentity { .. } => "no_identity",
        }
    }
}

fn form_submitted() -> String {
    "form_submitted".to_owned()
}

/// Reads a form. `fresh_id` gives an id, never the same twice, to a submission without one.
pub fn read(
    bytes: &[u8],
    mapping: &FormMapping,
    envelope: &Envelope,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Submission, FormError> {
    let fields = read_fields(bytes)?;
    let mut sheet = Sheet::new(mapping, envelope);
    for (field, value) in fields {
        sheet.take(&field, value);
    }
    sheet.close(fresh_id)
}

/// A form while its fields are looked at.
struct Sheet<'a> {
    mapping: &'a FormMapping,
    envelope: &'a Envelope,
    who: Who,
    id: Option<String>,
    at: Timestamp,
    page: Option<Json>,
    traits: Map<String, Json>,
    properties: Map<String, Json>,
    /// The boxes that were ticked.
    ticked: Vec<String>,
    machine: Option<MachineSign>,
    left_out: Vec<LeftOut>,
}

impl<'a> Sheet<'a> {
    fn new(mapping: &'a FormMapping, envelope: &'a Envelope) -> Self {
        Self {
            mapping,
            envelope,
            who: Who::default(),
            id: None,
            at: envelope.received_at,
            page: None,
            traits: mapping.traits.clone(),
            properties: mapping.properties.clone(),
            ticked: Vec::new(),
            machine: envelope.machine(None),
            left_out: Vec::new(),
        }
    }

    fn leave_out(&mut self, field: &str, code: &'static str) {
        self.left_out.push(LeftOut { field: field.to_owned(), code });
    }

    fn take(&mut self, field: &str, value: Json) {
        let Some(mut value) = present(value) else { return };
        let usage = self.mapping.fields.get(field);
        if usage.is_none() && secrets::is_secret(field) {
            return self.leave_out(field, "secret");
        }
        // An id may look like a card number, and must stay what it is.
        let is_content = matches!(
            usage,
            None | Some(
                FieldUse::Trait { .. } | FieldUse::Answer { .. } | FieldUse::Property { .. }
            )
        );
        if is_content && without_card_numbers(&mut value) {
            self.leave_out(field, "card_number");
        }
        match usage {
            None if self.mapping.others == OtherFields::Drop => self.leave_out(field, "dropped"),
            None => {
                self.properties.insert(format!("fields.{field}"), value);
            }
            Some(FieldUse::Never) => self.leave_out(field, "secret"),
            Some(FieldUse::Email) => match value.as_str().map(EmailAddress::parse) {
                Some(Ok(address)) => self.who.email = Some(address),
                _ => self.leave_out(field, "bad_email"),
            },
            Some(FieldUse::User) => self.who.user = self.identity(field, &value),
            Some(FieldUse::Anonymous) => self.who.anonymous = self.identity(field, &value),
            Some(FieldUse::Id) => self.id = self.identity(field, &value),
            Some(FieldUse::At) => self.take_instant(field, &value),
            Some(FieldUse::Page) => self.page = Some(value),
            Some(FieldUse::Trait { path }) => {
                self.traits.insert(path.clone(), value);
            }
            Some(FieldUse::Answer { question }) => {
                self.traits.insert(format!("answers.{question}"), value);
            }
            Some(FieldUse::Property { path }) => {
                self.properties.insert(path.clone(), value);
            }
            Some(FieldUse::Consent { .. }) => {
                if is_ticked(&value) {
                    self.ticked.push(field.to_owned());
                }
            }
            Some(FieldUse::Honeypot) if value == Json::Bool(false) => {}
            Some(FieldUse::Honeypot) => self.suspect("honeypot", 95),
            Some(FieldUse::Seconds) => {
                let seconds = match &value {
                    Json::Number(number) => number.as_f64(),
                    Json::String(text) => leads::read_number(text),
                    _ => None,
                };
                if let (Some(seconds), Some(min)) = (seconds, self.mapping.seconds_min)
                    && seconds < min
                {
                    self.suspect("filled_too_fast", 80);
                }
            }
        }
    }

    /// Of several signs the surest stays.
    fn suspect(&mut self, reason: &str, confidence: u8) {
        if self.machine.as_ref().is_none_or(|sign| sign.confidence < confidence) {
            self.machine = Some(MachineSign { reason: reason.to_owned(), confidence });
        }
    }

    fn identity(&mut self, field: &str, value: &Json) -> Option<String> {
        match read_id(Some(value)) {
            Ok(Id::Known(id)) => return Some(id),
            Ok(Id::Absent) => {}
            Ok(Id::Blocked(_)) => self.leave_out(field, "blocked_id"),
            Err(_) => self.leave_out(field, "bad_id"),
        }
        None
    }

    fn take_instant(&mut self, field: &str, value: &Json) {
        let text = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        match Timestamp::parse(&text) {
            Ok(at) if self.envelope.trust == Trust::Trusted => {
                self.at = at.min(self.envelope.received_at);
            }
            Ok(_) => {}
            Err(_) => self.leave_out(field, "bad_instant"),
        }
    }

    fn close(mut self, fresh_id: &mut dyn FnMut() -> String) -> Result<Submission, FormError> {
        if self.who.is_nobody() {
            let names = self.mapping.fields.iter().filter(|(_, usage)| {
                matches!(usage, FieldUse::Email | FieldUse::User | FieldUse::Anonymous)
            });
            let fields = names.map(|(field, _)| field.clone()).collect();
            return Err(FormError::NoIdentity { fields });
        }
        if let Some(address) = &self.who.email {
            self.traits.insert("email".to_owned(), address.as_str().into());
            self.traits.extend(email_traits(address));
        }
        let form = &self.mapping.form;
        let id = submission_id(form, &self.id.take().unwrap_or_else(fresh_id));
        let mut reports = Vec::new();
        let traits = std::mem::take(&mut self.traits);
        if !traits.is_empty() {
            reports.push(self.report(format!("{id}:traits"), What::Traits(traits)));
        }
        let mut properties = std::mem::take(&mut self.properties);
        properties.insert("form".to_owned(), form.clone().into());
        if let Some(page) = &self.page {
            properties.insert("url".to_owned(), page.clone());
        }
        let event = What::Event { name: self.mapping.event.clone(), properties };
        reports.push(self.report(format!("{id}:event"), event));
        for (number, (name, properties)) in self.consents().into_iter().enumerate() {
            let event = What::Event { name: name.to_owned(), properties };
            reports.push(self.report(format!("{id}:consent:{number}"), event));
        }
        Ok(Submission { reports, left_out: self.left_out })
    }

    fn report(&self, id: String, what: What) -> Report {
        Report {
            id,
            at: self.at,
            received_at: self.envelope.received_at,
            source: self.envelope.source.clone(),
            trust: self.envelope.trust,
            who: self.who.clone(),
            what,
            machine: self.machine.clone(),
        }
    }

    /// Every consent of the mapping that was given or, where that is meant, taken back, in the order
    /// of the fields' names.
    fn consents(&self) -> Vec<(&'static str, Map<String, Json>)> {
        let mut events = Vec::new();
        for (field, usage) in &self.mapping.fields {
            let FieldUse::Consent { purpose, channel, text, empty_withdraws } = usage else {
                continue;
            };
            let name = match (self.ticked.contains(field), empty_withdraws) {
                (true, _) => "consent_given",
                (false, true) => "consent_withdrawn",
                (false, false) => continue,
            };
            let mut properties = Map::new();
            let mut put = |key: &str, value: Json| properties.insert(key.to_owned(), value);
            put("purpose", purpose.clone().into());
            put("text", text.clone().into());
            put("form", self.mapping.form.clone().into());
            if let Some(channel) = channel {
                put("channel", channel.clone().into());
            }
            if let Some(page) = &self.page {
                put("url", page.clone());
            }
            if let Some(ip) = self.envelope.ip {
                put("ip", ip.to_string().into());
            }
            events.push((name, properties));
        }
        events
    }
}

/// Of an id that would be too long the hash is used.
fn submission_id(form: &str, id: &str) -> String {
    let whole = format!("form:{form}:{id}");
    // The longest ending is `:consent:` and a number.
    if whole.len() + 20 <= Report::ID_MAX {
        return whole;
    }
    format!("form:hash-{:032x}", xxhash_rust::xxh3::xxh3_128(whole.as_bytes()))
}

/// A value with something in it, text trimmed.
fn present(value: Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::String(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| text.into())
        }
        Json::Array(items) => {
            let items: Vec<Json> = items.into_iter().filter_map(present).collect();
            (!items.is_empty()).then_some(Json::Array(items))
        }
        other => Some(other),
    }
}

/// Whether a box was ticked: browsers send `on` or what the page says; an explicit no is a no.
fn is_ticked(value: &Json) -> bool {
    match value {
        Json::Bool(truth) => *truth,
        Json::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Json::String(text) => {
            !matches!(text.to_lowercase().as_str(), "false" | "0" | "no" | "off" | "nu" | "n" | "f")
        }
        Json::Array(items) => items.iter().any(is_ticked),
        Json::Null | Json::Object(_) => false,
    }
}
