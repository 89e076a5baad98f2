//! What the log does not say: anything of anybody.

use serde_json::json;

use crate::desk::Desk;
use crate::running::Running;

#[test]
fn the_log_names_nobody_whatever_happens_and_however_much_it_says() {
    for level in ["info", "debug"] {
        let desk = Desk::small().with_variable("RUST_LOG", level);
        let mut running = Running::begin(desk, "serve --data kept --bind 127.0.0.1:0 --log json");
        running.log_in();
        running.fine("models push model.yaml --activate --yes");
        let login = |email: &str, password: &str| {
            running.post("/api/v1/login", &json!({"email": email, "password": password}))
        };
        assert_eq!(login("ana@example.com", "correct horse battery"), 200);
        for _ in 0..8 {
            login("ana@example.com", "canary-password");
            login("canary-mail@canary.example", "canary-password");
        }
        let mut listener = running.listen();
        let fact = json!({"who": {"email": "canary-mail@canary.example", "user": "canary-user",
            "anonymous": "canary-visitor"}, "traits": {"name": "canary-name", "phone": "canary-phone",
            "title": "CEO"}});
        running.fine_with("send", &fact.to_string());
        listener.leads(1);
        let csv = "email,name,phone\ncanary-row@canary.example,canary-name,canary-phone\ncanary-bad,x,y\n";
        running.desk.put("canary-file.csv", csv);
        let imported = running.desk.run("import canary-file.csv --yes");
        assert!(imported.stderr.contains("1 of 2"), "{}", imported.stderr);
        let list = "/api/v1/leads?q=canary-question";
        assert_eq!(running.get(list, &[("x-forwarded-for", "203.0.113.77")]), 401);
        assert_eq!(
            running.get("/api/v1/leads/canary-lead", &[("authorization", "Bearer canary-key")]),
            401
        );
        assert_eq!(running.get("/canary-path.txt", &[("user-agent", "canary-agent")]), 404);
        running.post("/v1/track", &json!({"writeKey": "canary-key", "userId": "canary-user"}));
        running.post("/api/v1/events", &json!({"canary-member": 1}));
        running.post("/v1/track", &json!("canary-text"));
        let found = running.fine("leads --format ndjson").stdout;
        assert!(found.contains("canary-mail@canary.example"), "it was taken: {found}");
        drop(listener);
        let log = running.log();
        assert!(log.contains("a log-in failed"), "{log}");
        for secret in ["canary", "203.0.113.77", "ana@example.com", "127.0.0.1:5"] {
            let lines: Vec<&str> =
                log.lines().filter(|line| line.to_lowercase().contains(secret)).collect();
            assert!(lines.is_empty(), "{level}: {secret}:\n{}", lines.join("\n"));
        }
    }
}
