//! Our half of the benchmarks that run in memory.
//!
//! ```text
//! bench memory LEADS EVENTS MODEL     scores of everyone at one instant
//! bench instants LEADS EVENTS MODEL   scores of everyone at 52 weekly instants
//! bench what-if LEADS EVENTS MODEL    everyone at one instant under the model and with shorter half-lives
//! bench tick LEADS EVENTS MODEL       everyone a minute after everyone was scored
//! bench once LEADS EVENTS MODEL TIMES  files read for one score, and scored: processor seconds of both, so many times
//! bench fold MODEL TIMES              8,192 leads scored so many times, for counting instructions
//! ```
//!
//! The first four say `ready` and then obey lines of standard input, as the peer's half does: `go`
//! answers with the seconds that scoring took and the seconds of processor time, `write PATH` keeps
//! the last result, a byte per score.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::disallowed_methods, reason = "measuring reads the clock")]

mod facts;

use std::hint::black_box;
use std::io::BufRead as _;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use history::{Before, History, LEADS_PER_BLOCK, Scores, compare_since};
use leads::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use scoring::Program;

/// When the generated year ends.
const AS_OF: &str = "2025-11-21T00:00:00Z";
const WEEKS: i64 = 52;
const WEEK_MS: i64 = 7 * 86_400_000;
const THREADS: usize = 2;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [what @ ("memory" | "instants"), leads, events, model] => {
            let program = program(model)?;
            let history = facts::read(program.needs(), leads, events, THREADS)?;
            if *what == "memory" {
                obey(|| one_instant(&history, &program))
            } else {
                obey(|| every_week(&history, &program))
            }
        }
        ["what-if", leads, events, path] => {
            let (before, text) = (program(path)?, std::fs::read_to_string(path)?);
            let after = parsed(&text.replace("half_life: 30d", "half_life: 20d"))?;
            let history = facts::read(before.needs(), leads, events, THREADS)?;
            let scores = history.rescore(&before, half_a_minute_ago()?, THREADS);
            obey(|| what_if(&history, (&before, &after), &scores))
        }
        ["tick", leads, events, path] => {
            let program = program(path)?;
            let history = facts::read(program.needs(), leads, events, THREADS)?;
            let scores = history.rescore(&program, Timestamp::parse(AS_OF)?, THREADS);
            obey(|| tick(&history, &program, &scores))
        }
        ["once", leads, events, model, times] => {
            once(&program(model)?, leads, events, times.parse()?)
        }
        ["fold", model, times] => fold(&program(model)?, times.parse()?),
        _ => bail!(
            "usage: bench memory|instants|what-if|tick LEADS EVENTS MODEL, bench once LEADS EVENTS MODEL TIMES, or bench fold MODEL TIMES"
        ),
    }
}

fn program(model: &str) -> Result<Program> {
    let text = std::fs::read_to_string(model).with_context(|| format!("cannot read {model}"))?;
    parsed(&text)
}

fn parsed(text: &str) -> Result<Program> {
    let loaded = scoring::document::load(text, scoring::document::Syntax::Yaml);
    let model = loaded.model.with_context(|| format!("errors: {:?}", loaded.diagnostics))?;
    Ok(Program::new(model))
}

/// Everyone's score; the bytes are made outside of the measured time.
fn one_instant(history: &History, program: &Program) -> Result<impl Fn() -> Vec<u8> + use<>> {
    let scores = history.rescore(program, Timestamp::parse(AS_OF)?, THREADS);
    Ok(move || scores.iter().map(|scored| scored.score.score as u8).collect())
}

/// When the last tick was, in the middle.
fn half_a_minute_ago() -> Result<Timestamp> {
    Ok(Timestamp::saturating_from_millis(Timestamp::parse(AS_OF)?.as_millis() - 30_000))
}

/// Who moves, and because of what; in bytes, how many do.
fn what_if(
    history: &History,
    programs: (&Program, &Program),
    scores: &Scores,
) -> Result<impl Fn() -> Vec<u8> + use<>> {
    let known = Some(Before { scores, at: half_a_minute_ago()?, changed: &[] });
    let found = compare_since(history, programs, Timestamp::parse(AS_OF)?, 50, THREADS, known);
    Ok(move || (found.up + found.down).to_le_bytes().to_vec())
}

/// Everyone's scores a minute later.
fn tick(
    history: &History,
    program: &Program,
    scores: &Scores,
) -> Result<impl Fn() -> Vec<u8> + use<>> {
    let at = Timestamp::parse(AS_OF)?;
    let later = Timestamp::saturating_from_millis(at.as_millis() + 60_000);
    let before = Before { scores, at, changed: &[] };
    let scores = history.rescore_since(program, later, THREADS, Some(before));
    Ok(move || scores.iter().map(|scored| scored.score.score as u8).collect())
}

/// Everyone's 52 scores, one lead after the other: the whole grid is there in the end.
fn every_week(history: &History, program: &Program) -> Result<impl Fn() -> Vec<u8> + use<>> {
    let last = Timestamp::parse(AS_OF)?.as_millis();
    let weeks = (0..WEEKS).rev().map(|week| last - week * WEEK_MS);
    let weeks: Vec<Timestamp> = weeks.map(Timestamp::saturating_from_millis).collect();
    let room = || Vec::with_capacity(LEADS_PER_BLOCK * weeks.len());
    let grid =
        history.at_instants(program, &weeks, THREADS, room, |grid: &mut Vec<u8>, _, moments| {
            grid.extend(moments.scores().iter().map(|score| *score as u8));
        });
    Ok(move || grid.concat())
}

fn obey<W: Fn() -> Vec<u8>>(run: impl Fn() -> Result<W>) -> Result<()> {
    println!("ready");
    let mut bytes = None;
    for line in std::io::stdin().lock().lines() {
        match line?.split_once(' ') {
            None => {
                // What the last run left is given back before the clock starts.
                drop(bytes.take());
                let (wall, cpu) = (Instant::now(), cpu_seconds());
                let result = run()?;
                println!("{} {}", wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
                bytes = Some(result);
            }
            Some((_, path)) => {
                let bytes = bytes.as_ref().context("nothing has been scored yet")?;
                std::fs::write(path, bytes())?;
                println!("written");
            }
        }
    }
    Ok(())
}

/// What `madura score` does with Parquet files, but for writing.
fn once(program: &Program, leads: &str, events: &str, times: usize) -> Result<()> {
    let at = Timestamp::parse(AS_OF)?;
    for _ in 0..times {
        let begun = cpu_seconds();
        let gathered = facts::read_for_score(program, at, leads, events, THREADS)?;
        let read = cpu_seconds();
        let (_, scores) = gathered.score(program, at, THREADS);
        let scored = cpu_seconds();
        let total: i64 = scores.iter().map(|scored| scored.score.score).sum();
        println!("{:.3} {:.3} (sum of scores {total})", read - begun, scored - read);
    }
    Ok(())
}

/// The difference between a run of eleven times and a run of one is what ten scorings cost.
fn fold(program: &Program, times: usize) -> Result<()> {
    let history = facts::make(program.needs());
    let at = Timestamp::parse(AS_OF)?;
    let mut total = 0;
    for _ in 0..times {
        let scores = history.rescore(black_box(program), at, 1);
        total = scores.iter().map(|scored| scored.score.score).sum();
    }
    println!("{} events, sum of scores {total}", history.events());
    Ok(())
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
