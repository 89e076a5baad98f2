//! Which columns of a file are read, and what for.

use super::schema::{Leaf, Meaning};
use crate::content::path_hash;
use crate::csv::mandatory;
use crate::plan::{Kind, Task};
use crate::{ReadError, Role};

/// Which columns are read, and what for. Numbers are places in `leaves`.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) lead: usize,
    pub(crate) at: Option<usize>,
    pub(crate) event: Option<usize>,
    pub(crate) id: Option<usize>,
    pub(crate) props: Option<usize>,
    pub(crate) wanted: Vec<String>,
    /// For each property the column that has it; `None` looks in `props`.
    pub(crate) columns: Vec<Option<usize>>,
    /// Where rows have ids: the hash of the name of each column, 0 for those hashed otherwise.
    pub(crate) hashes: Vec<u64>,
}

impl Layout {
    pub(crate) fn resolve(
        all: &[Leaf],
        names: &[String],
        file: &str,
        task: &Task,
    ) -> Result<Self, ReadError> {
        for role in mandatory(task.kind) {
            let column = task.columns.require(*role, names, file)?;
            if all[column].list.is_some() || all[column].meaning == Meaning::Unreadable {
                return Err(ReadError::Format {
                    file: file.to_owned(),
                    reason: format!("column {} holds lists: it must hold one value", names[column]),
                });
            }
        }
        let optional = |role| task.columns.optional(role, names, file);
        let lead = task.columns.find(Role::Lead, names).unwrap_or_default();
        let (at, event, id, props) = match task.kind {
            Kind::Events => (
                task.columns.find(Role::At, names),
                task.columns.find(Role::Event, names),
                optional(Role::Id)?,
                optional(Role::Props)?.filter(|props| all[*props].meaning == Meaning::Text),
            ),
            Kind::Leads => (optional(Role::CreatedAt)?, None, None, None),
        };
        let roles: Vec<usize> = match task.kind {
            Kind::Events => [Some(lead), at, event, id, props].into_iter().flatten().collect(),
            Kind::Leads => vec![lead],
        };
        let mut wanted = task.wanted.clone();
        if task.all {
            let further = names
                .iter()
                .enumerate()
                .filter(|(column, name)| !roles.contains(column) && !task.wanted.contains(name));
            wanted.extend(further.map(|(_, name)| name.clone()));
        }
        let columns: Vec<Option<usize>> = wanted
            .iter()
            .map(|path| {
                if task.kind == Kind::Leads && path == Role::CreatedAt.name() && at.is_some() {
                    return at;
                }
                names.iter().position(|name| name == path).filter(|column| !roles.contains(column))
            })
            .collect();
        let looks_into_props = task.all || columns.contains(&None);
        let props = props.filter(|_| looks_into_props || id.is_some());

        // With ids every column is read, for the hash that settles which of two facts counts.
        let mut read: Vec<usize> = (0..all.len())
            .filter(|column| {
                id.is_some()
                    || roles[..].contains(column) && Some(*column) != props
                    || Some(*column) == props
                    || at == Some(*column)
                    || columns.contains(&Some(*column))
            })
            .collect();
        read.retain(|column| {
            Some(*column) != task.columns.find(Role::Props, names)
                || task.kind == Kind::Leads
                || props == Some(*column)
        });
        let place = |column: usize| read.iter().position(|read| *read == column);
        let hashes = read
            .iter()
            .map(|column| {
                let fixed = [Some(lead), at, event, id].contains(&Some(*column));
                if fixed { 0 } else { path_hash(&names[*column]) }
            })
            .collect();
        Ok(Self {
            leaves: read.iter().map(|column| all[*column].clone()).collect(),
            lead: place(lead).unwrap_or_default(),
            at: at.and_then(place),
            event: event.and_then(place),
            id: id.and_then(place),
            props: props.filter(|_| looks_into_props).and_then(place),
            wanted,
            columns: columns.into_iter().map(|column| column.and_then(place)).collect(),
            hashes,
        })
    }
}
