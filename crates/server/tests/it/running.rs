//! The server on a port of its own, as programs and browsers meet it.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::support::{As, House};

/// Longer than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Result<(), server::ServeError>>,
}

/// A port for a server whose settings say where it is.
pub(crate) fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// Starts the server on a port.
pub(crate) fn run(house: &House, port: TcpListener) -> Running {
    let address = port.local_addr().expect("an address");
    port.set_nonblocking(true).expect("a listener");
    let (stop, stopped) = oneshot::channel();
    let _within = house.runtime.enter();
    let listener = tokio::net::TcpListener::from_std(port).expect("a listener");
    let served = tokio::spawn(house.server.clone().serve(listener, async move {
        let _ = stopped.await;
    }));
    Running { address, stop, served }
}

/// Whether it says so within some seconds.
pub(crate) fn becomes_ready(house: &House) -> bool {
    (0..1_000).any(|_| {
        house.runtime.block_on(async { sleep(Duration::from_millis(10)).await });
        house.get("/ready", &As::Nobody).status == 200
    })
}

/// Stops the server and waits until everything has ended.
pub(crate) fn end(house: &House, running: Running) {
    running.stop.send(()).expect("a server that listens");
    let ended = house.runtime.block_on(async { timeout(PATIENCE, running.served).await });
    ended.expect("in time").expect("no panic").expect("in good order");
}
