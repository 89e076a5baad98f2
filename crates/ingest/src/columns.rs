//! Which column is which: the names that are expected, and the names that a file uses instead.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::ReadError;

/// What a column is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Who: the lead's id.
    Lead,
    /// When.
    At,
    /// The event's name.
    Event,
    /// What identifies the event.
    Id,
    /// Since when the lead is known.
    CreatedAt,
    /// A JSON object of properties.
    Props,
    /// The trait that changes.
    Trait,
    /// Its new value.
    Value,
}

/// The names of the columns: those of the roles, unless mapped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Columns {
    mapped: Vec<(Role, String)>,
}

/// Why a mapping of columns cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ColumnsError {
    /// Not of the form `role=column`.
    #[error("{0:?} is not of the form role=column, as in lead=customer_id")]
    Form(String),
    /// No such role.
    #[error(
        "{0:?} is no role of a column; the roles are lead, at, event, id, created_at, props, trait and value"
    )]
    Role(String),
    /// One role twice.
    #[error("{0} is mapped twice")]
    Twice(Role),
}

const ROLES: [Role; 8] = [
    Role::Lead,
    Role::At,
    Role::Event,
    Role::Id,
    Role::CreatedAt,
    Role::Props,
    Role::Trait,
    Role::Value,
];

impl Role {
    /// The role's name, which is also the column's unless it is mapped.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::At => "at",
            Self::Event => "event",
            Self::Id => "id",
            Self::CreatedAt => "created_at",
            Self::Props => "props",
            Self::Trait => "trait",
            Self::Value => "value",
        }
    }

    /// The names under which the column is looked for when it is not mapped.
    const fn default_names(self) -> &'static [&'static str] {
        match self {
            Self::Lead => &["lead"],
            Self::At => &["at"],
            Self::Event => &["event"],
            Self::Id => &["id"],
            Self::CreatedAt => &["created_at"],
            Self::Props => &["props", "properties"],
            Self::Trait => &["trait"],
            Self::Value => &["value"],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Columns {
    /// The same, with the column for `role` called `column`.
    #[must_use]
    pub fn with(mut self, role: Role, column: &str) -> Self {
        self.mapped.retain(|(mapped, _)| *mapped != role);
        self.mapped.push((role, column.to_owned()));
        self
    }

    /// The name that is expected for `role`.
    pub fn name(&self, role: Role) -> &str {
        self.mapping(role).unwrap_or_else(|| role.name())
    }

    /// The position of the column for `role` among `names`. A mapped name that is not there gives
    /// way to the usual one, so that one mapping serves the leads' file and the events' file.
    pub(crate) fn find(&self, role: Role, names: &[String]) -> Option<usize> {
        let position = |wanted: &str| names.iter().position(|name| name == wanted);
        if let Some(found) = self.mapping(role).and_then(position) {
            return Some(found);
        }
        // A column that is mapped to another role does not serve its usual one as well.
        let taken = |name: &str| self.mapped.iter().any(|(r, mapped)| *r != role && mapped == name);
        role.default_names().iter().filter(|name| !taken(name)).find_map(|name| position(name))
    }

    /// As [`Self::find`], for a column without which no row can be read.
    pub(crate) fn require(
        &self,
        role: Role,
        names: &[String],
        file: &str,
    ) -> Result<usize, ReadError> {
        self.find(role, names).ok_or_else(|| ReadError::MissingColumn {
            file: file.to_owned(),
            role: role.name(),
            column: self.name(role).to_owned(),
            nearest: nearest(self.name(role), names),
            columns: names.to_vec(),
        })
    }

    /// As [`Self::find`]; an error where the column was mapped by the caller and is not there.
    pub(crate) fn optional(
        &self,
        role: Role,
        names: &[String],
        file: &str,
    ) -> Result<Option<usize>, ReadError> {
        if self.mapping(role).is_some() {
            self.require(role, names, file).map(Some)
        } else {
            Ok(self.find(role, names))
        }
    }

    fn mapping(&self, role: Role) -> Option<&str> {
        self.mapped.iter().find(|(mapped, _)| *mapped == role).map(|(_, name)| name.as_str())
    }
}

impl FromStr for Columns {
    type Err = ColumnsError;

    /// `lead=customer_id,at=ts`.
    fn from_str(text: &str) -> Result<Self, ColumnsError> {
        let mut columns = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (role, column) =
                part.split_once('=').ok_or_else(|| ColumnsError::Form(part.trim().to_owned()))?;
            let (role, column) = (role.trim(), column.trim());
            if column.is_empty() {
                return Err(ColumnsError::Form(part.trim().to_owned()));
            }
            let role = ROLES
                .into_iter()
                .find(|known| known.name() == role)
                .ok_or_else(|| ColumnsError::Role(role.to_owned()))?;
            if columns.mapping(role).is_some() {
                return Err(ColumnsError::Twice(role));
            }
            columns.mapped.push((role, column.to_owned()));
        }
        Ok(columns)
    }
}

/// The name most like `wanted`, where one is similar enough to be meant.
pub(crate) fn nearest(wanted: &str, names: &[String]) -> Option<String> {
    let wanted = wanted.to_lowercase();
    names
        .iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let contained =
                !lower.is_empty() && (lower.contains(&wanted) || wanted.contains(&lower));
            let likeness = strsim::jaro_winkler(&wanted, &lower);
            (if contained { likeness.max(0.8) } else { likeness }, name)
        })
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn a_mapping_names_the_columns_of_a_file() {
        let columns: Columns = "lead=customer_id, at = ts".parse().unwrap();
        assert_eq!(columns.name(Role::Lead), "customer_id");
        assert_eq!(columns.name(Role::At), "ts");
        assert_eq!(columns.name(Role::Event), "event");
        assert_eq!(columns.find(Role::At, &names("event,customer_id,ts")), Some(2));
    }

    #[test]
    fn one_mapping_serves_two_files_that_differ() {
        let columns: Columns = "lead=customer_id".parse().unwrap();
        assert_eq!(columns.find(Role::Lead, &names("lead,country")), Some(0));
    }

    #[test]
    fn a_mapped_column_serves_one_role_only() {
        let columns: Columns = "lead=id".parse().unwrap();
        assert_eq!(columns.find(Role::Lead, &names("id,event")), Some(0));
        assert_eq!(columns.find(Role::Id, &names("id,event")), None);
    }

    #[test]
    fn a_mapping_that_cannot_be_meant_is_refused() {
        for (text, error) in [
            ("lead", ColumnsError::Form("lead".into())),
            ("lead=", ColumnsError::Form("lead=".into())),
            ("who=customer", ColumnsError::Role("who".into())),
            ("at=a,at=b", ColumnsError::Twice(Role::At)),
        ] {
            assert_eq!(text.parse::<Columns>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_missing_column_is_named_with_the_most_similar_one() {
        let error =
            Columns::default().require(Role::Lead, &names("Lead_ID,ts"), "f.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "f.csv: there is no column \"lead\" (perhaps \"Lead_ID\"?); name the right one with \
             --map lead=COLUMN. The columns are: Lead_ID, ts"
        );
    }
}
