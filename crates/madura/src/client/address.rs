//! Where a server is.

use std::fmt;

use url::{Host, Url};

use crate::exit::{Failure, Result};

/// Where a server is: scheme, host, port and perhaps a path that it stands under. Never plain http to
/// another machine, unless that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads an address as people type it. Without a scheme it is https, and http for this machine.
    pub(crate) fn parse(text: &str, plain_http: bool) -> Result<Self> {
        let text = text.trim();
        let hint = "write it as in https://leads.example.com";
        let no_address = || {
            Failure::usage(format_args!("`{}` is no address of a server", safe(text))).hint(hint)
        };
        let url = if text.contains("://") {
            Url::parse(text).map_err(|_| no_address())?
        } else {
            let url = Url::parse(&format!("https://{text}")).map_err(|_| no_address())?;
            if is_loopback(&url) {
                Url::parse(&format!("http://{text}")).map_err(|_| no_address())?
            } else {
                url
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::usage("a server's address has no name and no password in it")
                .hint("the key goes into `madura login`, which asks for it"));
        }
        if url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
            return Err(no_address());
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) || plain_http => {}
            "http" => {
                return Err(Failure::usage(format_args!(
                    "{url}: over plain http everybody on the way can read the key"
                ))
                .hint("use https, or say --plain-http if the way is safe"));
            }
            _ => return Err(no_address()),
        }
        let mut url = url;
        // A path with a slash at its end would give an empty name before the first of a request's.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
        }
        Ok(Self(url))
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether requests go there unencrypted, and leave the machine.
    pub(crate) fn is_in_the_clear(&self) -> bool {
        self.0.scheme() == "http" && !self.is_loopback()
    }

    /// The address of something there, by its names (which may hold anything) and its query.
    pub(crate) fn of(&self, names: &[&str], query: &[(&str, String)]) -> String {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(names);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }

    /// The address of a path with its query, as it was typed.
    pub(crate) fn of_path(&self, path: &str) -> Result<String> {
        let base = self.to_string();
        let url = Url::parse(&format!("{base}{path}"))
            .map_err(|_| Failure::usage(format_args!("`{}` is no path", safe(path))))?;
        Ok(url.into())
    }
}

impl fmt::Display for Address {
    /// Without a slash at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What was typed, unless it may hold a secret: whoever mixes up the arguments types the key here.
fn safe(text: &str) -> &str {
    if text.contains("mk_") || text.contains('@') { "..." } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Address::parse(text, false).map_or_else(|_| "refused".to_owned(), |at| at.to_string())
    }

    #[test]
    fn an_address_is_https_unless_it_is_this_machine() {
        assert_eq!(parsed("leads.example.com"), "https://leads.example.com");
        assert_eq!(parsed("https://leads.example.com/"), "https://leads.example.com");
        assert_eq!(parsed("https://example.com/leads/"), "https://example.com/leads");
        assert_eq!(parsed("localhost:8420"), "http://localhost:8420");
        assert_eq!(parsed("127.0.0.1:8420"), "http://127.0.0.1:8420");
        assert_eq!(parsed("http://[::1]:8420"), "http://[::1]:8420");
    }

    #[test]
    fn a_key_never_goes_over_plain_http_to_another_machine_unasked() {
        assert_eq!(parsed("http://leads.example.com"), "refused");
        assert_eq!(parsed("http://localhost.example.com"), "refused");
        assert_eq!(parsed("http://10.0.0.7:8420"), "refused");
        assert!(Address::parse("http://10.0.0.7:8420", true).is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "ftp://example.com", "https://u:p@example.com", "https://a.b/?q", "https://"]
        {
            assert_eq!(parsed(text), "refused", "{text}");
        }
    }

    #[test]
    fn names_in_a_path_stay_names() {
        let address = Address::parse("https://example.com/leads", false).unwrap();
        let of = address.of(&["api", "a/b?c#d"], &[("q", "x&y".to_owned())]);
        assert_eq!(of, "https://example.com/leads/api/a%2Fb%3Fc%23d?q=x%26y");
    }
}
