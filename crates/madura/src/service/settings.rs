//! Settings: what is built in, then the file, then the environment, then what was typed.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use deliver::{Guard, Network, Ports};
use serde::Deserialize;
use store::Address;

use crate::exit::{Failure, Result};

/// Where the system is and how it is reached: the same words in every command that needs it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "System")]
pub(crate) struct SettingsArgs {
    /// The file of settings. Without it `madura.toml` in this directory, where there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The directory for everything that is kept (environment: `MADURA_DATA`)
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// The database: a file, or `postgres://user@host/name` (environment: `MADURA_DB`). Without it a file
    /// in the data directory
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) db: Option<String>,

    /// Where to listen (environment: `MADURA_BIND`)
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,

    /// Where people reach it, as in `https://leads.example.com` (environment: `MADURA_PUBLIC_URL`)
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

/// What is decided, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) db: Address,
    pub(crate) bind: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) webhook_networks: Vec<Network>,
    pub(crate) seal_after_days: Option<i64>,
    pub(crate) limits: Limits,
    /// Per setting, who decided it.
    pub(crate) sources: BTreeMap<&'static str, Source>,
}

/// Who decided a setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    BuiltIn,
    File(PathBuf),
    Environment(&'static str),
    Typed,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Typed => f.write_str("typed"),
        }
    }
}

/// The file `madura.toml`.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    db: Option<String>,
    bind: Option<String>,
    public_url: Option<String>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    #[serde(default)]
    webhooks: Webhooks,
    #[serde(default)]
    facts: Facts,
    #[serde(default)]
    limits: Limits,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
struct Webhooks {
    /// Private networks that webhooks may go to.
    #[serde(default)]
    allow_networks: Vec<String>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
struct Facts {
    seal_after_days: Option<i64>,
}

/// Requests a second in the long run; four times as many at once.
#[derive(Clone, Copy, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Tracking calls per key.
    calls_per_key: Option<u32>,
    /// Tracking calls per address.
    calls_per_address: Option<u32>,
    /// Requests to the API per user or key.
    requests_per_caller: Option<u32>,
}

const FILE: &str = "madura.toml";

impl Settings {
    /// Reads all four. `environment` gives the value of a variable.
    pub(crate) fn read(
        args: &SettingsArgs,
        environment: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self> {
        let (file, path) = read_file(args)?;
        let mut sources = BTreeMap::new();
        let mut decide = |name: &'static str,
                          typed: Option<String>,
                          variable: &'static str,
                          written: Option<String>,
                          built_in: &str| {
            let choices = [
                (typed, Source::Typed),
                (
                    environment(variable).filter(|text| !text.is_empty()),
                    Source::Environment(variable),
                ),
                (written, Source::File(path.clone())),
            ];
            let chosen = choices.into_iter().find_map(|(value, source)| Some((value?, source)));
            let (value, source) = chosen.unwrap_or((built_in.to_owned(), Source::BuiltIn));
            sources.insert(name, source);
            value
        };
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let data = decide(
            "data",
            args.data.as_ref().map(text),
            "MADURA_DATA",
            file.data.as_ref().map(text),
            "madura-data",
        );
        let db = decide("db", args.db.clone(), "MADURA_DB", file.db.clone(), "");
        let bind =
            decide("bind", args.bind.clone(), "MADURA_BIND", file.bind.clone(), "127.0.0.1:8420");
        let url = decide(
            "public_url",
            args.public_url.clone(),
            "MADURA_PUBLIC_URL",
            file.public_url.clone(),
            "",
        );
        let data = PathBuf::from(data);
        let db = if db.is_empty() {
            Address::File(data.join("madura.db"))
        } else {
            Address::parse(&db).map_err(|error| Failure::usage(format!("db: {error}")))?
        };
        let address: SocketAddr = bind.parse().map_err(|_| {
            Failure::usage(format!("bind: `{bind}` is no address and port"))
                .hint("write it as in 127.0.0.1:8420, or 0.0.0.0:8420 to be reached from elsewhere")
        })?;
        let public_url = if url.is_empty() { format!("http://{address}") } else { url };
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(Failure::usage(format!(
                "public_url: `{public_url}` is no address of the web"
            ))
            .hint("write it as in https://leads.example.com"));
        }
        Ok(Self {
            data,
            db,
            bind: address,
            public_url,
            trusted_proxies: networks("trusted_proxies", &file.trusted_proxies)?,
            webhook_networks: networks("webhooks.allow_networks", &file.webhooks.allow_networks)?,
            seal_after_days: file.facts.seal_after_days,
            limits: file.limits,
            sources,
        })
    }

    /// The same with the address at which somebody listens by now. Where people reach it follows,
    /// unless that was decided.
    pub(crate) fn listening_at(&self, address: SocketAddr) -> Self {
        let mut settings = self.clone();
        if settings.bind.port() == 0 && settings.sources["public_url"] == Source::BuiltIn {
            settings.public_url = format!("http://{address}");
        }
        settings.bind = address;
        settings
    }

    /// As the server takes them.
    pub(crate) fn for_server(&self) -> server::Config {
        let mut config = server::Config::new(self.data.clone(), &self.public_url);
        config.bind = self.bind;
        config.trusted_proxies.clone_from(&self.trusted_proxies);
        if !self.webhook_networks.is_empty() {
            config.webhook_guard = Guard::new(self.webhook_networks.clone(), Ports::Any);
        }
        let day = leads::Duration::DAY.as_millis();
        let millis = self.seal_after_days.and_then(|days| days.checked_mul(day));
        if let Some(after) = millis.and_then(leads::Duration::from_millis) {
            config.pace.seal_after = after;
        }
        let rates = [
            (&mut config.limits.per_write_key, self.limits.calls_per_key),
            (&mut config.limits.per_address, self.limits.calls_per_address),
            (&mut config.limits.per_caller, self.limits.requests_per_caller),
        ];
        for (rate, per_second) in rates {
            if let Some(per_second) = per_second.map(f64::from) {
                *rate = server::Rate { per_second, burst: 4.0 * per_second };
            }
        }
        config
    }
}

fn read_file(args: &SettingsArgs) -> Result<(File, PathBuf)> {
    let path = args.config.clone().unwrap_or_else(|| PathBuf::from(FILE));
    if args.config.is_none() && !path.exists() {
        return Ok((File::default(), path));
    }
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::file(format!("cannot read {}", path.display()), error))?;
    let file = toml::from_str(&text).map_err(|error| {
        // The whole error would show the line, which may be the one with a password in it.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count();
        let key = text.lines().nth(line).and_then(|line| line.split_once('=')).map(|(key, _)| key);
        let is_bare = |key: &&str| {
            key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-. ".contains(letter))
        };
        let key = key.filter(is_bare).map_or_else(String::new, |key| format!("{}: ", key.trim()));
        let (line, what) = (line + 1, error.message().trim_end());
        Failure::usage(format!("{}, line {line}: {key}{what}", path.display()))
    })?;
    Ok((file, path))
}

fn networks(name: &str, texts: &[String]) -> Result<Vec<Network>> {
    let read = |text: &String| {
        text.parse()
            .map_err(|error| Failure::usage(format!("{name}: the network `{text}` {error}")))
    };
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)], data: Option<&str>) -> Result<Settings> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("m.toml");
        fs::write(&path, file).expect("a file");
        let args = SettingsArgs {
            config: Some(path),
            data: data.map(PathBuf::from),
            ..SettingsArgs::default()
        };
        let value = |name: &str| environment.iter().find(|(known, _)| *known == name);
        Settings::read(&args, |name| value(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn what_was_typed_goes_before_the_environment_and_that_before_the_file() {
        let file = "data = \"a\"\nbind = \"127.0.0.1:1\"\npublic_url = \"https://x.example\"";
        let settings = read(file, &[("MADURA_BIND", "127.0.0.1:2")], Some("b")).expect("settings");
        assert_eq!(settings.data, PathBuf::from("b"));
        assert_eq!(settings.bind.port(), 2);
        assert_eq!(settings.public_url, "https://x.example");
        assert_eq!(settings.sources["data"], Source::Typed);
        assert_eq!(settings.sources["bind"], Source::Environment("MADURA_BIND"));
        assert_eq!(settings.sources["db"], Source::BuiltIn);
    }

    #[test]
    fn a_limit_that_is_written_down_counts_and_the_others_stay() {
        let settings = read("[limits]\ncalls_per_key = 9000", &[], None).expect("settings");
        let limits = settings.for_server().limits;
        let built_in = server::Limits::default();
        assert_eq!(limits.per_write_key, server::Rate { per_second: 9e3, burst: 36e3 });
        assert_eq!(limits.per_address, built_in.per_address);
        assert_eq!(limits.per_caller, built_in.per_caller);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_not_shown() {
        for file in [
            "\ndb = \"postgres://u:secret@h/d",
            "\ndb \"postgres://u:secret@h?a=b\"",
            "\ndb = [\"postgres://u:secret@h/d\"]",
        ] {
            let refused = format!("{:?}", read(file, &[], None).expect_err(file));
            assert!(refused.contains("line 2") && !refused.contains("secret"), "{refused}");
        }
        let refused = read("db = \"postgres://u:secret@h/d?sslmode=x\"", &[], None);
        let refused = format!("{:?}", refused.expect_err("no mode"));
        assert!(refused.contains("sslmode") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn a_setting_that_cannot_be_is_refused_by_name() {
        let cases = [
            ("bind = \"here\"", "bind"),
            ("public_url = \"leads.example\"", "public_url"),
            ("db = \"mysql://x/y\"", "mysql"),
            ("binds = \"127.0.0.1:1\"", "binds"),
            ("trusted_proxies = [\"10.0.0.0/99\"]", "trusted_proxies"),
            ("[webhooks]\nallow_networks = [\"home\"]", "webhooks.allow_networks"),
            ("[limits]\ncalls_per_key = -1", "calls_per_key"),
        ];
        for (file, named) in cases {
            let refused = read(file, &[], None).expect_err(file);
            assert!(format!("{refused:?}").contains(named), "{file}: {refused:?}");
        }
    }
}
