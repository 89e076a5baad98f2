//! Where dependencies come from: the public registries, by their public names. A mirror in a
//! lock file or in a setting works on one network only.

use super::{Finding, SourceFile};

const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: &str = "https://registry.npmjs.org/";

/// Settings that send a package manager elsewhere, by the names of the files they stand in.
const DETOURS: [(&str, &[&str]); 6] = [
    ("config.toml", &["[source", "[registr", "replace-with"]),
    (".npmrc", &["registry=", "registry ="]),
    ("pip.conf", &["index-url", "index_url"]),
    ("requirements.txt", &["index-url"]),
    ("pyproject.toml", &["index-url", "index_url"]),
    ("uv.toml", &["index-url", "index_url"]),
];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let elsewhere = |line: &str| match name {
        "Cargo.lock" => value(line, "source = \"").is_some_and(|source| source != CRATES),
        "package-lock.json" => {
            value(line, "\"resolved\": \"").is_some_and(|address| !address.starts_with(NPM))
        }
        _ => DETOURS
            .iter()
            .any(|(file, words)| *file == name && words.iter().any(|word| line.contains(word))),
    };
    file.lines()
        .filter(|(_, line)| elsewhere(line))
        .map(|(line, _)| file.finding(line, "dependencies come from the public registries"))
        .collect()
}

/// What stands between this prefix and the next quotation mark.
fn value<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    line.trim().strip_prefix(prefix)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_in_a_lock_file_or_in_a_setting_is_found() {
        for (path, text, findings) in [
            ("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\"", 0),
            ("Cargo.lock", "source = \"registry+https://mirror.example/index\"", 1),
            ("web/package-lock.json", "  \"resolved\": \"https://registry.npmjs.org/a.tgz\",", 0),
            ("web/package-lock.json", "  \"resolved\": \"https://mirror.example/a.tgz\",", 1),
            (".cargo/config.toml", "[alias]", 0),
            (".cargo/config.toml", "[source.crates-io]", 1),
            ("web/.npmrc", "registry=https://mirror.example/", 1),
            ("web/.npmrc", "@ours:registry = https://mirror.example/", 1),
            ("web/.npmrc", "omit-lockfile-registry-resolved=true", 0),
        ] {
            assert_eq!(check(&SourceFile::new(path, text)).len(), findings, "{path}: {text}");
        }
    }
}
