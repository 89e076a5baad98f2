//! Model files in force, as a folder has them: beside a running server and without one.

use crate::desk::{Desk, MODEL};
use crate::running::Running;

fn other() -> String {
    MODEL.replace("model: small", "model: other")
}

fn folder(desk: &Desk) {
    std::fs::create_dir_all(desk.path().join("models/teams/iberia")).unwrap();
    desk.put("models/small.yaml", MODEL);
    desk.put("models/teams/iberia/other.yaml", other());
    desk.put("models/teams/notes.txt", "no model");
}

#[test]
fn a_running_server_is_told_of_a_folder_and_of_nothing_twice() {
    let running = Running::logged_in();
    folder(&running.desk);
    let apply =
        |words: &str| running.desk.run(&format!("apply models --server {} {words}", running.url));
    let shown = apply("");
    assert_eq!(shown.code, 1, "{}", shown.stderr);
    for part in ["small is not in force yet", "other is not in force yet", "say --yes to do it"] {
        assert!(shown.stderr.contains(part), "{part}: {}", shown.stderr);
    }
    assert!(running.fine("models").stderr.contains("there is no model yet"));
    let done = apply("--yes");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("other version 1 is in force"), "{}", done.stderr);
    assert!(done.stderr.contains("small version 1 is in force"), "{}", done.stderr);
    let again = apply("--yes");
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("small is in force as it is"), "{}", again.stderr);

    let mut listener = running.listen();
    let fact = "{\"who\":{\"email\":\"anna@acme.example\"},\"traits\":{\"title\":\"CEO\"}}";
    running.fine_with("send", fact);
    listener.leads(1);
    running
        .desk
        .put("models/small.yaml", MODEL.replace("points: 30", "points: 35").replace("90", "95"));
    let shown = apply("");
    assert!(shown.stderr.contains("small: of 1 lead 1 rise and 0 fall"), "{}", shown.stderr);
    assert_eq!(apply("--yes").code, 0);
    assert!(running.fine("models show small").stdout.contains("points: 35"));
    // What was in force before is the same version again.
    running.desk.put("models/small.yaml", MODEL);
    assert!(apply("--yes").stderr.contains("small version 1 is in force"));
    let audit = running.fine("models versions small").stdout;
    assert!(audit.contains("from models/small.yaml"), "{audit}");
}

#[test]
fn nothing_is_done_where_one_file_is_no_good() {
    let running = Running::logged_in();
    folder(&running.desk);
    let apply = || {
        let run = running.desk.run(&format!("apply models --yes --server {}", running.url));
        assert!(running.fine("models").stderr.contains("there is no model yet"), "{}", run.stderr);
        run
    };
    running.desk.put("models/teams/broken.yaml", other().replace("points: 40", "pionts: 40"));
    let broken = apply();
    assert_eq!(broken.code, 2);
    assert!(broken.stderr.contains("models/teams/broken.yaml:"), "{}", broken.stderr);
    assert!(broken.stderr.contains("nothing was changed"), "{}", broken.stderr);

    running.desk.put("models/teams/broken.yaml", MODEL);
    let twice = apply();
    assert_eq!(twice.code, 2);
    for part in ["models/small.yaml", "models/teams/broken.yaml", "both of the model `small`"] {
        assert!(twice.stderr.contains(part), "{part}: {}", twice.stderr);
    }

    let failing = MODEL.replace("model: small", "model: third").replace("score: 90", "score: 91");
    running.desk.put("models/teams/broken.yaml", failing);
    let failed = apply();
    assert_eq!(failed.code, 1);
    assert!(failed.stderr.contains("a decider who asks for a demo is hot"), "{}", failed.stderr);
    assert!(failed.stderr.contains("madura test models/teams/broken.yaml"), "{}", failed.stderr);
    std::fs::create_dir_all(running.desk.path().join("nothing")).unwrap();
    let none = running.desk.run("apply nothing");
    assert!(none.code == 2 && none.stderr.contains("no model file"), "{}", none.stderr);
}

#[test]
fn whoever_forgets_that_a_server_runs_is_told_how_to_tell_it() {
    let mut running = Running::logged_in();
    folder(&running.desk);
    let locked = running.desk.run("apply models --data kept");
    assert_eq!(locked.code, 4);
    for part in ["in use by another madura", "madura apply ... --server URL"] {
        assert!(locked.stderr.contains(part), "{part}: {}", locked.stderr);
    }
    // Without one it is done here.
    running.stop();
    let done = running.desk.run("apply models --data kept --yes");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let again = running.desk.run("apply models --data kept");
    assert!(again.stderr.contains("other is in force as it is"), "{}", again.stderr);
}
