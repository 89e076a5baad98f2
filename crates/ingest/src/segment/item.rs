//! One call becomes reports, or is rejected.

use leads::{EmailAddress, MachineSign, Report, Timestamp, Trust, What, Who};
use serde_json::{Map, Value as Json};
use xxhash_rust::xxh3::xxh3_128;

use super::{CALL_BYTES_MAX, Call, Item, Note, Rejection, Shared};
use super::{context, deals, instants, names, traits};
use crate::document::{TreeErrorKind, VALUES_MAX, read_tree};
use crate::forms::{self, FilledIn};
use crate::identity::{Id, read_id};
use crate::{Envelope, email_traits, machines};

/// The longest name of an event, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// The longest `messageId` that is kept as it is: Segment's 100 characters, and what leaves room for
/// the prefix within [`Report::ID_MAX`]. Of a longer one the hash is the id.
const MESSAGE_ID_CHARS_MAX: usize = 100;
const MESSAGE_ID_BYTES_MAX: usize = 200;
/// Fewer characters than this are a number or a name that another sender may give, too. SDKs give a UUID or the
/// like, which no two give.
const SHORT_ID_CHARS: usize = 16;

pub(super) struct Reader<'e> {
    pub(super) envelope: &'e Envelope,
    pub(super) shared: &'e Shared,
    pub(super) fresh_id: &'e mut dyn FnMut() -> String,
}

/// Why a call cannot be taken; `pointer` is relative to the call.
struct Fault {
    pointer: String,
    code: &'static str,
    message: String,
}

type Object = Map<String, Json>;

impl Reader<'_> {
    /// Reads one call; `call` is what the path says, and otherwise its `type` does.
    pub(super) fn read(
        &mut self,
        index: usize,
        base: &str,
        call: Option<Call>,
        text: &str,
    ) -> Item {
        let mut notes = Notes { base, notes: Vec::new() };
        let verdict = self.reports(call, text, &mut notes).map_err(|fault| Rejection {
            index,
            pointer: format!("{base}{}", fault.pointer),
            code: fault.code,
            message: fault.message,
        });
        Item { index, verdict, notes: notes.notes }
    }

    fn reports(
        &mut self,
        call: Option<Call>,
        text: &str,
        notes: &mut Notes<'_>,
    ) -> Result<Vec<Report>, Fault> {
        let mut item = read_object(text, notes)?;
        let call = match call {
            Some(call) => call,
            None => kind(&item)?,
        };
        let own = take_object(&mut item, "context")?;
        let context = context::merged(&self.shared.context, own);
        let mut said = Said::read(call, &mut item, &context, notes)?;
        let at = self.settle(&item, notes)?;
        let id = self.id(&item, notes)?;
        let company = company_of(call, &said, &context);
        let mut what = self.what(call, &mut item, &context, &mut said, notes)?;
        let filled = filled_in(&mut what);
        said.who.email = said.who.email.or(filled.email);

        let machine = self.machine(&context);
        let report = |id: String, what| Report {
            id,
            at,
            received_at: self.envelope.received_at,
            source: self.envelope.source.clone(),
            trust: self.envelope.trust,
            who: said.who.clone(),
            what,
            machine: machine.clone(),
        };
        let mut reports = vec![report(id.clone(), what)];
        if !filled.traits.is_empty() {
            reports.push(report(format!("{id}:traits"), What::Traits(filled.traits)));
        }
        if let Some((group, traits)) = company {
            let id = self.company_id(&said.who, &group, &traits, at);
            reports.push(report(id, What::Group { group, traits }));
        }
        // An address that came with an event is a trait as well. The same one needs no second fact that day.
        if let (Some(address), false) = (&said.who.email, call == Call::Identify) {
            let mut traits = email_traits(address);
            traits.insert("email".to_owned(), address.as_str().into());
            reports.push(report(self.address_id(&said.who, at), What::Traits(traits)));
        }
        Ok(reports)
    }

    fn settle(&self, item: &Object, notes: &mut Notes<'_>) -> Result<Timestamp, Fault> {
        let there = |key: &str| item.get(key).filter(|value| !value.is_null());
        // A batch's own stamps say when it was put together, which its calls know better.
        let original = there("originalTimestamp").or_else(|| there("timestamp"));
        let original = original.or(self.shared.original_timestamp.as_ref());
        let sent = there("sentAt").or(self.shared.sent_at.as_ref());
        let Envelope { received_at, trust, .. } = *self.envelope;
        let settled = instants::settle(original, sent, received_at, trust)
            .map_err(|message| Fault::at("/timestamp", "bad_timestamp", message))?;
        for (code, field, message) in settled.notes {
            notes.add(&format!("/{field}"), code, message);
        }
        Ok(settled.at)
    }

    /// The fact's id: `messageId`, so kept apart that a public key cannot forestall what a server will say, and
    /// a short one among those of its source.
    fn id(&mut self, item: &Object, notes: &mut Notes<'_>) -> Result<String, Fault> {
        let space = self.space();
        let given = match item.get("messageId") {
            None | Some(Json::Null) => String::new(),
            Some(Json::String(text)) => text.trim().to_owned(),
            Some(Json::Number(number)) => number.to_string(),
            Some(_) => {
                let message = "must be text of at most 100 characters".to_owned();
                return Err(Fault::at("/messageId", "wrong_type", message));
            }
        };
        if given.is_empty() {
            return Ok(format!("{space}{}", (self.fresh_id)()));
        }
        let long = given.chars().count() > MESSAGE_ID_CHARS_MAX;
        let odd = given.chars().any(char::is_control);
        if long || odd || given.len() > MESSAGE_ID_BYTES_MAX {
            let message =
                "is longer than 100 characters, or has control characters: its hash is used";
            notes.add("/messageId", "message_id_hashed", message.to_owned());
            return Ok(format!("{space}hash-{:032x}", xxh3_128(given.as_bytes())));
        }
        if given.chars().count() < SHORT_ID_CHARS {
            return Ok(format!("{space}{}/{given}", self.envelope.source));
        }
        Ok(format!("{space}{given}"))
    }

    /// What ids of facts begin with, apart for those whom nobody has to believe.
    fn space(&self) -> &'static str {
        match self.envelope.trust {
            Trust::Public => "web:",
            Trust::Trusted => "call:",
        }
    }

    /// One fact a day for each address of each subject that a source has named: calls repeat it all the time, and
    /// whoever goes back to an address that they had before has it again.
    fn address_id(&self, who: &Who, at: Timestamp) -> String {
        let parts = [self.subject(who), day(at)].join("\u{1f}");
        format!("address:{:032x}", xxh3_128(parts.as_bytes()))
    }

    /// One fact a day for each subject and company that a source has named together, and for each thing
    /// that is said of the company: an SDK repeats it with every call.
    fn company_id(&self, who: &Who, group: &str, traits: &Object, at: Timestamp) -> String {
        let said = serde_json::to_string(traits).unwrap_or_default();
        let parts = [&self.subject(who), group, &day(at), &said].join("\u{1f}");
        format!("{}company:{:032x}", self.space(), xxh3_128(parts.as_bytes()))
    }

    /// Whom a source names, as one text.
    fn subject(&self, who: &Who) -> String {
        let text = |id: &Option<String>| id.clone().unwrap_or_default();
        let email = who.email.as_ref().map_or("", EmailAddress::as_str);
        [&self.envelope.source, &text(&who.anonymous), &text(&who.user), email].join("\u{1f}")
    }

    fn what(
        &self,
        call: Call,
        item: &mut Object,
        context: &Object,
        said: &mut Said,
        notes: &mut Notes<'_>,
    ) -> Result<What, Fault> {
        match call {
            Call::Identify => {
                let mut traits = std::mem::take(&mut said.traits);
                for (path, value) in context::utm_traits(context) {
                    traits.entry(path).or_insert(value);
                }
                if let Some(address) = &said.who.email {
                    traits.entry("email").or_insert_with(|| address.as_str().into());
                    traits.extend(email_traits(address));
                }
                Ok(What::Traits(traits))
            }
            Call::Track => {
                let name = event_name(item)?;
                let mut properties = take_object(item, "properties")?;
                if self.envelope.trust == Trust::Trusted
                    && let Some(deal) = deals::deal(&name, &properties)
                {
                    return Ok(What::Deal(deal));
                }
                let ours = names::ours(&name);
                if ours.is_some_and(|ours| ours != name) {
                    properties.insert("original_event".to_owned(), name.clone().into());
                }
                let name = ours.map_or(name, str::to_owned);
                complete(&name, &mut properties);
                let call = if name == "page_viewed" { Call::Page } else { call };
                context::add_to(&mut properties, context, call);
                Ok(What::Event { name, properties })
            }
            Call::Page | Call::Screen => {
                let mut properties = take_object(item, "properties")?;
                for key in ["name", "category"] {
                    if let Some(value) = item.get(key).filter(|value| value.is_string()) {
                        properties.entry(key).or_insert_with(|| value.clone());
                    }
                }
                context::add_to(&mut properties, context, call);
                let name = if call == Call::Page { "page_viewed" } else { "screen_viewed" };
                Ok(What::Event { name: name.to_owned(), properties })
            }
            Call::Group => {
                let group = required_id(item, "groupId", "the company's id", notes)?;
                let traits = traits::company(take_object(item, "traits")?);
                Ok(What::Group { group, traits })
            }
            Call::Alias => {
                let previous = required_id(item, "previousId", "the id that is given up", notes)?;
                if said.who.user.as_ref() == Some(&previous) {
                    let message = "is the userId itself: send the id that is given up".to_owned();
                    return Err(Fault::at("/previousId", "same_id", message));
                }
                Ok(What::Alias { previous })
            }
            Call::Batch => Err(Fault::at("/type", "unknown_type", TYPES.to_owned())),
        }
    }

    /// The surest sign of the call and of the request. What a program says of itself in the call does
    /// not make it a person.
    fn machine(&self, context: &Object) -> Option<MachineSign> {
        let by_call = machines::classify(&machines::Signs {
            user_agent: context.get("userAgent").and_then(Json::as_str),
            webdriver: context.get("webdriver").and_then(Json::as_bool) == Some(true),
            ..machines::Signs::default()
        });
        let by_request = self.envelope.machine(context::library(context));
        machines::surest(by_call.into_iter().chain(by_request))
    }
}

/// Whom a call names, and the traits it has (identify's, or those that the context repeats).
struct Said {
    who: Who,
    traits: Object,
}

impl Said {
    fn read(
        call: Call,
        item: &mut Object,
        context: &Object,
        notes: &mut Notes<'_>,
    ) -> Result<Self, Fault> {
        let mut traits = match context.get("traits") {
            Some(Json::Object(traits)) => traits.clone(),
            _ => Object::new(),
        };
        // A group's traits are its company's.
        if call == Call::Identify {
            traits.extend(take_object(item, "traits")?);
        }
        let (traits, email) = traits::person(traits);
        if let (None, Some(Json::String(text))) = (&email, traits.get("email"))
            && !text.trim().is_empty()
        {
            let message = "is no address; it is kept as a trait and identifies nobody".to_owned();
            notes.add("/traits/email", "bad_email", message);
        }
        let anonymous = person_id(item, "anonymousId", notes)?;
        let user = person_id(item, "userId", notes)?;
        let of_user = || user.as_deref().and_then(|user| EmailAddress::parse(user).ok());
        let who = Who { email: email.or_else(of_user), anonymous, user, lead: None };
        // An address alone is a name too: semantic events of mail have no other.
        if who.is_nobody() {
            let message = "names nobody: send a userId or an anonymousId".to_owned();
            return Err(Fault::at("", "no_identity", message));
        }
        Ok(Self { who, traits })
    }
}

struct Notes<'b> {
    base: &'b str,
    notes: Vec<Note>,
}

impl Notes<'_> {
    fn add(&mut self, pointer: &str, code: &'static str, message: String) {
        self.notes.push(Note { pointer: format!("{}{pointer}", self.base), code, message });
    }
}

impl Fault {
    fn at(pointer: &str, code: &'static str, message: String) -> Self {
        Self { pointer: pointer.to_owned(), code, message }
    }
}

/// The day of an instant, in UTC.
fn day(at: Timestamp) -> String {
    at.as_millis().div_euclid(86_400_000).to_string()
}

/// The company that a call other than `group` names: `company.id` among a person's traits, with what else
/// stands there, or `groupId` in the context.
fn company_of(call: Call, said: &Said, context: &Object) -> Option<(String, Object)> {
    if matches!(call, Call::Group | Call::Alias) {
        return None;
    }
    let known = |id: Option<&Json>| match read_id(id) {
        Ok(Id::Known(id)) => Some(id),
        _ => None,
    };
    if let Some(Json::Object(company)) = said.traits.get("company")
        && let Some(id) = known(company.get("id"))
    {
        let mut traits = company.clone();
        traits.shift_remove("id");
        return Some((id, traits));
    }
    Some((known(context.get("groupId"))?, Object::new()))
}

/// What a form that the tracking script saw says of the person who filled it in: its `fields`, and before
/// them the `traits` that the site has marked as such. Fields that ask for secrets are left out: the script may be
/// an old one, or another.
fn filled_in(what: &mut What) -> FilledIn {
    let What::Event { name, properties } = what else { return FilledIn::default() };
    if name != "form_submitted" {
        return FilledIn::default();
    }
    let mut filled = match properties.get_mut("fields") {
        Some(Json::Object(fields)) => {
            let filled = forms::filled_in(fields);
            forms::without_secrets(fields);
            filled
        }
        _ => FilledIn::default(),
    };
    if let Some(Json::Object(marked)) = properties.get("traits") {
        let (marked, email) = traits::person(marked.clone());
        filled.email = email.or(filled.email);
        filled.traits.extend(marked);
        properties.shift_remove("traits");
    }
    filled
}

fn read_object(text: &str, notes: &mut Notes<'_>) -> Result<Object, Fault> {
    if text.len() > CALL_BYTES_MAX {
        let message = format!(
            "has {} bytes, more than the {CALL_BYTES_MAX} that a call may have: send less of it",
            text.len()
        );
        return Err(Fault::at("", "too_large", message));
    }
    let tree = read_tree(text, VALUES_MAX).map_err(|error| Fault {
        pointer: error.pointer,
        code: match error.kind {
            TreeErrorKind::Malformed => "malformed",
            TreeErrorKind::Deep => "too_deep",
            TreeErrorKind::Many => "too_many_values",
        },
        message: error.message,
    })?;
    for pointer in tree.duplicates {
        let message = "stands there twice; the last one counts".to_owned();
        notes.add(&pointer, "duplicate_key", message);
    }
    if tree.mended {
        let message = "has zero bytes or halves of characters in its texts; they were taken out";
        notes.add("", "mended_text", message.to_owned());
    }
    match tree.value {
        Json::Object(object) => Ok(object),
        _ => Err(Fault::at("", "wrong_type", "must be a JSON object".to_owned())),
    }
}

const TYPES: &str = "must be identify, track, page, screen, group or alias";

fn kind(item: &Object) -> Result<Call, Fault> {
    let fault = || Fault::at("/type", "unknown_type", TYPES.to_owned());
    let name = item.get("type").and_then(Json::as_str).ok_or_else(fault)?;
    // A batch's calls have whole names; a letter would be a mistake.
    Call::from_name(name).filter(|call| *call != Call::Batch && name.len() > 1).ok_or_else(fault)
}

/// Takes an object out of a call; `null` and none are an empty one.
fn take_object(item: &mut Object, key: &str) -> Result<Object, Fault> {
    match item.get_mut(key).map(Json::take) {
        None | Some(Json::Null) => Ok(Object::new()),
        Some(Json::Object(object)) => Ok(object),
        Some(_) => {
            let message = "must be a JSON object".to_owned();
            Err(Fault::at(&format!("/{key}"), "wrong_type", message))
        }
    }
}

fn person_id(item: &Object, key: &str, notes: &mut Notes<'_>) -> Result<Option<String>, Fault> {
    let pointer = format!("/{key}");
    match read_id(item.get(key)) {
        Ok(Id::Known(id)) => Ok(Some(id)),
        Ok(Id::Absent) => Ok(None),
        Ok(Id::Blocked(id)) => {
            let message = format!("{id:?} is what programs send for nobody; taken as missing");
            notes.add(&pointer, "blocked_id", message);
            Ok(None)
        }
        Err(fault) => Err(Fault { pointer, code: fault.code(), message: fault.message() }),
    }
}

fn required_id(
    item: &Object,
    key: &str,
    what: &str,
    notes: &mut Notes<'_>,
) -> Result<String, Fault> {
    person_id(item, key, notes)?.ok_or_else(|| {
        let message = format!("is missing, or is no id: send {what}");
        Fault::at(&format!("/{key}"), "missing", message)
    })
}

fn event_name(item: &Object) -> Result<String, Fault> {
    let fault = |code, message: String| Err(Fault::at("/event", code, message));
    match item.get("event") {
        Some(Json::String(name)) => match name.trim() {
            "" => fault("missing", "is empty: send the event's name".to_owned()),
            name if name.len() > NAME_BYTES_MAX => {
                fault("too_long", format!("is longer than {NAME_BYTES_MAX} bytes"))
            }
            name if name.chars().any(char::is_control) => {
                fault("bad_name", "contains control characters".to_owned())
            }
            name => Ok(name.to_owned()),
        },
        None | Some(Json::Null) => fault("missing", "is missing: send the event's name".to_owned()),
        Some(_) => fault("wrong_type", "must be text: the event's name".to_owned()),
    }
}

/// Gives events the properties under the names that models look at.
fn complete(name: &str, properties: &mut Object) {
    let mut copy = |theirs: &str, ours: &str| {
        if let (Some(value), false) =
            (properties.get(theirs).cloned(), properties.contains_key(ours))
        {
            properties.insert(ours.to_owned(), value);
        }
    };
    match name {
        "purchased" | "order_returned" => deals::complete_purchase(properties),
        "file_downloaded" => {
            let ending = properties.get("file").and_then(Json::as_str).and_then(|file| {
                file.rsplit_once('.').map(|(_, ending)| ending.to_lowercase().into())
            });
            if let (Some(ending), true) = (ending, properties.get("kind").is_none_or(Json::is_null))
            {
                properties.insert("kind".to_owned(), ending);
            }
        }
        "email_opened"
        | "email_clicked"
        | "email_bounced"
        | "email_delivered"
        | "email_marked_as_spam"
        | "unsubscribed" => {
            copy("link_url", "link");
            copy("email_subject", "subject");
            if let (Some(name), false) =
                (properties.get("campaign_name").cloned(), properties.contains_key("campaign"))
            {
                properties.insert("campaign".to_owned(), serde_json::json!({ "name": name }));
            }
        }
        _ => {}
    }
}
