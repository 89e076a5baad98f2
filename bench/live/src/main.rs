//! The running system, from outside: how fast it is, and what it endures.
//!
//! ```text
//! bench-live speed MADURA DIRECTORY [--full] [batches]
//!                                                     figures, each with its target and the machine's limit; those of
//!                                                     batches alone
//! bench-live large MADURA DIRECTORY [LEADS EVENTS]   the same of a store that has grown
//! bench-live faults MADURA DIRECTORY [--long] [SEED] [kills] [full] [slow] [postgres]
//!                                                     what it endures, or an error that says what it lost
//! ```
//!
//! It starts the program as a process and speaks HTTP with it, as its clients do; of its crates only the
//! vocabulary is used. The database is looked into, beside the process, to know what is stored.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::disallowed_methods, reason = "measuring reads the clock")]

mod calls;
mod disk;
mod faults;
mod figures;
mod house;
mod http;
mod large;
mod load;
mod speed;
mod watch;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use faults::{Fault, Form};
use speed::Extent;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // One thread: the other core is the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.as_slice() {
        ["speed", madura, directory, rest @ ..] => {
            let seconds = if rest.contains(&"--full") { 20 } else { 6 };
            let only_batches = rest.contains(&"batches");
            let extent = Extent { leads: 50_000, time: Duration::from_secs(seconds), only_batches };
            runtime.block_on(speed::measure(Path::new(madura), Path::new(directory), extent))
        }
        ["large", madura, directory, rest @ ..] => {
            let extent = match rest {
                [leads, events] => large::Extent { leads: leads.parse()?, events: events.parse()? },
                _ => large::Extent { leads: 1_000_000, events: 20_000_000 },
            };
            runtime.block_on(large::measure(Path::new(madura), Path::new(directory), extent))
        }
        ["faults", madura, directory, rest @ ..] => {
            let form = if rest.contains(&"--long") { Form::Long } else { Form::Short };
            let seed = rest.iter().find_map(|word| word.parse().ok());
            let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
            let (madura, directory) = (std::fs::canonicalize(madura)?, Path::new(directory));
            let all = Fault::ALL.into_iter();
            let is_known = |word: &&&str| {
                **word == "--long"
                    || word.parse::<u64>().is_ok()
                    || Fault::ALL.iter().any(|(known, _)| known == *word)
            };
            if let Some(word) = rest.iter().find(|word| !is_known(word)) {
                bail!("there is no fault {word}");
            }
            let chosen = all.clone().filter(|(word, _)| rest.contains(word));
            let mut chosen: Vec<Fault> = chosen.map(|(_, fault)| fault).collect();
            if chosen.is_empty() {
                chosen = all.map(|(_, fault)| fault).collect();
            }
            runtime.block_on(faults::run(&madura, directory, &chosen, form, seed))
        }
        _ => bail!(
            "usage: bench-live speed|large|faults MADURA DIRECTORY [--full|LEADS EVENTS|--long SEED FAULT ...]"
        ),
    }
}
