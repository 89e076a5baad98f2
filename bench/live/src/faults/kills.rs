//! Killed at random moments while everybody reports.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::crowd::{Crowd, Dice};
use super::{Form, Reporting, alone, empty_house, judge_file, recently, told};
use crate::figures::{Times, say};

pub(super) async fn run(madura: &Path, data: &Path, form: Form, seed: u64) -> Result<()> {
    // In ten minutes sixteen clients have twelve million reports answered, which take hours to settle where few
    // people make them: the long form has many people and few clients.
    let (kills, users, clients) = if form == Form::Long { (200, 60_000, 2) } else { (6, 400, 16) };
    let house = Rc::new(RefCell::new(empty_house(madura, data, None).await?));
    let crowd = Crowd::new(seed, users, clients, recently());
    let mut starts = Times::default();
    let local = LocalSet::new();
    let journal = local
        .run_until(async {
            let reporting = Reporting::begin(crowd, &house);
            let mut dice = Dice(seed);
            for _ in 0..kills {
                sleep(Duration::from_millis(dice.of(900))).await;
                house.borrow_mut().kill()?;
                starts.add(restart(&house).await?);
            }
            sleep(Duration::from_millis(300)).await;
            reporting.end().await
        })
        .await?;
    let mut house = alone(house)?;
    let judged = judge_file(&house, madura, &journal).await?;
    told(&format!("killed {kills} times under load"), &journal, &judged);
    say("", &format!("ready again within: {}", starts.shown()), None);
    house.stop()
}

/// Starts it again; the clients, who only hold it to look at its address, go on meanwhile.
pub(super) async fn restart(house: &Rc<RefCell<crate::house::House>>) -> Result<Duration> {
    let begun = std::time::Instant::now();
    house.borrow_mut().launch()?;
    loop {
        sleep(Duration::from_millis(2)).await;
        let ended = house.borrow_mut().ended()?;
        anyhow::ensure!(ended.is_none(), "it does not start:\n{}", house.borrow().log());
        let address = house.borrow().address;
        if crate::house::is_ready(address).await {
            return Ok(begun.elapsed());
        }
        anyhow::ensure!(begun.elapsed() < Duration::from_mins(2), "it does not become ready");
    }
}
