//! Addresses.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// An e-mail address: one `@`, a local part of at most 64 bytes, a domain with a dot, no spaces or
/// control characters, at most 254 bytes in all (RFC 5321). In lower case: no provider that people
/// use tells `Ana@` from `ana@`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct EmailAddress(String);

/// Why a text is not an address. `Display` completes "the address ...".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EmailError {
    /// No `@`, or several outside quotes.
    #[error("needs exactly one @, as in ana@example.com")]
    At,
    /// Nothing before the `@`, too much of it, or characters that no provider gives out.
    #[error("has something before the @ that cannot stand there")]
    Local,
    /// The part behind the `@` is not a domain name.
    #[error("has no domain behind the @, as example.com is one")]
    Domain,
    /// More than 254 bytes.
    #[error("is longer than 254 bytes")]
    Long,
}

impl EmailAddress {
    /// Reads an address; blanks around it are taken off. Quoted local parts, comments and literal
    /// IP addresses are refused: people do not have them, attackers do.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > 254 {
            return Err(EmailError::Long);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
        if domain.contains('@') {
            return Err(EmailError::At);
        }
        let plain = |c: char| {
            c.is_alphanumeric() || (c.is_ascii_graphic() && !"\"(),:;<>@[\\]".contains(c))
        };
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        // A leading dash would be read as an option by a program that mail is handed to.
        if local.is_empty() || local.len() > 64 || dots || local.starts_with('-') {
            return Err(EmailError::Local);
        }
        if !local.chars().all(plain) {
            return Err(EmailError::Local);
        }
        let labels = domain.split('.');
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let top_is_a_name = domain.rsplit('.').next().is_some_and(|top| {
            top.chars().count() >= 2 && !top.chars().all(|c| c.is_ascii_digit())
        });
        if !domain.contains('.') || !top_is_a_name || !labels.into_iter().all(label) {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.to_lowercase()))
    }

    /// The whole address, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(format!("the address {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_lower_case_and_without_blanks() {
        let address = EmailAddress::parse(" Ana.Pop+news@Example.RO ").expect("an address");
        assert_eq!((address.as_str(), address.domain()), ("ana.pop+news@example.ro", "example.ro"));
        assert!(EmailAddress::parse("ștefan@exámple.com").is_ok());
    }

    #[test]
    fn what_no_person_has_is_refused() {
        let cases = [
            ("ana", EmailError::At),
            ("ana@b@c.com", EmailError::At),
            ("@example.com", EmailError::Local),
            ("\"a b\"@example.com", EmailError::Local),
            ("-oQ/tmp@example.com", EmailError::Local),
            ("a..b@example.com", EmailError::Local),
            ("ana\r\nBcc: x@example.com", EmailError::Local),
            ("ana@localhost", EmailError::Domain),
            ("ana@[127.0.0.1]", EmailError::Domain),
            ("ana@127.0.0.1", EmailError::Domain),
            ("ana@-x.com", EmailError::Domain),
            ("ana@x.com\r\nBcc: y", EmailError::Domain),
        ];
        for (text, expected) in cases {
            assert_eq!(EmailAddress::parse(text), Err(expected), "{text:?}");
        }
        let long = format!("ana@{}.com", "a.".repeat(150));
        assert_eq!(EmailAddress::parse(&long), Err(EmailError::Long));
    }
}
