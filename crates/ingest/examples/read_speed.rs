//! How fast a file of events is read: `read_speed FILE [--map lead=lead_id,...] [--threads N]
//! [--props a,b]`. Prints rows, rejected rows, a checksum that does not depend on the format or the
//! number of threads, and CPU time; run it twice and take the second, when the file is in memory.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use ingest::{EventPlan, Source, Watch, read_events};
use leads::batch::LeadIds;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a file")?;
    let mut plan = EventPlan::default();
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("an option needs a value")?;
        match option.as_str() {
            "--map" => plan.columns = value.parse()?,
            "--threads" => plan.threads = value.parse()?,
            "--props" => plan.properties = value.split(',').map(str::to_owned).collect(),
            "--lead" => plan.only_lead = Some(value),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let source = Source::open(&path, None)?;
    let (batches, sum, values) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let rejects = |reject: ingest::Reject| {
        println!("{reject}");
        ControlFlow::Continue(())
    };
    let watch = Watch { rejects: &rejects, ..Watch::default() };
    let summary = read_events(&source, &plan, watch, &|_, batch| {
        let leads = match &batch.leads {
            LeadIds::Numbers(numbers) => numbers.iter().fold(0, |sum, lead| lead.wrapping_add(sum)),
            LeadIds::Texts(texts) => texts.iter().map(|text| text.len() as u64).sum(),
        };
        let at = batch.at.iter().fold(0_u64, |sum, at| sum.wrapping_add(at.as_millis() as u64));
        sum.fetch_add(leads.wrapping_add(at), Ordering::Relaxed);
        batches.fetch_add(1, Ordering::Relaxed);
        values.fetch_add(batch.names.values.len() as u64, Ordering::Relaxed);
    })?;
    println!(
        "{} rows in {} batches, {} rejected, checksum {}, {} names{}",
        summary.rows,
        batches.into_inner(),
        summary.rejected,
        sum.into_inner(),
        summary.event_names.len(),
        cpu_seconds().map_or_else(String::new, |seconds| format!(", {seconds:.2} s of CPU")),
    );
    Ok(())
}

/// CPU time of this process on Linux, in hundredths of a second as the kernel counts it.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}
