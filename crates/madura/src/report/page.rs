//! The frame of the page and its looks.

use super::text::escaped;

/// A whole document. The policy forbids the page to fetch or run anything, whatever is in it.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n<footer>Made by madura backtest.</footer>\n</body>\n</html>\n",
        escaped(title)
    )
}

const STYLE: &str = include_str!("style.css");
