//! Every route, every role, every scope: who gets in, and who does not.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use serde_json::Value as Json;
use store::accounts::Role;
use store::keys::Scope;

use crate::support::{As, House};

struct Route {
    method: String,
    path: String,
    /// What it needs: `None` anybody, `Some(None)` a session, `Some(Some(scope))` a right.
    needs: Option<Need>,
}

#[derive(Clone, PartialEq, Debug)]
enum Need {
    Known,
    Session,
    Scope(Scope),
}

fn routes() -> Vec<Route> {
    let api: Json = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let session = security.iter().find_map(|one| one.get("session"));
            let by_key = security.iter().any(|one| one.get("key").is_some());
            let scope = session.and_then(|names| names.get(0)).and_then(Json::as_str);
            let needs = match (session, scope) {
                (None, _) => None,
                (Some(_), Some(scope)) => Some(Need::Scope(Scope::parse(scope).expect("a scope"))),
                (Some(_), None) if by_key => Some(Need::Known),
                (Some(_), None) => Some(Need::Session),
            };
            routes.push(Route { method: method.to_uppercase(), path: path.clone(), needs });
        }
    }
    routes
}

/// Whether the gate let a request through. What is sent is nothing that any route takes, so that
/// nothing happens behind the gate.
fn gets_in(house: &House, route: &Route, by: &As) -> bool {
    let path = route.path.replace("{id}", "x").replace("{name}", "x").replace("{version}", "1");
    let path = path.replace("{message}", "x");
    let mut request = Request::builder().method(route.method.as_str()).uri(path);
    request = match by {
        As::Nobody => request,
        As::Session(cookie) => {
            request.header(COOKIE, cookie).header("sec-fetch-site", "same-origin")
        }
        As::Key(key) | As::WriteKey(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
    };
    let request =
        request.header(CONTENT_TYPE, "text/plain").body(Body::from("nothing")).expect("one");
    let status = house.runtime.block_on(async {
        use tower::ServiceExt as _;
        house.router.clone().oneshot(request).await.expect("an answer").status().as_u16()
    });
    assert!(status < 500 || status == 503, "{} {}: {status}", route.method, route.path);
    status != 401 && status != 403
}

#[test]
fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let house = House::new();
    let owner = house.owner();
    let roles: Vec<(Role, As)> = Role::ALL
        .iter()
        .map(|role| {
            let user = if *role == Role::Owner {
                owner.clone()
            } else {
                house.user(&owner, role.as_str())
            };
            (*role, user)
        })
        .collect();
    let scopes: Vec<(Scope, As)> =
        Scope::ALL.iter().map(|scope| (*scope, house.key(&owner, &[scope.as_str()]))).collect();
    let routes = routes();
    assert!(routes.len() > 90, "{}", routes.len());
    for route in &routes {
        let name = format!("{} {}", route.method, route.path);
        // Going out is the one thing that needs no body; it is tried elsewhere.
        if route.path == "/api/v1/logout" {
            continue;
        }
        let open = route.needs.is_none();
        assert_eq!(gets_in(&house, route, &As::Nobody), open, "{name}: nobody");
        for (role, user) in &roles {
            let expected = match &route.needs {
                None | Some(Need::Known | Need::Session) => true,
                Some(Need::Scope(scope)) => role.allows(*scope),
            };
            assert_eq!(gets_in(&house, route, user), expected, "{name}: {role}");
        }
        for (scope, key) in &scopes {
            let expected = match &route.needs {
                None | Some(Need::Known) => true,
                Some(Need::Session) => false,
                Some(Need::Scope(needed)) => needed == scope,
            };
            assert_eq!(gets_in(&house, route, key), expected, "{name}: key with {scope}");
        }
    }
}

#[test]
fn what_a_page_shows_everybody_opens_nothing() {
    let house = House::new();
    let owner = house.owner();
    let (As::WriteKey(key), _) = house.write_key(&owner, serde_json::json!({"name": "site"}))
    else {
        panic!("a write key")
    };
    for route in routes() {
        let shown = As::Key(key.clone());
        assert!(!gets_in(&house, &route, &shown), "{} {}", route.method, route.path);
    }
    house.get("/metrics", &As::Key(key)).problem(401, "unauthenticated");
}
