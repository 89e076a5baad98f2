//! Clients that send their requests a byte at a time, and others that must not notice.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::empty_house;
use crate::figures::say;
use crate::load::{Load, send};

/// Slow clients at a time.
const SLOW: usize = 400;

pub(super) async fn run(madura: &Path, data: &Path) -> Result<()> {
    let mut house = empty_house(madura, data, None).await?;
    let time = Duration::from_secs(2);
    let load = Load { connections: 4, batch: 1, time, pace: Some(200.0), leads: 100, seed: 1 };
    let before = send(&house, load).await?;
    let local = LocalSet::new();
    let address = house.address;
    let beside = local
        .run_until(async {
            for number in 0..SLOW {
                tokio::task::spawn_local(async move {
                    let mut stream = TcpStream::connect(address).await?;
                    let head =
                        "POST /v1/batch HTTP/1.1\r\nhost: localhost\r\ncontent-length: 400\r\n";
                    // Half of them never end their head, the others never their body.
                    let end = if number % 2 == 0 { "\r\n{\"batch\":[" } else { "x-slow: " };
                    stream.write_all(head.as_bytes()).await?;
                    stream.write_all(end.as_bytes()).await?;
                    loop {
                        sleep(Duration::from_millis(500)).await;
                        stream.write_all(b" ").await?;
                    }
                    #[expect(unreachable_code, reason = "it tells the type of the block")]
                    Ok::<(), std::io::Error>(())
                });
            }
            sleep(Duration::from_millis(300)).await;
            send(&house, Load { seed: 2, ..load }).await
        })
        .await?;
    ensure!(
        beside.refusals() == 0,
        "{} requests were refused beside slow clients",
        beside.refusals()
    );
    let (alone, slowed) = (before.accepted.median(), beside.accepted.median());
    say(
        &format!("beside {SLOW} slow clients"),
        &format!("an event is stored in {slowed:.2} ms (median), {alone:.2} ms without them"),
        None,
    );
    // The disk has its moods: what must not be is that others wait for the slow.
    ensure!(slowed < 3.0 * alone + 10.0, "others wait for slow clients");
    house.stop()
}
