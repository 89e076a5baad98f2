//! The cookie of a session.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use store::Token;

use crate::config::Config;

/// Browsers take a cookie of this name from us only: over https, for this host, for all paths.
const OVER_HTTPS: &str = "__Host-madura";

/// Not the tracking script's name, `madura`: on a machine that serves a site and the page over http, one would
/// take the place of the other.
const OVER_HTTP: &str = "madura-session";

/// What the cookie is called.
fn cookie_name(config: &Config) -> &'static str {
    if config.is_https() { OVER_HTTPS } else { OVER_HTTP }
}

/// The token that a browser shows.
pub(crate) fn session_token<'h>(headers: &'h HeaderMap, config: &Config) -> Option<&'h str> {
    let name = cookie_name(config);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut shown = cookies.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    });
    let token = shown.next()?;
    // Two of them: somebody planted one, and which is ours cannot be told.
    if shown.next().is_some() || token.is_empty() { None } else { Some(token) }
}

/// Sets the cookie. It ends with the session that it names, which is ours to decide.
pub(crate) fn session_cookie(config: &Config, token: &Token) -> HeaderValue {
    let days = 30 * 24 * 3600;
    cookie(config, &format!("{}={}; Max-Age={days}", cookie_name(config), token.as_str()))
}

/// Takes the cookie away.
pub(crate) fn ended_cookie(config: &Config) -> HeaderValue {
    cookie(config, &format!("{}=; Max-Age=0", cookie_name(config)))
}

fn cookie(config: &Config, pair: &str) -> HeaderValue {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let text = format!("{pair}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).expect("a header"))])
    }

    #[test]
    fn one_cookie_is_read_and_a_second_of_the_name_makes_both_worthless() {
        let config = Config::new("data".into(), "https://leads.example.com");
        let read = |cookie: &str| session_token(&headers(cookie), &config).map(str::to_owned);
        assert_eq!(read("a=b; __Host-madura=t0ken; c=d").as_deref(), Some("t0ken"));
        assert_eq!(read("__Host-madura=a; __Host-madura=b"), None);
        assert_eq!(read("madura-session=a"), None, "the name over http is another");
        assert_eq!(read("__Host-madura="), None);
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host_and_closed_to_scripts() {
        let config = Config::new("data".into(), "https://leads.example.com");
        let cookie = session_cookie(&config, &Token::from_random(&[1; 32]));
        let text = cookie.to_str().expect("text");
        assert!(text.starts_with("__Host-madura=") && !text.contains("Domain"));
        for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
            assert!(text.contains(part), "{part}");
        }
        let plain = Config::new("data".into(), "http://localhost:8420");
        assert!(
            !session_cookie(&plain, &Token::from_random(&[1; 32]))
                .to_str()
                .unwrap()
                .contains("Secure")
        );
    }
}
