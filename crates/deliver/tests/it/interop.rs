//! The ways to check a signature that the reference recommends, carried out by the programs that
//! receivers use. Each is skipped with a notice where its program or package cannot be had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use deliver::{Event, Message, MessageId, Secret, Secrets, TestCall};
use leads::Timestamp;

const REFERENCE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/user/reference/webhooks.md");

/// Whose code of the reference is carried out.
struct Language {
    program: PathBuf,
    /// The heading above the code.
    heading: &'static str,
    /// The language of the code's fence, and the ending of its file.
    fence: &'static str,
    ending: &'static str,
    /// What is carried out behind the code: checks what the arguments say, and prints the type of
    /// the message or `refused`.
    driver: &'static str,
    /// Prints the program's clock in seconds.
    clock: &'static str,
}

const PYTHON_DRIVER: &str = r#"
import sys
secret, identifier, timestamp, signature, body = sys.argv[1:]
headers = {"webhook-id": identifier, "webhook-timestamp": timestamp, "webhook-signature": signature}
try:
    print(receive(secret, headers, body.encode())["type"])
except Exception as error:
    print("refused", type(error).__name__)
"#;

const NODE_DRIVER: &str = r#"
const [secret, identifier, timestamp, signature, body] = process.argv.slice(2);
const headers = {"webhook-id": identifier, "webhook-timestamp": timestamp, "webhook-signature": signature};
try {
  console.log(receive(secret, headers, body).type);
} catch (error) {
  console.log("refused", error.message);
}
"#;

const PYTHON_CLOCK: &str = "import time; print(int(time.time()))";
const NODE_CLOCK: &str = "console.log(Math.floor(Date.now() / 1000))";

#[test]
fn the_python_of_the_reference_believes_us_and_nobody_else() {
    check(|_| {
        Some(Language {
            program: "python3".into(),
            heading: "Python without a library",
            fence: "python",
            ending: "py",
            driver: PYTHON_DRIVER,
            clock: PYTHON_CLOCK,
        })
    });
}

#[test]
fn the_javascript_of_the_reference_believes_us_and_nobody_else() {
    check(|_| {
        Some(Language {
            program: "node".into(),
            heading: "JavaScript without a library",
            fence: "js",
            ending: "mjs",
            driver: NODE_DRIVER,
            clock: NODE_CLOCK,
        })
    });
}

#[test]
fn the_official_library_for_python_believes_us_and_nobody_else() {
    check(|directory| {
        let environment = directory.join("environment");
        let program = environment.join("bin/python3");
        let has_it = |program: &Path| {
            run(Command::new(program).args(["-c", "import standardwebhooks"])).is_some()
        };
        if !has_it(&program) {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
            let words = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10"];
            run(Command::new(&program).args(words).arg("standardwebhooks==1.1.0"))?;
        }
        Some(Language {
            program,
            heading: "Python with the official library",
            fence: "python",
            ending: "py",
            driver: PYTHON_DRIVER,
            clock: PYTHON_CLOCK,
        })
    });
}

#[test]
fn the_official_library_for_javascript_believes_us_and_nobody_else() {
    check(|directory| {
        if !directory.join("node_modules/standardwebhooks").exists() {
            let words = ["install", "--silent", "--no-audit", "--no-fund", "--fetch-retries", "0"];
            let package = "standardwebhooks@1.1.1";
            run(Command::new("npm").args(words).arg("--prefix").arg(directory).arg(package))?;
        }
        Some(Language {
            program: "node".into(),
            heading: "JavaScript with the official library",
            fence: "js",
            ending: "mjs",
            driver: NODE_DRIVER,
            clock: NODE_CLOCK,
        })
    });
}

fn check(prepare: impl FnOnce(&Path) -> Option<Language>) {
    let name = std::thread::current().name().unwrap().replace("::", "_");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&directory).unwrap();
    let Some((language, seconds)) = prepare(&directory).and_then(|language| {
        let argument = if language.ending == "py" { "-c" } else { "-e" };
        let clock = run(Command::new(&language.program).args([argument, language.clock]))?;
        Some((language, clock.trim().parse::<i64>().unwrap()))
    }) else {
        eprintln!("skipped: the program or its package cannot be had here");
        return;
    };
    let script = directory.join(format!("receive.{}", language.ending));
    fs::write(&script, format!("{}\n{}", code(&language), language.driver)).unwrap();
    let receive = |arguments: [&str; 5]| {
        let output = run(Command::new(&language.program).arg(&script).args(arguments));
        output.unwrap_or_else(|| panic!("{} fails", script.display()))
    };

    let secret = |byte| Secret::from_random(&[byte; Secret::NEW_BYTES]).unwrap();
    let (old, new, foreign) = (secret(1).reveal(), secret(2).reveal(), secret(3).reveal());
    let secrets = Secrets::parse([new.as_str(), old.as_str()]).unwrap();
    let now = Timestamp::from_millis(seconds * 1000).unwrap();
    let event = Event::Test(TestCall {
        endpoint: "0197c1b6".to_owned(),
        note: Some("Ana María, “hot”; \\ and 🔥".to_owned()),
    });
    let message = Message::compose(MessageId::new("msg_0197c1b2").unwrap(), &event, now);
    let (id, body) = (message.id.as_str(), message.body.as_str());
    let timestamp = seconds.to_string();
    let signature = secrets.sign(id, now, body.as_bytes());

    // While a secret is replaced, receivers with either are content.
    for secret in [&new, &old] {
        let said = receive([secret, id, &timestamp, &signature, body]);
        assert_eq!(said.trim(), "webhook.test", "{}", language.heading);
    }
    let late = (seconds - 301).to_string();
    let signed_late = Timestamp::from_millis((seconds - 301) * 1000).unwrap();
    let signature_late = secrets.sign(id, signed_late, body.as_bytes());
    let changed = body.replace("webhook.test", "lead.merged");
    for (what, arguments) in [
        ("another secret", [foreign.as_str(), id, &timestamp, &signature, body]),
        ("another id", [&new, "msg_2", &timestamp, &signature, body]),
        ("another instant", [&new, id, &late, &signature, body]),
        ("an old message", [&new, id, &late, &signature_late, body]),
        ("another body", [&new, id, &timestamp, &signature, &changed]),
        ("no signature", [&new, id, &timestamp, "v1,", body]),
    ] {
        let said = receive(arguments);
        assert!(said.starts_with("refused"), "{}, {what}: {said}", language.heading);
    }
}

/// The code under a heading of the reference.
fn code(language: &Language) -> String {
    let reference = fs::read_to_string(REFERENCE).unwrap();
    let (_, section) = reference
        .split_once(&format!("\n### {}\n", language.heading))
        .unwrap_or_else(|| panic!("the reference has no heading {}", language.heading));
    let (_, fenced) = section.split_once(&format!("```{}\n", language.fence)).unwrap();
    fenced.split_once("```").unwrap().0.to_owned()
}

/// What a program prints; `None` where it is not there or fails.
fn run(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    if !output.status.success() {
        eprintln!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
