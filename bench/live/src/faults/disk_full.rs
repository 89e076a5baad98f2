//! A disk that fills up while everybody reports, and has room again.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::crowd::Crowd;
use super::{Reporting, alone, empty_house, judge_file, recently, told};
use crate::figures::say;

/// The disk's size, and what is freed later, in MiB.
const DISK: usize = 48;
const FREED: usize = 32;

#[expect(clippy::await_holding_refcell_ref, reason = "clients only look at it, too")]
pub(super) async fn run(madura: &Path, data: &Path, seed: u64) -> Result<()> {
    fs::create_dir_all(data)?;
    let Some(_disk) = Disk::mount(data)? else {
        println!("a small disk cannot be mounted by this user: the full disk is left out");
        return Ok(());
    };
    let house = empty_house(madura, data, None).await?;
    fs::write(data.join("ballast"), vec![1; FREED << 20])?;
    let house = Rc::new(RefCell::new(house));
    let crowd = Crowd::new(seed, 200, 8, recently());
    let local = LocalSet::new();
    let (journal, mended) = local
        .run_until(async {
            let reporting = Reporting::begin(crowd.clone(), &house);
            let begun = Instant::now();
            // Full is a disk on which nothing more is acknowledged.
            let mut known = 0;
            loop {
                sleep(Duration::from_millis(700)).await;
                let now = crowd.acknowledged();
                if now == known && now > 0 {
                    break;
                }
                known = now;
                ensure!(begun.elapsed() < Duration::from_mins(1), "the disk does not fill up");
            }
            let ended = house.borrow_mut().ended()?;
            let log = house.borrow().log();
            ensure!(ended.is_none(), "it ended on a full disk: {ended:?}\n{log}");
            // Whoever reads is served.
            let list = house.borrow().call("GET", "/api/v1/leads?limit=5", None).await?;
            ensure!(!list["leads"].as_array().is_none_or(Vec::is_empty), "no leads on a full disk");
            fs::remove_file(data.join("ballast"))?;
            let freed = Instant::now();
            while crowd.acknowledged() == known {
                ensure!(freed.elapsed() < Duration::from_secs(20), "it does not go on");
                sleep(Duration::from_millis(10)).await;
            }
            let mended = freed.elapsed();
            Ok::<_, anyhow::Error>((reporting.end().await?, mended))
        })
        .await?;
    let mut house = alone(house)?;
    let judged = judge_file(&house, madura, &journal).await?;
    told("a full disk", &journal, &judged);
    let figure = format!(
        "lists were served meanwhile; went on {:.2} s after there was room",
        mended.as_secs_f64()
    );
    say("", &figure, None);
    house.stop()
}

/// A small file system in memory, gone with it.
struct Disk<'d>(&'d Path);

impl<'d> Disk<'d> {
    fn mount(at: &'d Path) -> Result<Option<Self>> {
        let size = format!("size={DISK}m");
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output()?;
        Ok(output.status.success().then_some(Self(at)))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // Whoever stays behind keeps it busy: lazily it goes with them.
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}
