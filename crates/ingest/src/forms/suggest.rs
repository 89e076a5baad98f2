//! A first mapping for a form, from its fields and what was filled in.

use std::collections::BTreeMap;

use leads::EmailAddress;
use serde_json::{Map, Value as Json};

use super::secrets::{is_secret, without_card_numbers};
use super::{FieldUse, Fields, FormMapping, OtherFields};
use crate::field_names::{Meaning, guess, simplify};

/// A proposal with its reasons.
#[derive(Clone, PartialEq, Debug)]
pub struct Suggested {
    /// The mapping; fields that nothing is known of are not in it, and become properties.
    pub mapping: FormMapping,
    /// Why a field was taken for what it was, by field.
    pub reasons: BTreeMap<String, String>,
    /// The same for programs: `name`, `part_of_name` or `values`.
    pub reason_codes: BTreeMap<String, &'static str>,
}

/// Proposes a mapping for `form` from submissions of it (one is enough; more make it surer).
pub fn suggest(form: &str, samples: &[Fields]) -> Suggested {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in samples.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let (mut fields, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    let mut reason_codes = BTreeMap::new();
    for name in names {
        let values = samples.iter().flatten().filter(|(field, _)| field == name);
        let values: Vec<String> = values.filter_map(|(_, value)| plain(value)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let Some(guess) = guess(name, &values) else { continue };
        let Some(usage) = usage(name, guess.meaning) else { continue };
        // One field says who it is and one what identifies the submission; the first is the best.
        let single = matches!(
            usage,
            FieldUse::Email | FieldUse::User | FieldUse::Anonymous | FieldUse::Id | FieldUse::Page
        );
        let taken = match &usage {
            FieldUse::Trait { .. } => fields.values().any(|there| *there == usage),
            _ => single && fields.values().any(|there| *there == usage),
        };
        if !taken {
            fields.insert(name.to_owned(), usage);
            reasons.insert(name.to_owned(), guess.reason);
            reason_codes.insert(name.to_owned(), guess.code);
        }
    }
    let mapping = FormMapping {
        form: form.to_owned(),
        event: super::form_submitted(),
        fields,
        traits: Map::new(),
        properties: Map::new(),
        others: OtherFields::Keep,
        seconds_min: None,
    };
    Suggested { mapping, reasons, reason_codes }
}

/// What a form without a mapping says of whoever filled it in.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct FilledIn {
    /// The address in the first field that is one.
    pub(crate) email: Option<EmailAddress>,
    /// What its other fields that are known by their names say, such as a name, a company or a country.
    pub(crate) traits: Map<String, Json>,
}

/// In names of fields about somebody else: "tell a friend". Of each word the beginning.
const OTHERS: [&str; 6] = ["amig", "coleg", "colleague", "friend", "prieten", "recipient"];

/// What the fields of a form say, as their names and values tell.
pub(crate) fn filled_in(fields: &Map<String, Json>) -> FilledIn {
    let mut filled = FilledIn::default();
    for (name, value) in fields {
        let Some(text) = plain(value).filter(|text| !text.trim().is_empty()) else { continue };
        let simple = simplify(name);
        let is_of_others =
            simple.split('_').any(|word| OTHERS.iter().any(|other| word.starts_with(other)));
        if is_secret(name) || is_of_others {
            continue;
        }
        match guess(name, &[&text]).map(|guess| guess.meaning) {
            Some(Meaning::Email) if filled.email.is_none() => {
                filled.email = EmailAddress::parse(&text).ok();
            }
            Some(Meaning::Trait(path)) if !filled.traits.contains_key(path) => {
                let mut value = Json::from(text.trim());
                if !without_card_numbers(&mut value) {
                    filled.traits.insert(path.to_owned(), value);
                }
            }
            _ => {}
        }
    }
    filled
}

fn usage(name: &str, meaning: Meaning) -> Option<FieldUse> {
    Some(match meaning {
        Meaning::Email => FieldUse::Email,
        Meaning::User => FieldUse::User,
        Meaning::Anonymous => FieldUse::Anonymous,
        Meaning::At | Meaning::CreatedAt => FieldUse::At,
        Meaning::Id => FieldUse::Id,
        Meaning::Page => FieldUse::Page,
        Meaning::Trait(path) => FieldUse::Trait { path: path.to_owned() },
        // The words beside the box are not known: the field's name stands in for them.
        Meaning::Consent => FieldUse::Consent {
            purpose: purpose(name).to_owned(),
            channel: None,
            text: name.to_owned(),
            empty_withdraws: false,
        },
        Meaning::Never => FieldUse::Never,
        Meaning::Honeypot => FieldUse::Honeypot,
        Meaning::Lead | Meaning::Event | Meaning::Deal(_) => return None,
    })
}

/// Taking note of a policy is no leave to write.
fn purpose(name: &str) -> &'static str {
    let name = simplify(name);
    let terms = ["privacy", "privacidad", "politica", "terms", "gdpr", "rgpd"];
    if terms.iter().any(|word| name.contains(word)) { "privacy_policy" } else { "marketing" }
}

fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
