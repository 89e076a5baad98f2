//! The description of the API, made from the routes and the table of who may call them.

mod headers;

use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref,
    RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::access::{Access, route};
use crate::app::App;
use crate::cursor::PAGE_MAX;
use crate::problem::{Fault, WrittenProblem};

/// What the answer to a request that cannot be done is called in the description.
const PROBLEM: &str = "Problem";

/// Requests whose answers are kept with whom they are about, and go with that person.
const ABOUT_SOMEBODY: [&str; 4] = [
    "/api/v1/events",
    "/api/v1/events/{id}/label",
    "/api/v1/leads/{id}/merge",
    "/api/v1/merges/{id}/undo",
];

/// All routes of the API, with what describes them.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(OpenApiBuilder::new().build())
        .merge(crate::accounts::router())
        .merge(crate::keys::router())
        .merge(crate::leads_api::router())
        .merge(crate::companies::router())
        .merge(crate::transitions::router())
        .merge(crate::events::router())
        .merge(crate::labels::router())
        .merge(crate::deals::router())
        .merge(crate::models::router())
        .merge(crate::vocabulary::router())
        .merge(crate::segments::router())
        .merge(crate::imports::router())
        .merge(crate::exports::router())
        .merge(crate::webhooks::router())
        .merge(crate::forms::router())
        .merge(crate::settings::router())
        .merge(crate::retention::router())
        .merge(crate::audit::router())
        .merge(crate::status::router())
        .merge(crate::stream::router())
}

/// The description as JSON: `docs/user/reference/openapi.json`.
pub fn openapi_json() -> String {
    let (_, api) = routes().split_for_parts();
    let api = finish(api);
    let mut text = api.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn finish(mut api: OpenApi) -> OpenApi {
    api.info = InfoBuilder::new()
        .title("Madura")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Leads, scores and everything around them. Answers that are no success are problem \
             details (RFC 9457) with a `code` for programs and a `message` for people. Lists are read \
             page by page: hand the `next` of an answer back as `cursor`. POST requests may carry an \
             `Idempotency-Key`: repeated within a week they have their effect once, and the answer of then. An \
             answer with a secret is not kept: who repeats that request hears `already_done` (409).",
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key, `mk_...`."))
        .build();
    let cookie = ApiKeyValue::with_description("__Host-madura", "A session of the page.");
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(WrittenProblem::name()))).build();
    let (name, retry_after) = headers::retry_after();
    let problem = ResponseBuilder::new()
        .description("What is wrong, and what to do.")
        .header(name, retry_after)
        .content("application/problem+json", content)
        .build();
    let components = api.components.take().unwrap_or_default();
    let components = ComponentsBuilder::from(components)
        .security_scheme("key", SecurityScheme::Http(bearer))
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .schema(WrittenProblem::name(), WrittenProblem::schema())
        .schema(Fault::name(), Fault::schema())
        .response(PROBLEM, problem);
    api.components = Some(components.build());
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ] {
            if let Some(operation) = operation {
                describe(operation, &method, path);
            }
        }
    }
    api
}

fn describe(operation: &mut Operation, method: &HttpMethod, path: &str) {
    headers::describe(operation, method, path);
    let access = route(word(method), path).map(|route| route.access);
    operation.security = match access {
        Some(Access::Anyone) | None => Some(Vec::new()),
        Some(Access::Known) => Some(vec![needs("key", &[]), needs("session", &[])]),
        Some(Access::User) => Some(vec![needs("session", &[])]),
        Some(Access::Scope(scope)) => {
            let scope = [scope.as_str()];
            Some(vec![needs("key", &scope), needs("session", &scope)])
        }
    };
    let mut names_a_model = false;
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        names_a_model |= ["model", "segment"].contains(&parameter.name.as_str());
        if parameter.name == "limit" {
            let page = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(PAGE_MAX))
                .build();
            parameter.schema = Some(RefOr::T(page.into()));
        }
    }
    // What an event of a stream holds is told in words: no schema of this version can.
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(RefOr::T(stream)) = response.content.get_mut("text/event-stream")
        {
            stream.schema = None;
        }
    }
    let mut statuses = vec!["400", "401", "403", "429", "500", "503"];
    if access == Some(Access::Anyone) {
        statuses.extend(["409", "422"]);
    }
    if names_a_model || path.contains('{') || path.contains("explain") || path.contains("history") {
        statuses.push("404");
    }
    if path.ends_with("/preview") {
        statuses.push("422");
    }
    // The file of an import is kept until all of it is taken in.
    if path.starts_with("/api/v1/imports/{id}") {
        statuses.push("410");
    }
    // Who repeats such a request hears when the person was erased since.
    if matches!(method, HttpMethod::Post) && ABOUT_SOMEBODY.contains(&path) {
        statuses.push("410");
    }
    if !matches!(method, HttpMethod::Get) {
        statuses.extend(["404", "409", "412", "413", "415", "422"]);
    }
    for status in statuses {
        let problem = || RefOr::Ref(Ref::from_response_name(PROBLEM));
        operation.responses.responses.entry(status.to_owned()).or_insert_with(problem);
    }
}

fn needs(scheme: &str, scopes: &[&str]) -> SecurityRequirement {
    SecurityRequirement::new(scheme, scopes.iter().copied())
}

fn word(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Delete => "DELETE",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ROUTES;

    #[test]
    fn every_route_is_in_the_table_and_the_table_has_no_other() {
        let (_, api) = routes().split_for_parts();
        let mut described = Vec::new();
        for (path, item) in &api.paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                if operation.is_some() {
                    described.push((method, path.clone()));
                }
            }
        }
        let mut listed: Vec<(&str, String)> =
            ROUTES.iter().map(|route| (route.method, route.path.to_owned())).collect();
        described.sort();
        listed.sort();
        assert_eq!(described, listed);
    }

    #[test]
    fn a_generated_client_can_say_what_it_expects_and_hears_when_to_come_back() {
        let api: serde_json::Value = serde_json::from_str(&openapi_json()).unwrap();
        let sent_with = |operation: &serde_json::Value| -> Vec<String> {
            let all = operation["parameters"].as_array().cloned().unwrap_or_default();
            let sent = all.into_iter().filter(|parameter| parameter["in"] == "header");
            sent.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
        };
        let path = |path: &str| &api["paths"][path];
        assert_eq!(sent_with(&path("/api/v1/deals")["post"]), ["Idempotency-Key"]);
        assert_eq!(sent_with(&path("/api/v1/segments/{id}")["put"]), ["If-Match"]);
        for changing in headers::CHANGING_POSTS {
            assert_eq!(sent_with(&path(changing)["post"]), ["Idempotency-Key", "If-Match"]);
        }
        assert_eq!(sent_with(&path("/api/v1/stream")["get"]), ["Last-Event-ID"]);
        let read = &path("/api/v1/segments/{id}")["get"]["responses"]["200"];
        assert_eq!(read["headers"]["ETag"]["schema"]["type"], "string");
        let problem = &api["components"]["responses"]["Problem"];
        assert_eq!(problem["headers"]["Retry-After"]["schema"]["type"], "integer");
    }

    #[test]
    fn no_two_operations_have_one_name() {
        let (_, api) = routes().split_for_parts();
        let mut seen = std::collections::BTreeSet::new();
        for item in api.paths.paths.values() {
            let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
            for operation in operations.into_iter().flatten() {
                let id = operation.operation_id.clone().unwrap_or_default();
                assert!(seen.insert(id.clone()), "{id}");
            }
        }
    }
}
