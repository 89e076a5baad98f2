//! What was probably meant.

/// The name most like `wanted`, where one is like enough to be meant. Case and separators do not
/// count, and the last part of a dotted path may be the whole name: `company.employees` is near
/// to `Employees`.
pub(crate) fn nearest<'n>(
    wanted: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let whole = plain(wanted);
    let last = plain(wanted.rsplit('.').next().unwrap_or(wanted));
    let likeness = |name: &str| {
        let own_last = plain(name.rsplit('.').next().unwrap_or(name));
        let name = plain(name);
        if name.is_empty() {
            return 0.0;
        }
        if name == whole {
            return 1.0;
        }
        if name == last || own_last == last {
            return 0.95;
        }
        let longer = whole.chars().count().max(name.chars().count());
        let typed = 1.0 - strsim::damerau_levenshtein(&whole, &name) as f64 / longer as f64;
        let part =
            whole.len().min(name.len()) >= 4 && (name.contains(&whole) || whole.contains(&name));
        if part { typed.max(0.8) } else { typed }
    };
    names
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_that_was_probably_meant() {
        let names = ["Employees", "country", "email_domain", "title.seniority", "page_path"];
        for (wanted, meant) in [
            ("company.employees", Some("Employees")),
            ("contry", Some("country")),
            ("email.domain", Some("email_domain")),
            ("seniority", Some("title.seniority")),
            ("path", Some("page_path")),
            ("budget", None),
        ] {
            assert_eq!(nearest(wanted, names), meant, "{wanted}");
        }
    }
}
