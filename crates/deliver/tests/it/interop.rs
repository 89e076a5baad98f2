//! The ways to check a signature that the reference recommends, carried out by the programs that
//! receivers use. Each is skipped with a notice where its program or package cannot be had.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use deliver::{Guard, Message, MessageId, Secret, Secrets};
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
    /// What is carried out behind the code: for every five arguments it prints the type of the
    /// message that they are, or `refused`.
    driver: &'static str,
    /// Prints the program's clock in seconds.
    clock: &'static str,
}

const PYTHON_DRIVER: &str = r#"
import sys
arguments = iter(sys.argv[1:])
for secret, identifier, timestamp, signature, body in zip(*[arguments] * 5):
    headers = {"webhook-id": identifier, "webhook-timestamp": timestamp, "webhook-signature": signature}
    try:
        print(receive(secret, headers, body.encode())["type"])
    except Exception as error:
        print("refused", type(error).__name__)
"#;

const NODE_DRIVER: &str = r#"
for (let at = 2; at < process.argv.length; at += 5) {
  const [secret, identifier, timestamp, signature, body] = process.argv.slice(at, at + 5);
  const headers = {"webhook-id": identifier, "webhook-timestamp": timestamp, "webhook-signature": signature};
  try {
    console.log(receive(secret, headers, body).type);
  } catch (error) {
    console.log("refused", error.message);
  }
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

/// Python's library has tables of its own, made from IANA's registries by other people.
#[test]
fn every_address_that_is_called_is_a_global_one_to_python_too() {
    let mut bits = 1_u128;
    let mut next = || {
        // Knuth's multiplier; any sequence that comes everywhere would do.
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bits
    };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for start in 0..=0xffff_u32 {
        // An address from within every /16; the edges are near enough.
        let within = (next() >> 40) as u32 & 0xffff;
        addresses.push(Ipv4Addr::from_bits(start << 16 | within).into());
        // Every beginning that IPv6 gives out and some of the others, with zeros and with anything
        // behind it.
        if (0x1ff0..0x4010).contains(&start) || start.is_multiple_of(64) {
            let start = u128::from(start) << 112;
            addresses.push(Ipv6Addr::from_bits(start | 1).into());
            addresses.push(Ipv6Addr::from_bits(start | next() >> 16).into());
        }
    }
    for third in 0..=255_u32 {
        for start in [[192, 0], [192, 88], [198, 51], [203, 0]] {
            addresses.push(Ipv4Addr::new(start[0], start[1], third as u8, 1).into());
        }
        addresses.push(Ipv6Addr::from_bits(0x2001 << 112 | u128::from(third) << 96 | 1).into());
    }
    let guard = Guard::default();
    let called: Vec<_> = addresses
        .into_iter()
        .filter(|address| guard.address(*address).is_ok())
        .map(|address| address.to_string())
        .collect();
    assert!(called.len() > 60_000, "{} are called", called.len());
    let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join("called.txt");
    fs::write(&list, called.join("\n")).unwrap();
    let script = "import ipaddress, sys
for line in open(sys.argv[1]):
    address = ipaddress.ip_address(line.strip())
    if not address.is_global or address.is_multicast or address.is_reserved:
        print(address)";
    match run(Command::new("python3").args(["-c", script]).arg(&list)) {
        Some(others) => assert_eq!(others, "", "called, and not global to Python"),
        None => eprintln!("skipped: there is no python3 here"),
    }
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
    let secret = |byte| Secret::from_random(&[byte; Secret::NEW_BYTES]).unwrap();
    let (old, new, foreign) = (secret(1).reveal(), secret(2).reveal(), secret(3).reveal());
    let secrets = Secrets::parse([new.as_str(), old.as_str()]).unwrap();
    let now = Timestamp::from_millis(seconds * 1000).unwrap();
    let body = serde_json::json!({
        "type": "webhook.test",
        "timestamp": now.to_string(),
        "data": {"endpoint": "0197c1b6", "note": "Ana María, “hot”; \\ and 🔥"},
    });
    let message = Message { id: MessageId::new("msg_0197c1b2").unwrap(), body: body.to_string() };
    let (id, body) = (message.id.as_str(), message.body.as_str());
    let timestamp = seconds.to_string();
    let signature = secrets.sign(id, now, body.as_bytes());

    let late = (seconds - 301).to_string();
    let signed_late = Timestamp::from_millis((seconds - 301) * 1000).unwrap();
    let signature_late = secrets.sign(id, signed_late, body.as_bytes());
    let changed = body.replace("webhook.test", "lead.merged");
    let cases = [
        // While a secret is replaced, receivers with either are content.
        ("the new secret", true, [new.as_str(), id, &timestamp, &signature, body]),
        ("the old secret", true, [&old, id, &timestamp, &signature, body]),
        ("another secret", false, [&foreign, id, &timestamp, &signature, body]),
        ("another id", false, [&new, "msg_2", &timestamp, &signature, body]),
        ("another instant", false, [&new, id, &late, &signature, body]),
        ("an old message", false, [&new, id, &late, &signature_late, body]),
        ("another body", false, [&new, id, &timestamp, &signature, &changed]),
        ("no signature", false, [&new, id, &timestamp, "v1,", body]),
    ];
    let arguments = cases.iter().flat_map(|(_, _, arguments)| arguments);
    let said = run(Command::new(&language.program).arg(&script).args(arguments));
    let said = said.unwrap_or_else(|| panic!("{} fails", script.display()));
    assert_eq!(said.lines().count(), cases.len(), "{said}");
    for ((what, believed, _), line) in cases.iter().zip(said.lines()) {
        let heading = language.heading;
        if *believed {
            assert_eq!(line, "webhook.test", "{heading}, {what}");
        } else {
            assert!(line.starts_with("refused"), "{heading}, {what}: {line}");
        }
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
