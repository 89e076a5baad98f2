//! `madura serve`: the live system.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use testkit::visitors::Visitors;
use tokio::net::{TcpListener, TcpSocket};

use crate::exit::{Failure, Outcome, Result};
use crate::service::{
    Form, House, LimitsArgs, Opened, Settings, SettingsArgs, begin_logs, clock, random, visit,
};
use crate::ui::Ui;

/// Run the live system: facts in, scores out
///
/// One process, one data directory. On the first start it prints a link by which the first user sets
/// a password of their own; it works once, for half an hour.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    limits: LimitsArgs,

    /// How logs are written: text or json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    log: Form,
}

const EXAMPLES: &str = "\
Examples:
  madura serve                                       everything in ./madura-data, on this machine only
  madura serve --public-url https://leads.example.com --trusted-proxies 127.0.0.1/32
  madura serve --db postgres://madura@db/madura      what is kept is on a server
  madura config check                                what would be used, and who decided it

The settings are read from madura.toml, the environment (MADURA_DATA, MADURA_DB and so on) and what is
typed; the last one counts. TLS is a proxy's task: name it as trusted, or all visitors are one to Madura.";

pub(crate) fn run(args: &ServeArgs, ui: &Ui) -> Result {
    let settings =
        Settings::read_all(&args.settings, &args.limits, |name| std::env::var(name).ok())?;
    begin_logs(args.log, ui.quiet);
    let opened = House::open(&settings)?.live()?;
    keep_serving(&settings, &opened, None, ui)
}

/// Serves until somebody asks the process to end. `visitors` come meanwhile, where there are any.
pub(crate) fn keep_serving(
    settings: &Settings,
    opened: &Opened,
    visitors: Option<Visitors>,
    ui: &Ui,
) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::system(format!("no threads can be had: {error}")))?;
    let listener = {
        let _inside = runtime.enter();
        listen(settings.bind)?
    };
    // Port 0 is one that is free: which one is known only now.
    let settings = &match listener.local_addr() {
        Ok(address) => settings.listening_at(address),
        Err(error) => return Err(Failure::system(format!("cannot listen: {error}"))),
    };
    let server =
        server::Server::open(settings.for_server(), opened.live.clone(), clock(), random())
            .map_err(Failure::system)?;
    let link = server.setup_link().map_err(Failure::system)?;
    let stop = Arc::new(AtomicBool::new(false));
    let visiting = visitors.map(|visitors| visit(opened.live.clone(), visitors, Arc::clone(&stop)));
    let served = runtime.block_on(async {
        if !settings.bind.ip().is_loopback() && link.is_some() {
            ui.warn(
                "anybody who reaches this address can see the log-in page: finish the set-up now",
            );
        }
        ui.say(format_args!("Madura    {}", settings.public_url));
        ui.say(format_args!("Data      {}", settings.data.display()));
        ui.say(format_args!("Database  {}", settings.db));
        if let Some(link) = &link {
            // Also where nothing else is said: without it nobody gets in.
            ui.plain("\nOpen this once, within half an hour, to become the first user:");
            ui.plain(format_args!("{link}\n"));
        }
        server.serve(listener, asked_to_end()).await.map_err(Failure::system)
    });
    stop.store(true, Ordering::Relaxed);
    if let Some(visiting) = visiting {
        // It ends by itself within its pause; a panic in it was told where it happened.
        let _ = visiting.join();
    }
    served.map(|()| Outcome::Fine)
}

/// Connections that may wait to be accepted; a system has a limit of its own, too. The first visitors of a mailing come
/// within a second: whoever finds no place tries again after one.
const WAITING: u32 = 4096;

/// Listens; within a runtime.
fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listening = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Else a start right after an end would find the address taken by connections that are no more.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING)
    };
    listening().map_err(|error: std::io::Error| {
        Failure::system(format!("cannot listen on {address}: {error}"))
            .hint("choose another with --bind 127.0.0.1:PORT")
    })
}

/// Ends when the process is interrupted or told to terminate.
async fn asked_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    let Ok(mut terminated) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        let _ = interrupted.await;
        return;
    };
    tokio::select! {
        _ = interrupted => {}
        _ = terminated.recv() => {}
    }
}
