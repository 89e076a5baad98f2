//! Settings: who decided each, and what follows from them.

use crate::desk::Desk;
use crate::running::Running;

#[test]
fn all_settings_are_shown_with_who_decided_each() {
    let file = "bind = \"127.0.0.1:9\"\n[limits]\ncalls_per_key = 9000\n";
    let desk = Desk::empty()
        .with("madura.toml", file)
        .with_variable("MADURA_TRUSTED_PROXIES", "127.0.0.1/32,10.0.0.0/8");
    let run = desk.run("config check --seal-after-days 7");
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.stderr);
    let refused = desk.run("config check --trusted-proxies 10.0.0.1/8");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("trusted_proxies"), "{}", refused.stderr);
}

#[test]
fn a_proxy_that_nobody_named_is_told_of_once() {
    let mut running = Running::start();
    for _ in 0..3 {
        assert_eq!(running.get("/health", &[("x-forwarded-for", "198.51.100.7")]), 200);
    }
    let log = running.log();
    assert_eq!(log.matches("trusted_proxies").count(), 1, "{log}");
    assert!(!log.contains("198.51.100.7"), "{log}");

    let words = "serve --data kept --bind 127.0.0.1:0 --trusted-proxies 127.0.0.1/32";
    let mut running = Running::begin(Desk::small(), words);
    assert_eq!(running.get("/health", &[("x-forwarded-for", "198.51.100.7")]), 200);
    let log = running.log();
    assert!(!log.contains("trusted_proxies"), "{log}");
}

#[test]
fn the_link_of_the_first_start_is_shown_to_those_too_who_want_to_hear_nothing() {
    let mut running = Running::begin(Desk::small(), "serve --quiet --data kept --bind 127.0.0.1:0");
    assert_eq!(running.get("/health", &[]), 200);
    let log = running.log();
    assert!(!log.contains("Database"), "{log}");
}

#[test]
fn the_doctor_asks_for_the_name_of_the_proxy_that_must_be_there() {
    let desk = Desk::empty();
    let public = "--public-url https://leads.example.com --bind 127.0.0.1:0";
    let run = desk.run(&format!("doctor {public}"));
    assert!(run.stderr.contains("NOT   the proxy before it is trusted"), "{}", run.stderr);
    // It takes what `madura serve` is started with.
    let run = desk.run(&format!("doctor {public} --trusted-proxies 127.0.0.1/32"));
    assert!(run.stderr.contains("ok    the proxy before it is trusted"), "{}", run.stderr);
    let desk = desk.with_variable("MADURA_TRUSTED_PROXIES", "127.0.0.1/32");
    let run = desk.run(&format!("doctor {public}"));
    assert!(run.stderr.contains("ok    the proxy before it is trusted"), "{}", run.stderr);
}
