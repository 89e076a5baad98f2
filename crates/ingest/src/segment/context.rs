//! What a call says about its circumstances: the page, the campaign, the place it came from.

use serde_json::{Map, Value as Json};

use super::Call;

/// The name under which our script puts itself into its calls.
const OUR_SCRIPT: &str = "madura.js";

/// The parameters by which advertisers know the click that brought somebody: Google's, Meta's, Microsoft's.
const CLICK_IDS: [&str; 3] = ["gclid", "fbclid", "msclkid"];

/// What of a page is kept.
const PAGE: [&str; 5] = ["path", "url", "title", "search", "referrer"];

/// What of the app, the device and its system is kept: what a model may ask for. Not what would tell one
/// device from another (ids, models, networks, sizes of screens).
const MACHINERY: [(&str, &[&str]); 3] =
    [("app", &["name", "version"]), ("device", &["type"]), ("os", &["name"])];

/// The batch's context under the call's own: what both have, the call says; objects are joined.
pub(super) fn merged(batch: &Map<String, Json>, call: Map<String, Json>) -> Map<String, Json> {
    let mut merged = batch.clone();
    for (key, value) in call {
        match (merged.get_mut(&key), value) {
            (Some(Json::Object(below)), Json::Object(above)) => *below = self::merged(below, above),
            (_, value) => {
                merged.insert(key, value);
            }
        }
    }
    merged
}

/// Adds to an event's properties what the context knows and they do not say themselves.
pub(super) fn add_to(properties: &mut Map<String, Json>, context: &Map<String, Json>, call: Call) {
    let page = object(context, "page");
    match (call, page) {
        (Call::Page, Some(page)) => {
            for key in PAGE {
                fill(properties, key, page.get(key));
            }
        }
        (_, Some(page)) => {
            let kept = PAGE.iter().filter_map(|key| Some((*key, page.get(*key)?)));
            let kept: Map<String, Json> =
                kept.map(|(key, value)| (key.to_owned(), value.clone())).collect();
            if !kept.is_empty() {
                fill(properties, "page", Some(&Json::Object(kept)));
            }
        }
        _ => {}
    }
    if call == Call::Page {
        let path = text(properties, "url").and_then(path_of).map(Json::from);
        fill(properties, "path", path.as_ref());
    } else if library(context) == Some(OUR_SCRIPT) {
        // It says once where it is, and models ask for it at each event.
        fill(properties, "path", page.and_then(|page| page.get("path")));
        if properties.contains_key("purpose") {
            // The proof of a consent: where it was given.
            fill(properties, "url", page.and_then(|page| page.get("url")));
        }
    }
    let referrer = page.and_then(|page| page.get("referrer"));
    fill(properties, "referrer", referrer.or_else(|| object(context, "referrer")?.get("url")));
    let campaign = campaign(context, properties, page);
    if !campaign.is_empty() {
        fill(properties, "campaign", Some(&Json::Object(campaign)));
    }
    fill(properties, "locale", context.get("locale"));
    fill(properties, "time_zone", context.get("timezone"));
    fill(properties, "group", context.get("groupId"));
    for (key, names) in MACHINERY {
        let Some(there) = object(context, key) else { continue };
        let kept = names.iter().filter_map(|name| Some((*name, there.get(*name)?)));
        let kept: Map<String, Json> = kept
            .filter(|(_, value)| value.is_string() || value.is_number())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if !kept.is_empty() {
            fill(properties, key, Some(&Json::Object(kept)));
        }
    }
}

/// The name of the program that made the call.
pub(super) fn library(context: &Map<String, Json>) -> Option<&str> {
    text(object(context, "library")?, "name")
}

/// The campaign as traits of a person: `utm.source` and so on.
pub(super) fn utm_traits(context: &Map<String, Json>) -> Map<String, Json> {
    let page = object(context, "page");
    let campaign = campaign(context, &Map::new(), page);
    let utm = campaign.into_iter().filter_map(|(key, value)| {
        let name = match key.as_str() {
            "name" => "campaign",
            "source" | "medium" | "term" | "content" => key.as_str(),
            _ => return None,
        };
        Some((format!("utm.{name}"), value))
    });
    utm.collect()
}

/// The campaign that the context names, or else the `utm_` parameters of the page's address.
fn campaign(
    context: &Map<String, Json>,
    properties: &Map<String, Json>,
    page: Option<&Map<String, Json>>,
) -> Map<String, Json> {
    if let Some(campaign) = object(context, "campaign") {
        let plain = |value: &Json| value.is_string() || value.is_number();
        let known = campaign.iter().filter(|(_, value)| plain(value));
        return known.map(|(key, value)| (key.clone(), value.clone())).collect();
    }
    let found = |key: &str| text(properties, key).or_else(|| text(page?, key));
    // Our script hands the parameters on as they stand in the address.
    let query = match text(context, "campaign").or_else(|| found("search")) {
        Some(search) if search.len() > 1 => search.trim_start_matches('?'),
        _ => found("url").and_then(|url| Some(url.split_once('?')?.1)).unwrap_or_default(),
    };
    let query = query.split('#').next().unwrap_or_default();
    let mut campaign = Map::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()).take(100) {
        let name = match key.strip_prefix("utm_") {
            Some("campaign") => "name",
            Some(name @ ("name" | "source" | "medium" | "term" | "content" | "id")) => name,
            None if CLICK_IDS.contains(&key.as_ref()) => &key,
            _ => continue,
        };
        if !value.is_empty() {
            fill(&mut campaign, name, Some(&value.replace('\0', "").into()));
        }
    }
    campaign
}

/// The path of an absolute address.
fn path_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    Some(rest.find('/').map_or("/", |slash| &rest[slash..]))
}

/// Sets what is missing; `null` and blank text are nothing to set.
fn fill(properties: &mut Map<String, Json>, key: &str, value: Option<&Json>) {
    let Some(value) = value else { return };
    let blank = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    if !blank && properties.get(key).is_none_or(Json::is_null) {
        properties.insert(key.to_owned(), value.clone());
    }
}

fn object<'a>(map: &'a Map<String, Json>, key: &str) -> Option<&'a Map<String, Json>> {
    map.get(key)?.as_object()
}

fn text<'a>(map: &'a Map<String, Json>, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str()
}
