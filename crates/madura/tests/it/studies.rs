//! The studies of `docs/user/studies` on the real data, where the data and a Python are at hand:
//! the figures on the page are the figures that come.
//!
//! The data are looked for in the directory that `MADURA_DATA` names, else in `shared/data` beside
//! the repository; the scripts are run by what `MADURA_PYTHON` names, else by `python3`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const MADURA: &str = env!("CARGO_BIN_EXE_madura");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the data; without it nothing is tested, and that is said.
fn data(file: &str) -> Option<PathBuf> {
    let directory = env::var_os("MADURA_DATA").map(PathBuf::from);
    let path = directory.unwrap_or_else(|| root().join("../shared/data")).join(file);
    if !path.exists() {
        not_tested(&format!("{} is not there (MADURA_DATA names the directory)", path.display()));
        return None;
    }
    Some(path)
}

#[expect(
    clippy::print_stderr,
    reason = "whoever reads the test's output must see that it did nothing"
)]
fn not_tested(why: &str) {
    eprintln!("not tested: {why}");
}

fn python() -> Command {
    Command::new(env::var_os("MADURA_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// Whether there is a Python with this module; without it nothing is tested, and that is said.
fn has_module(module: &str) -> bool {
    let tried = python().args(["-c", &format!("import {module}")]).output();
    let has = tried.is_ok_and(|output| output.status.success());
    if !has {
        not_tested(&format!("no Python with the module {module} (MADURA_PYTHON names one)"));
    }
    has
}

/// What a script of the studies prints.
fn script(name: &str, words: &[&Path]) -> String {
    let path = root().join("docs/user/studies").join(name);
    printed(python().arg(path).args(words))
}

fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A model on a part of the bank's calls.
fn bank(made: &TempDir, model: &str, part: &str, leads: &str, changes: Option<&str>) -> Value {
    let (horizon, from) = match part {
        "afterwards" => ("575d", "2009-05-01"),
        "rest" => ("940d", "2008-05-01"),
        _ => ("364d", "2008-05-01"),
    };
    let part = made.path().join(part);
    let mut command = Command::new(MADURA);
    command.args(["backtest", "--json", "--quiet"]);
    command.arg(root().join("models/studies").join(format!("{model}.yaml")));
    command.arg("--leads").arg(part.join(leads)).arg("--events").arg(part.join("events.csv"));
    if let Some(changes) = changes {
        command.arg("--changes").arg(part.join(changes));
    }
    command.args(["--outcome", "subscribed", "--horizon", horizon, "--from", from, "--to", from]);
    serde_json::from_str(&printed(&mut command)).unwrap()
}

/// The area under the curve and the lift of the best tenth, as the page gives them.
fn measures(said: &Value) -> String {
    let number = |key: &str| said["pooled"][key].as_f64().unwrap();
    format!("{:.3} {:.1}", number("auc"), number("top_decile_lift"))
}

/// The traits that seem to know the outcome.
fn suspects(said: &Value) -> Vec<&str> {
    let criteria = said["criteria"].as_array().unwrap().iter();
    criteria.filter_map(|criterion| criterion["suspicion"]["trait"].as_str()).collect()
}

#[test]
fn a_split_at_random_promises_more_than_time_keeps_and_a_leak_is_named() {
    let Some(calls) = data("bank-marketing/bank-additional-full.csv") else { return };
    if !has_module("csv") {
        return;
    }
    let made = tempfile::tempdir().unwrap();
    script("bank_marketing.py", &[&calls, made.path(), Path::new("--models"), made.path()]);
    for model in ["bank-first-year.yaml", "bank-random-sample.yaml"] {
        let path = made.path().join(model);
        printed(Command::new(MADURA).arg("fmt").arg(&path));
        let shipped = fs::read_to_string(root().join("models/studies").join(model)).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), shipped, "{model}");
    }

    for (model, part, expected) in [
        ("bank-by-hand", "first-year", "0.624 2.2"),
        ("bank-by-hand", "afterwards", "0.702 2.7"),
        ("bank-first-year", "first-year", "0.656 3.0"),
        ("bank-first-year", "afterwards", "0.582 2.1"),
        ("bank-random-sample", "rest", "0.788 4.1"),
    ] {
        let said = bank(&made, model, part, "leads.csv", None);
        assert_eq!(measures(&said), expected, "{model} on {part}");
    }

    let model = "bank-with-duration";
    let leaking = bank(&made, model, "afterwards", "leads-with-duration.csv", None);
    assert!(measures(&leaking).starts_with("0.835"), "{}", measures(&leaking));
    assert_eq!(suspects(&leaking), ["duration"]);
    let dated = bank(&made, model, "afterwards", "leads.csv", Some("durations.csv"));
    assert_eq!(measures(&dated), "0.702 2.7");
    assert!(suspects(&dated).is_empty());
}

#[test]
fn loyalty_sees_who_orders_again_better_than_recency() {
    let Some(invoices) = data("online-retail/online_retail.parquet") else { return };
    if !has_module("pyarrow") {
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let said = script("online_retail.py", &[&invoices, made.path()]);
    assert!(said.starts_with("4,361 customers, 18,338 purchases, 3,319 credit notes"), "{said}");

    let asked = |model: &str| {
        let model = root().join("models/studies").join(model);
        let cut_offs = ["2011-07-31", "2011-08-30", "2011-09-29"].map(Path::new);
        let program = [Path::new("--madura"), Path::new(MADURA)];
        let words = [&[model.as_path(), made.path()], &cut_offs[..], &program].concat();
        script("online_retail_backtest.py", &words)
    };
    let loyalty = asked("retail-loyalty.yaml");
    for line in [
        "2011-07-31      3,177         1,265   39.8%  0.752       2.21x",
        "2011-09-29      3,614         1,698   47.0%  0.726       1.90x",
        "call                 1,204         1,045   86.8%  1.99x",
        "leave in peace       3,878           960   24.8%  0.57x",
    ] {
        assert!(loyalty.contains(line), "{line} is not in\n{loyalty}");
    }
    let recency = asked("retail-recency.yaml");
    assert!(recency.contains("39.8%  0.693       1.49x"), "{recency}");
}
