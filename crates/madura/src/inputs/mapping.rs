//! `--map`: what columns are called in somebody's files.

use ingest::Columns;

use crate::exit::{Failure, Result};

/// The columns of each kind of file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapping {
    /// Of the leads' files.
    pub(crate) leads: Columns,
    /// Of the events' files.
    pub(crate) events: Columns,
    /// Of the files of changes.
    pub(crate) changes: Columns,
}

const FILES: [&str; 3] = ["leads", "events", "changes"];

impl Mapping {
    /// Reads `role=column`, for every file, and `events.role=column`, for one kind of file; the
    /// latter goes before the former.
    pub(crate) fn parse(parts: &[String]) -> Result<Self> {
        let [leads, events, changes] = FILES.map(|file| Self::columns(parts, file));
        Ok(Self { leads: leads?, events: events?, changes: changes? })
    }

    fn columns(parts: &[String], file: &str) -> Result<Columns> {
        let mut own: Vec<&str> = Vec::new();
        let mut shared: Vec<&str> = Vec::new();
        for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
            match part.split_once('.') {
                Some((prefix, rest)) if prefix == file => own.push(rest),
                Some((prefix, _)) if FILES.contains(&prefix) => {}
                _ => shared.push(part),
            }
        }
        let role = |part: &str| part.split('=').next().unwrap_or_default().trim().to_owned();
        let roles: Vec<String> = own.iter().map(|part| role(part)).collect();
        shared.retain(|part| !roles.contains(&role(part)));
        own.extend(shared);
        own.join(",").parse().map_err(|error| {
            Failure::usage(format_args!("--map: {error}"))
                .hint("write `--map lead=customer_id,at=ts`, first the role, then your column")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ingest::Role;

    fn mapping(text: &str) -> Mapping {
        let parts: Vec<String> = text.split(',').map(str::to_owned).collect();
        Mapping::parse(&parts).unwrap()
    }

    #[test]
    fn one_mapping_serves_all_files_and_a_prefix_names_one() {
        let mapping = mapping("lead=customer_id,events.lead=who,at=ts");
        assert_eq!(mapping.leads.name(Role::Lead), "customer_id");
        assert_eq!(mapping.events.name(Role::Lead), "who");
        assert_eq!(mapping.events.name(Role::At), "ts");
        assert_eq!(mapping.changes.name(Role::Lead), "customer_id");
    }

    #[test]
    fn a_column_may_have_a_dot_in_its_name() {
        assert_eq!(mapping("lead=contact.id").leads.name(Role::Lead), "contact.id");
    }

    #[test]
    fn a_role_that_does_not_exist_is_refused() {
        assert!(Mapping::parse(&["who=customer".to_owned()]).is_err());
        assert!(Mapping::parse(&["events.lead".to_owned()]).is_err());
    }
}
