//! Identifiers: what they are, and what is none.

use std::borrow::Cow;

use leads::{EmailAddress, Report, Timestamp, What};

use super::Note;
use crate::chunks;
use crate::db::{DbError, Tx};

/// What an identifier is, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IdentifierKind {
    /// The customer's own id for the person.
    User = 0,
    /// An address.
    Email = 1,
    /// The id of a lead: ours, or that of the file it was imported from.
    Lead = 2,
    /// A visitor's id in one browser.
    Anonymous = 3,
}

/// An identifier of a lead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Identifier {
    /// What it is.
    pub kind: IdentifierKind,
    /// The identifier itself.
    pub value: String,
    /// From when on it is this person's; `Timestamp::MIN` unless a device passed from another.
    pub since: Timestamp,
    /// The earliest instant of a report that names it (kept for addresses only).
    pub first_at: Timestamp,
    /// Whose it is.
    pub person: String,
}

impl IdentifierKind {
    /// All kinds, the strongest first.
    pub const ALL: [Self; 4] = [Self::User, Self::Email, Self::Lead, Self::Anonymous];

    /// As in the database.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// From the database.
    pub(crate) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::User,
            1 => Self::Email,
            2 => Self::Lead,
            _ => Self::Anonymous,
        }
    }

    /// As in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Email => "email",
            Self::Lead => "lead",
            Self::Anonymous => "anonymous",
        }
    }

    /// How many of a kind a lead may have. A user id is one for ever but for aliases; people have a
    /// few addresses; a browser that forgets its visitor weekly makes 52 ids a year. More than that
    /// is a program or a shared account, and would draw strangers in.
    pub(crate) fn at_most(self) -> i64 {
        match self {
            Self::User | Self::Email | Self::Lead => 16,
            Self::Anonymous => 256,
        }
    }
}

/// What programs send for want of an id: the lists that `Segment` and `PostHog` document, joined. One
/// such value taken for a person would draw everybody into one lead.
const PLACEHOLDERS: [&str; 40] = [
    "anonymous",
    "guest",
    "visitor",
    "unknown",
    "null",
    "(null)",
    "<null>",
    "nil",
    "none",
    "void",
    "undefined",
    "nan",
    "[object object]",
    "object object",
    "true",
    "false",
    "id",
    "user",
    "userid",
    "user_id",
    "user id",
    "email",
    "e-mail",
    "distinct_id",
    "distinctid",
    "anonymousid",
    "anonymous_id",
    "not_authenticated",
    "n/a",
    "na",
    "not set",
    "(not set)",
    "no",
    "not available",
    "test",
    "default",
    "string",
    "noemail",
    "no-email",
    "no_email",
];

/// Local parts of addresses that nobody reads.
const NOBODY_AT: [&str; 4] = ["noreply", "no-reply", "donotreply", "do-not-reply"];

/// Whether a value is not an identifier of anybody: a placeholder, blanks, zeros and dashes (a nil
/// UUID too), control characters, or longer than [`Report::ID_MAX`] bytes.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    value.len() > Report::ID_MAX
        || value.chars().any(char::is_control)
        || value.chars().all(|c| matches!(c, '0' | '-' | '_' | '.' | '*' | '#' | '?'))
        || value == "-1"
        // A template that was not filled in.
        || (value.starts_with("{{") && value.ends_with("}}"))
        || (value.starts_with("${") && value.ends_with('}'))
        || (value.starts_with("%%") && value.ends_with("%%"))
        || is_listed(value)
}

/// Whether it is one of [`PLACEHOLDERS`], in whatever letters.
fn is_listed(value: &str) -> bool {
    if value.is_ascii() {
        // Of each report it is asked twice or more: no copy is made for it.
        return PLACEHOLDERS.iter().any(|known| known.eq_ignore_ascii_case(value));
    }
    PLACEHOLDERS.contains(&value.to_lowercase().as_str())
}

fn is_nobodys(address: &EmailAddress) -> bool {
    let local = address.as_str().split('@').next().unwrap_or_default();
    (is_placeholder(local) && local != "test" && local != "user" && local != "id" && local != "no")
        || NOBODY_AT.contains(&local)
}

/// An identifier as a report names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Name {
    pub(crate) kind: IdentifierKind,
    pub(crate) value: String,
}

/// The identifiers that a report names.
#[derive(Default, Debug)]
pub(crate) struct Named {
    /// The strongest first.
    pub(crate) strong: Vec<Name>,
    /// Visitors' ids.
    pub(crate) visitors: Vec<Name>,
    /// The id that an alias says was the person's until now, as a user's id.
    pub(crate) previous: Option<Name>,
    pub(crate) notes: Vec<Note>,
}

impl Named {
    pub(crate) fn of(report: &Report) -> Self {
        use IdentifierKind::{Anonymous, Email, Lead, User};
        let mut named = Self::default();
        let who = &report.who;
        let user = named.plain(User, who.user.as_deref());
        named.strong.extend(user);
        if let Some(address) = &who.email {
            if is_nobodys(address) {
                named.notes.push(Note::Placeholder);
            } else {
                named.strong.push(Name { kind: Email, value: address.as_str().to_owned() });
            }
        }
        let lead = named.plain(Lead, who.lead.as_deref());
        named.strong.extend(lead);
        let visitor = named.plain(Anonymous, who.anonymous.as_deref());
        named.visitors.extend(visitor);
        if let What::Alias { previous } = &report.what {
            // It does not say of which kind it is: it stands for both. Of itself it says nothing.
            let user = named.plain(User, Some(previous));
            named.previous = user.filter(|name| !named.strong.contains(name));
            if named.previous.is_some() {
                let visitor = named.plain(Anonymous, Some(previous));
                named.visitors.extend(visitor.filter(|name| !named.visitors.contains(name)));
            }
        }
        named.notes.dedup();
        named
    }

    fn plain(&mut self, kind: IdentifierKind, value: Option<&str>) -> Option<Name> {
        let value = value?;
        if is_placeholder(value) {
            self.notes.push(Note::Placeholder);
            return None;
        }
        Some(Name { kind, value: as_kept(kind, value.trim()).into_owned() })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Name> {
        self.strong.iter().chain(&self.previous).chain(&self.visitors)
    }
}

/// As an identifier is kept and compared. A user id that is an address is one in whatever case it is
/// written, as the address is: else `Ana@x.com` and `ana@x.com`, which shops take from the same form,
/// would be two users for ever.
fn as_kept(kind: IdentifierKind, value: &str) -> Cow<'_, str> {
    let address = (kind == IdentifierKind::User && value.contains('@'))
        .then(|| EmailAddress::parse(value).ok())
        .flatten();
    address.map_or(Cow::Borrowed(value), |address| Cow::Owned(address.as_str().to_owned()))
}

/// The lead that an identifier belongs to (a visitor's as of now). A lead's own id, or that of one
/// it absorbed, is an identifier of kind `Lead`.
pub fn find_lead(
    tx: &mut Tx<'_>,
    kind: IdentifierKind,
    value: &str,
) -> Result<Option<String>, DbError> {
    if kind == IdentifierKind::Lead {
        let sql = "SELECT lead FROM person WHERE id = $1";
        if let Some(lead) = tx.find(sql, &[value.into()], |row| row.get(0))? {
            return Ok(Some(lead));
        }
    }
    let sql = "SELECT p.lead FROM identifier i JOIN person p ON p.id = i.person
        WHERE i.kind = $1 AND i.value = $2 ORDER BY i.since DESC LIMIT 1";
    let value = as_kept(kind, value);
    tx.find(sql, &[kind.code().into(), value.as_ref().into()], |row| row.get(0))
}

/// Whether a lead is there: neither erased nor part of another by now.
pub fn is_lead(tx: &mut Tx<'_>, lead: &str) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM person WHERE lead = $1 LIMIT 1";
    Ok(tx.find(sql, &[lead.into()], |_| Ok(()))?.is_some())
}

/// All identifiers of a lead, by kind and value.
pub fn identifiers(tx: &mut Tx<'_>, lead: &str) -> Result<Vec<Identifier>, DbError> {
    let sql = "SELECT id FROM person WHERE lead = $1";
    let persons: Vec<String> = tx.query(sql, &[lead.into()], |row| row.get(0))?;
    let persons: Vec<&str> = persons.iter().map(String::as_str).collect();
    identifiers_of(tx, &persons)
}

/// All identifiers of some persons, by kind and value.
pub(crate) fn identifiers_of(
    tx: &mut Tx<'_>,
    persons: &[&str],
) -> Result<Vec<Identifier>, DbError> {
    let mut found = Vec::new();
    chunks::keys(persons, 1, |list, keys| {
        let sql = format!(
            "SELECT kind, value, since, person, first_at FROM identifier WHERE person IN ({list})"
        );
        tx.each(&sql, keys, |row| {
            found.push(Identifier {
                kind: IdentifierKind::from_code(row.get(0)?),
                value: row.get(1)?,
                since: Timestamp::saturating_from_millis(row.get(2)?),
                person: row.get(3)?,
                first_at: Timestamp::saturating_from_millis(row.get(4)?),
            });
            Ok(())
        })
    })?;
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_no_id_is_nobodys() {
        for value in [
            "",
            "  ",
            "0",
            "0000-00",
            "-1",
            "null",
            " NULL ",
            "Anonymous",
            "[object Object]",
            "NaN",
            "undefined",
            "00000000-0000-0000-0000-000000000000",
            "\"null\"",
            "{{user.id}}",
            "a\0b",
            "a\nb",
            "***",
            "un\u{212a}nown",
        ] {
            assert!(is_placeholder(value), "{value:?}");
        }
        assert!(is_placeholder(&"x".repeat(256)));
        for value in ["1", "u-0", "ana", "nullo", "10", "a.b", "Ștefan"] {
            assert!(!is_placeholder(value), "{value:?}");
        }
        for (address, nobodys) in [
            ("null@null.com", true),
            ("no-reply@example.com", true),
            ("undefined@undefined.com", true),
            ("test@example.com", false),
            ("ana@example.com", false),
        ] {
            let address = EmailAddress::parse(address).expect("an address");
            assert_eq!(is_nobodys(&address), nobodys, "{address}");
        }
    }
}
