//! `madura backtest --again`.

use std::fmt::Write as _;

use crate::desk::Desk;

const MODEL: &str = "\
model: orders
kind: loyalty
groups: [{group: All, criteria: [{name: Visits, event: visited, points: 10}]}]
";

#[test]
fn a_loyalty_model_that_leaves_most_leads_out_hints_at_again_and_again_counts_them() {
    let mut leads = "lead,created_at\n".to_owned();
    let mut events = "lead,event,at\n".to_owned();
    for lead in 0..10 {
        writeln!(leads, "{lead},2025-01-01T00:00:00Z").unwrap();
        writeln!(events, "{lead},visited,2025-02-01T00:00:00Z").unwrap();
        // Six of ten have ordered before the cut-off; all of them order again.
        let before = if lead < 6 { "2025-03-01" } else { "2025-04-20" };
        writeln!(events, "{lead},ordered,{before}T00:00:00Z").unwrap();
        writeln!(events, "{lead},ordered,2025-04-25T00:00:00Z").unwrap();
    }
    events += "0,visited,2025-12-01T00:00:00Z\n";
    let desk = Desk::empty()
        .with("model.yaml", MODEL)
        .with("other.yaml", MODEL.replace("loyalty", "acquisition"))
        .with("leads.csv", leads)
        .with("events.csv", events);
    let words = "--leads leads.csv --events events.csv --outcome ordered --horizon 30d \
                 --from 2025-04-01 --to 2025-04-01";
    let run = desk.run(&format!("backtest model.yaml {words}"));
    assert_eq!(
        run.stderr.lines().filter(|line| line.contains("--again")).count(),
        1,
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("Who had ‘ordered’ is left out from then on."), "{}", run.stdout);
    let json = |options: &str| -> serde_json::Value {
        let run = desk.run(&format!("backtest model.yaml {words} --json {options}"));
        serde_json::from_str(&run.stdout).unwrap()
    };
    let (usual, again) = (json(""), json("--again"));
    assert_eq!((&usual["again"], &usual["pooled"]["leads"]), (&false.into(), &4.into()));
    assert_eq!((&again["again"], &again["pooled"]["leads"]), (&true.into(), &10.into()));
    let told = desk.run(&format!("backtest model.yaml {words} --again"));
    assert!(told.stdout.contains("counts as well") && !told.stderr.contains("--again"));
    let other = desk.run(&format!("backtest other.yaml {words}"));
    assert!(!other.stderr.contains("--again"), "{}", other.stderr);
}
