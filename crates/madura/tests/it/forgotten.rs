//! Whoever forgot the password, and nobody else is there to ask.

use serde_json::json;

use crate::running::Running;

#[test]
fn an_owner_who_forgot_the_password_gets_back_in_by_a_link_from_the_command_line() {
    let mut running = Running::start();
    let words = "accounts reset-link ana@example.com --data kept --public-url http://there.example";
    let busy = running.desk.run(words);
    assert_eq!(busy.code, 4, "{}", busy.stderr);
    assert!(busy.stderr.contains("in use by another madura"), "{}", busy.stderr);
    running.stop();
    let listed = running.desk.run("accounts list --data kept");
    assert!(listed.stdout.contains("ana@example.com") && listed.stdout.contains("owner"));

    let unknown = running.desk.run("accounts reset-link eva@example.com --data kept");
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("accounts list"), "{}", unknown.stderr);
    let empty = running.desk.run("accounts reset-link ana@example.com --data elsewhere");
    assert!(empty.stderr.contains("no user yet"), "{}", empty.stderr);

    let made = running.desk.run(words);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let (place, token) = made.stdout.trim().split_once("#token=").unwrap();
    assert_eq!(place, "http://there.example/reset");
    running.start_again();
    let wish = json!({"token": token, "password": "another horse battery"});
    assert_eq!(running.post("/api/v1/reset", &wish), 200);
    assert_eq!(running.post("/api/v1/reset", &wish), 422, "it works once");
    let login = json!({"email": "ana@example.com", "password": "another horse battery"});
    assert_eq!(running.post("/api/v1/login", &login), 200);
}
