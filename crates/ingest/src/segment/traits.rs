//! Traits under the names that models use, whatever case the sender writes in.

use leads::EmailAddress;
use serde_json::{Map, Value as Json};

use super::instants::tidy_instant;
use crate::email_traits;

/// Reserved traits of Segment, and ours. What is not here stays as it is.
const PERSON: [(&str, &str); 20] = [
    ("firstName", "first_name"),
    ("firstname", "first_name"),
    ("lastName", "last_name"),
    ("lastname", "last_name"),
    ("fullName", "name"),
    ("full_name", "name"),
    ("jobTitle", "title"),
    ("job_title", "title"),
    ("phoneNumber", "phone"),
    ("phone_number", "phone"),
    ("emailAddress", "email"),
    ("email_address", "email"),
    ("createdAt", "created_at"),
    ("userName", "username"),
    ("user_name", "username"),
    ("birthDay", "birthday"),
    ("birth_day", "birthday"),
    ("postalCode", "postcode"),
    ("postal_code", "postcode"),
    ("countryCode", "country"),
];

const COMPANY: [(&str, &str); 11] = [
    ("employee_count", "employees"),
    ("employeeCount", "employees"),
    ("employeesCount", "employees"),
    ("employees_count", "employees"),
    ("numberOfEmployees", "employees"),
    ("number_of_employees", "employees"),
    ("createdAt", "created_at"),
    ("companyName", "name"),
    ("company_name", "name"),
    ("postalCode", "postcode"),
    ("postal_code", "postcode"),
];

/// Parts of an address that models look for at the top.
const ADDRESS: [(&str, &str); 6] = [
    ("country", "country"),
    ("city", "city"),
    ("state", "region"),
    ("postalCode", "postcode"),
    ("postal_code", "postcode"),
    ("zip", "postcode"),
];

/// What identify's traits become. The address comes too where there is a valid one.
pub(super) fn person(traits: Map<String, Json>) -> (Map<String, Json>, Option<EmailAddress>) {
    let mut traits = renamed(traits, &PERSON);
    lift_address(&mut traits);
    if let Some(company) = traits.get_mut("company") {
        match company.take() {
            Json::Object(members) => *company = Json::Object(self::company(members)),
            Json::String(name) => *company = serde_json::json!({ "name": name }),
            other => *company = other,
        }
    }
    let address = match traits.get_mut("email") {
        Some(Json::String(text)) => EmailAddress::parse(text).ok().inspect(|address| {
            address.as_str().clone_into(text);
        }),
        Some(Json::Null) => {
            for path in ["email.domain", "email.kind"] {
                traits.insert(path.to_owned(), Json::Null);
            }
            None
        }
        _ => None,
    };
    if let Some(address) = &address {
        traits.extend(email_traits(address));
    }
    (traits, address)
}

/// What a group's traits, or those of a person's company, become.
pub(super) fn company(traits: Map<String, Json>) -> Map<String, Json> {
    let mut traits = renamed(traits, &COMPANY);
    lift_address(&mut traits);
    traits
}

/// Gives entries our names. Where two come to one name, the one that had it keeps it, and of others
/// the first.
fn renamed(traits: Map<String, Json>, names: &[(&str, &str)]) -> Map<String, Json> {
    let mut renamed = Map::with_capacity(traits.len());
    let (ours, theirs): (Vec<_>, Vec<_>) =
        traits.into_iter().partition(|(name, _)| !names.iter().any(|(theirs, _)| theirs == name));
    renamed.extend(ours);
    for (name, value) in theirs {
        let ours = names.iter().find(|(theirs, _)| *theirs == name);
        let ours = ours.map_or(name.as_str(), |(_, ours)| ours);
        if !renamed.contains_key(ours) {
            renamed.insert(ours.to_owned(), value);
        }
    }
    if let Some(created_at) = renamed.get_mut("created_at") {
        *created_at = tidy_instant(created_at.take());
    }
    renamed
}

/// Country, city, region and postcode stand at the top; the street stays in `address`.
fn lift_address(traits: &mut Map<String, Json>) {
    let Some(Json::Object(address)) = traits.get_mut("address") else { return };
    let mut lifted = Vec::new();
    for (theirs, ours) in ADDRESS {
        if let Some(value) = address.shift_remove(theirs) {
            lifted.push((ours, value));
        }
    }
    if address.is_empty() {
        traits.shift_remove("address");
    }
    for (name, value) in lifted {
        if !traits.contains_key(name) {
            traits.insert(name.to_owned(), value);
        }
    }
}
