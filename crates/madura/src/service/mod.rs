//! The running system from the command line: its settings, its store, its logs.

mod demo;
mod logs;
mod open;
mod settings;

pub(crate) use demo::{Demo, score_everyone, seed, visit};
pub(crate) use logs::{Form, begin as begin_logs};
pub(crate) use open::{House, Opened, clock, fresh_id, random};
pub(crate) use settings::{LimitsArgs, Settings, SettingsArgs};
