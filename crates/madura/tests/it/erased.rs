//! Whoever was erased stays so when an older backup is brought back.

use serde_json::json;

use crate::running::Running;

#[test]
fn who_was_erased_after_a_backup_is_erased_again_by_the_list() {
    let mut running = Running::logged_in();
    running.fine("models push model.yaml --activate --yes");
    let mut listener = running.listen();
    let fact =
        |email: &str| json!({"who": {"email": email}, "traits": {"title": "CEO"}}).to_string();
    running.fine_with("send", &fact("canary@gone.example"));
    running.fine_with("send", &fact("bea@stays.example"));
    listener.leads(2);
    running.fine("backup monday --data kept");
    let key = running.key(&["leads:read", "leads:erase"]);
    let lead = running.leads().into_iter().find(|lead| lead["email"] == "canary@gone.example");
    let lead = lead.unwrap()["id"].as_str().unwrap().to_owned();
    let wish = json!({"confirm": lead, "reason": "asked"});
    assert_eq!(running.post_as(&key, &format!("/api/v1/leads/{lead}/erase"), &wish), 200);
    let list = running.fine("erasures --data kept").stdout;
    assert!(!list.contains("canary") && !list.contains(&lead), "{list}");
    running.stop();

    let desk = &running.desk;
    desk.put("list.json", &list);
    desk.put("none.json", "{}");
    let refused = desk.run("restore monday --data other --erasures none.json");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("no list of erasures"), "{}", refused.stderr);
    assert!(!desk.has("other/madura.db"), "nothing was begun");
    let run = desk.run("restore monday --data back --erasures list.json");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("1 leads that were erased since"), "{}", run.stderr);
    let bytes = std::fs::read(desk.path().join("back/madura.db")).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("bea@stays.example") && !holds("canary@gone"));
}
