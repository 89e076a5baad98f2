//! The gate before every route of the API: who calls, from where, and whether they may.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use store::accounts::sessions::{self, Lifetime};
use store::keys;

use super::table::Route;
use super::{Access, Caller, route, session_token};
use crate::app::{App, Noted};
use crate::config::Config;
use crate::problem::Problem;
use crate::request::Sender;

/// Lets a request through to its route, with the [`Caller`] in its extensions.
pub(crate) async fn guard(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let found = path.as_deref().and_then(|path| route(request.method().as_str(), path));
    let Some(route) = found else {
        // Not in the table: nobody decided whom it is for.
        return Err(Problem::not_found("route"));
    };
    let network = Sender::of(request.extensions(), request.headers(), &app.config).network();
    let caller = match caller(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => {
            // Whoever tries keys out is counted, too.
            if app.tells.take("key", app.now()).is_ok() {
                tracing::info!("a key was shown that does not work");
            }
            limit(&app, &network)?;
            return Err(problem);
        }
    };
    let by_cookie = matches!(caller, Some(Caller::User { .. }));
    is_from_our_page(request.method(), request.headers(), &app.config, by_cookie)?;
    limit(&app, &caller.as_ref().map_or(network, Caller::actor))?;
    if !route.access.admits(caller.as_ref()) {
        if let Some(caller) = &caller {
            note_refused(&app, caller, route);
        }
        return Err(match (caller, route.access) {
            (None, _) => Problem::unknown_caller(),
            (Some(_), Access::Scope(scope)) => {
                Problem::forbidden(format!("this needs the right {scope}"))
            }
            (Some(_), _) => Problem::forbidden("this is for users who have logged in"),
        });
    }
    if let Some(caller) = caller {
        note_use(&app, &caller);
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// Notes in the log and in the trail that somebody whom we know tried what they may not: of each caller and
/// route once an hour.
fn note_refused(app: &App, caller: &Caller, route: &Route) {
    let (actor, now) = (caller.actor(), app.now());
    let object = format!("route:{} {}", route.method, route.path);
    if app.tells_refused.take(&format!("{actor} {object}"), now).is_err() {
        return;
    }
    tracing::info!(actor, route = %object, "somebody was refused what they may not do");
    let noted = Noted::new("access.refused", object);
    drop(app.live.store().submit(move |tx| noted.write(tx, &actor, now)));
}

fn limit(app: &App, name: &str) -> Result<(), Problem> {
    app.per_caller.take(name, app.now()).map_err(|seconds| {
        metrics::counter!("madura_refused_total", "why" => "rate").increment(1);
        let detail = "too many requests: wait, and send fewer at a time";
        Problem::too_many("rate_limited", detail, seconds)
    })
}

/// Who calls. A key that does not work is refused even where nobody has to be known; a cookie that
/// means nothing is nothing, as it is still there after a session has ended.
pub(crate) async fn caller(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    let now = app.now();
    if let Some(value) = headers.get(AUTHORIZATION) {
        let shown = value.to_str().ok().and_then(bearer).ok_or_else(Problem::unknown_caller)?;
        let shown = shown.to_owned();
        let key = app.read(move |tx| Ok(keys::find(tx, &shown, now)?)).await?;
        return match key {
            Some(key) => Ok(Some(Caller::Key(Box::new(key)))),
            None => Err(Problem::unknown_caller()),
        };
    }
    let Some(token) = session_token(headers, &app.config) else { return Ok(None) };
    let token = token.to_owned();
    let session = app.read(move |tx| Ok(sessions::find(tx, &token, now)?)).await?;
    Ok(session.map(|session| Caller::User { session: Box::new(session) }))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Refuses what another site's page makes a browser send. Browsers name the site (`Sec-Fetch-Site`)
/// or at least the origin with everything that changes something; programs name neither, and have no
/// cookie that would let them in.
fn is_from_our_page(
    method: &Method,
    headers: &HeaderMap,
    config: &Config,
    by_cookie: bool,
) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").map(|site| site == "same-origin");
    let origin = text(ORIGIN.as_str()).map(|origin| is_ours(origin, text(HOST.as_str()), config));
    let ours = match (site, origin) {
        (Some(site), _) => site,
        (None, Some(origin)) => origin,
        (None, None) => !by_cookie,
    };
    if ours {
        return Ok(());
    }
    let detail = "this request comes from another site's page, and changes nothing";
    Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "cross_site", detail))
}

/// Whether an origin is our own: as configured, or where the browser thinks that it is talking to.
fn is_ours(origin: &str, host: Option<&str>, config: &Config) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    origin.eq_ignore_ascii_case(config.origin())
        || authority.zip(host).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Keeps the instants of last use true to the minute, beside the request.
fn note_use(app: &App, caller: &Caller) {
    let now = app.now();
    match caller {
        Caller::User { session } if session.is_touch_due(now) => {
            let id = session.id.clone();
            drop(
                app.live.store().submit(move |tx| sessions::touch(tx, &id, Lifetime::DEFAULT, now)),
            );
        }
        Caller::Key(key) if key.is_touch_due(now) => {
            let id = key.id.clone();
            drop(app.live.store().submit(move |tx| keys::touch(tx, &id, now)));
        }
        Caller::User { .. } | Caller::Key(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(headers: &[(&'static str, &str)], by_cookie: bool) -> bool {
        let config = Config::new("data".into(), "https://leads.example.com/app");
        let headers = headers.iter().map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), value.parse().expect("a header"))
        });
        let headers: HeaderMap = headers.collect();
        is_from_our_page(&Method::POST, &headers, &config, by_cookie).is_ok()
    }

    #[test]
    fn a_page_of_another_site_changes_nothing() {
        assert!(ours(&[("sec-fetch-site", "same-origin")], true));
        assert!(ours(&[("origin", "https://leads.example.com")], true));
        assert!(ours(&[("origin", "http://10.0.0.1:8420"), ("host", "10.0.0.1:8420")], true));
        assert!(ours(&[], false), "a program without a cookie");
        assert!(!ours(&[], true), "a cookie that comes from nowhere");
        for site in ["cross-site", "same-site", "none"] {
            assert!(!ours(&[("sec-fetch-site", site)], true), "{site}");
            assert!(!ours(&[("sec-fetch-site", site)], false), "{site}, to log somebody in");
        }
        for origin in ["https://evil.example", "null", "https://leads.example.com.evil.org", ""] {
            assert!(!ours(&[("origin", origin), ("host", "leads.example.com")], true), "{origin}");
        }
        assert!(!ours(
            &[("sec-fetch-site", "cross-site"), ("origin", "https://leads.example.com")],
            true
        ));
    }
}
