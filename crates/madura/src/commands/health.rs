//! `madura health`: can the running system take facts?

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use crate::exit::{Failure, Outcome, Result};
use crate::service::{Settings, SettingsArgs};
use crate::ui::Ui;

/// Ask a running system whether it can take facts
///
/// For whoever watches over a container: the exit code is 0 where it can, and 1 where it answers
/// that it cannot.
#[derive(Args, Clone, Debug)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

const PATIENCE: Duration = Duration::from_secs(3);

/// An answer's first line is far shorter.
const ANSWER_BYTES: u64 = 4096;

pub(crate) fn run(args: &HealthArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let mut address = settings.bind;
    if address.ip().is_unspecified() {
        address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
    }
    let answer = ask(address)
        .map_err(|error| Failure::system(format!("nothing answers at {address}: {error}")))?;
    let line = answer.lines().next().unwrap_or_default();
    ui.say(line);
    let is_ready = line.split(' ').nth(1) == Some("200");
    Ok(if is_ready { Outcome::Fine } else { Outcome::Findings })
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
