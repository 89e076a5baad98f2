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

/// What whoever runs the system may say besides: whom it believes, whom it calls, how much it takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitsArgs {
    /// Proxies whose `X-Forwarded-For` is believed, as in `127.0.0.1/32,10.0.0.0/8` (environment:
    /// `MADURA_TRUSTED_PROXIES`)
    #[arg(long, value_name = "NETWORK,...")]
    pub(crate) trusted_proxies: Option<String>,

    /// Private networks that webhooks may call (environment: `MADURA_WEBHOOK_NETWORKS`)
    #[arg(long, value_name = "NETWORK,...")]
    pub(crate) webhook_networks: Option<String>,

    /// Facts older than this are moved into files (environment: `MADURA_SEAL_AFTER_DAYS`)
    #[arg(long, value_name = "DAYS")]
    pub(crate) seal_after_days: Option<String>,

    /// Tracking calls a second per key, in the long run (environment: `MADURA_CALLS_PER_KEY`)
    #[arg(long, value_name = "N")]
    pub(crate) calls_per_key: Option<String>,

    /// Tracking calls a second per address (environment: `MADURA_CALLS_PER_ADDRESS`)
    #[arg(long, value_name = "N")]
    pub(crate) calls_per_address: Option<String>,

    /// Requests to the API a second per user or key (environment: `MADURA_REQUESTS_PER_CALLER`)
    #[arg(long, value_name = "N")]
    pub(crate) requests_per_caller: Option<String>,
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
    trusted_proxies: Option<Vec<String>>,
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
    allow_networks: Option<Vec<String>>,
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
        Self::read_all(args, &LimitsArgs::default(), environment)
    }

    /// The same where limits may be typed, too.
    pub(crate) fn read_all(
        args: &SettingsArgs,
        limits: &LimitsArgs,
        environment: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self> {
        let (file, path) = read_file(args)?;
        Self::decide(args, limits, &file, path, environment)
    }

    /// What was typed and what is built in: no file and no environment has a say.
    pub(crate) fn typed_only(args: &SettingsArgs) -> Result<Self> {
        let nothing = File::default();
        Self::decide(args, &LimitsArgs::default(), &nothing, PathBuf::new(), |_| None)
    }

    fn decide(
        args: &SettingsArgs,
        typed: &LimitsArgs,
        file: &File,
        path: PathBuf,
        environment: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self> {
        let mut choice = Choice { path, environment, sources: BTreeMap::new() };
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let data = choice.of(
            "data",
            args.data.as_ref().map(text),
            "MADURA_DATA",
            file.data.as_ref().map(text),
        );
        let db = choice.of("db", args.db.clone(), "MADURA_DB", file.db.clone());
        let bind = choice.of("bind", args.bind.clone(), "MADURA_BIND", file.bind.clone());
        let url = choice.of(
            "public_url",
            args.public_url.clone(),
            "MADURA_PUBLIC_URL",
            file.public_url.clone(),
        );
        let trusted_proxies = choice.networks(
            "trusted_proxies",
            typed.trusted_proxies.as_deref(),
            "MADURA_TRUSTED_PROXIES",
            file.trusted_proxies.as_deref(),
        )?;
        let webhook_networks = choice.networks(
            "webhooks.allow_networks",
            typed.webhook_networks.as_deref(),
            "MADURA_WEBHOOK_NETWORKS",
            file.webhooks.allow_networks.as_deref(),
        )?;
        let seal_after_days = choice.number(
            "facts.seal_after_days",
            typed.seal_after_days.as_deref(),
            "MADURA_SEAL_AFTER_DAYS",
            file.facts.seal_after_days,
        )?;
        let mut limit = |name, typed: &Option<String>, variable, written: Option<u32>| {
            let found = choice.number(name, typed.as_deref(), variable, written.map(i64::from))?;
            let per_second = found.map(u32::try_from).transpose().ok().filter(|n| *n != Some(0));
            per_second.ok_or_else(|| {
                Failure::usage(format!("{name}: a limit is a whole number from 1 on"))
                    .hint("a high number, such as 1000000, is as good as none")
            })
        };
        let limits = Limits {
            calls_per_key: limit(
                "limits.calls_per_key",
                &typed.calls_per_key,
                "MADURA_CALLS_PER_KEY",
                file.limits.calls_per_key,
            )?,
            calls_per_address: limit(
                "limits.calls_per_address",
                &typed.calls_per_address,
                "MADURA_CALLS_PER_ADDRESS",
                file.limits.calls_per_address,
            )?,
            requests_per_caller: limit(
                "limits.requests_per_caller",
                &typed.requests_per_caller,
                "MADURA_REQUESTS_PER_CALLER",
                file.limits.requests_per_caller,
            )?,
        };
        let data = PathBuf::from(data.unwrap_or_else(|| "madura-data".to_owned()));
        let db = match db {
            None => Address::File(data.join("madura.db")),
            Some(db) => {
                Address::parse(&db).map_err(|error| Failure::usage(format!("db: {error}")))?
            }
        };
        let bind = bind.unwrap_or_else(|| "127.0.0.1:8420".to_owned());
        let address: SocketAddr = bind.parse().map_err(|_| {
            Failure::usage(format!("bind: `{bind}` is no address and port"))
                .hint("write it as in 127.0.0.1:8420, or 0.0.0.0:8420 to be reached from elsewhere")
        })?;
        let public_url = url.unwrap_or_else(|| format!("http://{address}"));
        if !server::Config::is_public_url(&public_url) {
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
            trusted_proxies,
            webhook_networks,
            seal_after_days,
            limits,
            sources: choice.sources,
        })
    }

    /// All settings by name, each with its value and who decided it.
    pub(crate) fn shown(&self) -> Vec<(&'static str, String, &Source)> {
        let server = self.for_server();
        let list = |networks: &[Network]| {
            let texts: Vec<String> = networks.iter().map(ToString::to_string).collect();
            if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
        };
        let days = server.pace.seal_after.as_millis() / leads::Duration::DAY.as_millis();
        let values = [
            ("data", self.data.display().to_string()),
            ("db", self.db.to_string()),
            ("bind", self.bind.to_string()),
            ("public_url", self.public_url.clone()),
            ("trusted_proxies", list(&self.trusted_proxies)),
            ("webhooks.allow_networks", list(&self.webhook_networks)),
            ("facts.seal_after_days", days.to_string()),
            ("limits.calls_per_key", server.limits.per_write_key.per_second.to_string()),
            ("limits.calls_per_address", server.limits.per_address.per_second.to_string()),
            ("limits.requests_per_caller", server.limits.per_caller.per_second.to_string()),
        ];
        values.into_iter().map(|(name, value)| (name, value, &self.sources[name])).collect()
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

/// Chooses between those who may decide, and remembers who did.
struct Choice<E> {
    path: PathBuf,
    environment: E,
    sources: BTreeMap<&'static str, Source>,
}

impl<E: Fn(&'static str) -> Option<String>> Choice<E> {
    /// The value of the first who says one; nothing where it is left to what is built in.
    fn of<T>(
        &mut self,
        name: &'static str,
        typed: Option<T>,
        variable: &'static str,
        written: Option<T>,
    ) -> Option<T>
    where
        T: From<String>,
    {
        let from_environment = (self.environment)(variable).filter(|text| !text.is_empty());
        let choices = [
            (typed, Source::Typed),
            (from_environment.map(T::from), Source::Environment(variable)),
            (written, Source::File(self.path.clone())),
        ];
        let chosen = choices.into_iter().find_map(|(value, source)| Some((value?, source)));
        let (value, source) =
            chosen.map_or((None, Source::BuiltIn), |(value, source)| (Some(value), source));
        self.sources.insert(name, source);
        value
    }

    /// Networks: a list in the file, elsewhere separated by commas.
    fn networks(
        &mut self,
        name: &'static str,
        typed: Option<&str>,
        variable: &'static str,
        written: Option<&[String]>,
    ) -> Result<Vec<Network>> {
        let written = written.map(|texts| texts.join(","));
        let chosen = self.of(name, typed.map(str::to_owned), variable, written);
        let texts = chosen.as_deref().unwrap_or_default().split(',').map(str::trim);
        let read = |text: &str| {
            text.parse()
                .map_err(|error| Failure::usage(format!("{name}: the network `{text}` {error}")))
        };
        texts.filter(|text| !text.is_empty()).map(read).collect()
    }

    fn number(
        &mut self,
        name: &'static str,
        typed: Option<&str>,
        variable: &'static str,
        written: Option<i64>,
    ) -> Result<Option<i64>> {
        let written = written.map(|number| number.to_string());
        let chosen = self.of(name, typed.map(str::to_owned), variable, written);
        let number = chosen.map(|text| {
            text.trim().parse().ok().filter(|number| *number >= 0).ok_or_else(|| {
                Failure::usage(format!("{name}: `{text}` is no whole number from 0 on"))
            })
        });
        number.transpose()
    }
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
            ("public_url = \"https://\"", "public_url"),
            ("public_url = \"https://:8420\"", "public_url"),
            ("public_url = \"http://a b\"", "public_url"),
            ("public_url = \"https://leads.example.com/?a\"", "public_url"),
            ("public_url = \"https://leads.example.com#a\"", "public_url"),
            ("db = \"mysql://x/y\"", "mysql"),
            ("binds = \"127.0.0.1:1\"", "binds"),
            ("trusted_proxies = [\"10.0.0.0/99\"]", "trusted_proxies"),
            ("[webhooks]\nallow_networks = [\"home\"]", "webhooks.allow_networks"),
            ("[limits]\ncalls_per_key = -1", "calls_per_key"),
            ("[limits]\ncalls_per_key = 0", "limits.calls_per_key"),
            ("[facts]\nseal_after_days = -1", "facts.seal_after_days"),
        ];
        for (file, named) in cases {
            let refused = read(file, &[], None).expect_err(file);
            assert!(format!("{refused:?}").contains(named), "{file}: {refused:?}");
        }
    }

    #[test]
    fn every_setting_can_be_said_in_the_file_in_the_environment_and_typed() {
        let file = "trusted_proxies = [\"10.0.0.0/8\", \"127.0.0.1/32\"]\n\
            [webhooks]\nallow_networks = [\"10.1.0.0/16\"]\n[facts]\nseal_after_days = 7\n\
            [limits]\ncalls_per_key = 1\ncalls_per_address = 2\nrequests_per_caller = 3";
        let variables = [
            ("MADURA_TRUSTED_PROXIES", "192.168.1.0/24, ::1/128"),
            ("MADURA_WEBHOOK_NETWORKS", "172.16.0.0/12"),
            ("MADURA_SEAL_AFTER_DAYS", "8"),
            ("MADURA_CALLS_PER_KEY", "11"),
            ("MADURA_CALLS_PER_ADDRESS", "12"),
            ("MADURA_REQUESTS_PER_CALLER", "13"),
        ];
        let numbers = |settings: &Settings| {
            let limits = settings.for_server().limits;
            [limits.per_write_key, limits.per_address, limits.per_caller]
                .map(|rate| rate.per_second as i64)
        };
        let written = read(file, &[], None).expect("settings");
        assert_eq!(written.trusted_proxies.len(), 2);
        assert_eq!((written.webhook_networks.len(), written.seal_after_days), (1, Some(7)));
        assert_eq!(numbers(&written), [1, 2, 3]);

        let said = read(file, &variables, None).expect("settings");
        assert_eq!(
            said.trusted_proxies,
            ["192.168.1.0/24", "::1/128"].map(|text| text.parse().expect("a network"))
        );
        assert_eq!((said.webhook_networks.len(), said.seal_after_days), (1, Some(8)));
        assert_eq!(numbers(&said), [11, 12, 13]);

        let typed = LimitsArgs {
            trusted_proxies: Some("10.9.0.0/16".to_owned()),
            calls_per_key: Some("21".to_owned()),
            ..LimitsArgs::default()
        };
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("m.toml");
        fs::write(&path, file).expect("a file");
        let args = SettingsArgs { config: Some(path), ..SettingsArgs::default() };
        let all = Settings::read_all(&args, &typed, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let all = all.expect("settings");
        assert_eq!(numbers(&all), [21, 12, 13]);
        let source = |name: &str| {
            let shown = all.shown();
            let (_, value, source) = shown.iter().find(|(known, ..)| *known == name).expect(name);
            (value.clone(), (*source).clone())
        };
        assert_eq!(source("trusted_proxies"), ("10.9.0.0/16".to_owned(), Source::Typed));
        let variable = Source::Environment("MADURA_SEAL_AFTER_DAYS");
        assert_eq!(source("facts.seal_after_days"), ("8".to_owned(), variable));
        assert_eq!(all.shown().len(), all.sources.len());
        let refused = read("", &[("MADURA_CALLS_PER_KEY", "many")], None);
        assert!(format!("{:?}", refused.expect_err("no number")).contains("limits.calls_per_key"));
    }
}
