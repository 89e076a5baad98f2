//! What is behind the ids of the audit trail, as it is called today. The trail itself holds no names.

use std::collections::BTreeMap;

use store::accounts;
use store::scores::{lead_names, saved_segment};
use store::{DbError, Tx, imports, keys, webhooks, write_keys};

/// Names by kind and id, as `user:0197..`.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// Looks up whatever has a name among these; leads only `with_leads`.
    pub(crate) fn read<'n>(
        tx: &mut Tx<'_>,
        named: impl Iterator<Item = &'n str>,
        with_leads: bool,
    ) -> Result<Self, DbError> {
        let mut names = BTreeMap::new();
        let mut leads = Vec::new();
        let mut wanted: Vec<&str> = named.collect();
        wanted.sort_unstable();
        wanted.dedup();
        for whole in wanted {
            let Some((kind, id)) = whole.split_once(':') else { continue };
            if kind == "lead" && with_leads {
                leads.push(id);
            } else if let Some(name) = name_of(tx, kind, id)? {
                names.insert(whole.to_owned(), name);
            }
        }
        for (lead, name) in lead_names(tx, &leads)? {
            if let Some(name) = name.name.or(name.email) {
                names.insert(format!("lead:{lead}"), name);
            }
        }
        Ok(Self(names))
    }

    pub(crate) fn of(&self, whole: &str) -> Option<String> {
        self.0.get(whole).cloned()
    }
}

fn name_of(tx: &mut Tx<'_>, kind: &str, id: &str) -> Result<Option<String>, DbError> {
    Ok(match kind {
        "user" => accounts::find(tx, id)?
            .map(|user| if user.name.is_empty() { user.email } else { user.name }),
        "key" => keys::get(tx, id)?.map(|key| key.name),
        "write_key" => write_keys::get(tx, id)?.map(|key| key.name),
        "segment" => saved_segment(tx, id)?.map(|segment| segment.name),
        "webhook" => webhooks::find(tx, id)?.map(|endpoint| endpoint.url),
        "import" => imports::find(tx, id)?.map(|import| import.name),
        // These are called by their names.
        "model" | "form" | "setting" => Some(id.to_owned()),
        _ => None,
    })
}
