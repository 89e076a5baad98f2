//! Receivers on this machine, each with its own bad manners.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;

/// What a receiver does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Manners {
    /// Writes this and closes.
    Says(Vec<u8>),
    /// Writes this and tears the connection down, so that the caller sees a reset.
    Resets(Vec<u8>),
    /// Writes the first once and then the second for as long as anybody reads.
    NeverEnds(Vec<u8>, Vec<u8>),
    /// Writes this, and then nothing until the caller hangs up.
    Hangs(Vec<u8>),
}

/// A receiver at work.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    connections: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The lines before the empty one, the names of headers in lower case.
    pub(crate) head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        let mut found = self.head.iter().filter_map(|line| line.strip_prefix(&prefix));
        let value = found.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.head));
        assert_eq!(found.next(), None, "{name} is there once");
        value
    }
}

impl Receiver {
    pub(crate) async fn start(manners: Manners) -> Self {
        Self::listen("127.0.0.1:0", manners, None).await
    }

    /// Listens at an address of one's choice, encrypted where an acceptor is given.
    pub(crate) async fn listen(
        address: &str,
        manners: Manners,
        encryption: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::default(),
            connections: Arc::default(),
            written: Arc::default(),
        };
        let (heard, connections, written) =
            (receiver.heard.clone(), receiver.connections.clone(), receiver.written.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let (heard, written) = (heard.clone(), written.clone());
                let (manners, encryption) = (manners.clone(), encryption.clone());
                tokio::spawn(async move {
                    match encryption {
                        None => {
                            let stream = answer(stream, &manners, &heard, &written).await;
                            if matches!(manners, Manners::Resets(_))
                                && let Some(stream) = stream
                            {
                                stream.set_zero_linger().unwrap();
                            }
                        }
                        Some(encryption) => {
                            if let Ok(stream) = encryption.accept(stream).await {
                                answer(stream, &manners, &heard, &written).await;
                            }
                        }
                    }
                });
            }
        });
        receiver
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Bytes that the network took of what never ends.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    pub(crate) async fn heard(&self) -> Vec<Heard> {
        self.heard.lock().await.clone()
    }
}

/// Reads a request and answers it. Gives the stream back for its last moment.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    manners: &Manners,
    heard: &Mutex<Vec<Heard>>,
    written: &AtomicUsize,
) -> Option<S> {
    let request = read_request(&mut stream).await?;
    heard.lock().await.push(request);
    match manners {
        Manners::Says(bytes) => {
            stream.write_all(bytes).await.ok()?;
            stream.shutdown().await.ok()?;
        }
        Manners::Resets(bytes) => {
            stream.write_all(bytes).await.ok()?;
            stream.flush().await.ok()?;
        }
        Manners::NeverEnds(head, chunk) => {
            stream.write_all(head).await.ok()?;
            loop {
                stream.write_all(chunk).await.ok()?;
                written.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        }
        Manners::Hangs(bytes) => {
            stream.write_all(bytes).await.ok()?;
            stream.flush().await.ok()?;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
    Some(stream)
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let head: Vec<_> = head.split("\r\n").map(str::to_owned).collect();
            let heard = Heard { head, body: Vec::new() };
            let length: usize = heard.header("content-length").parse().unwrap();
            let mut body = bytes.split_off(end + 4);
            while body.len() < length {
                read_more(stream, &mut body).await?;
            }
            return Some(Heard { body, ..heard });
        }
        read_more(stream, &mut bytes).await?;
    }
}

async fn read_more<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut Vec<u8>) -> Option<()> {
    (stream.read_buf(bytes).await.ok()? > 0).then_some(())
}

/// A whole reply with a length.
pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Manners {
    Manners::Says(reply_bytes(status, headers, body))
}

pub(crate) fn reply_bytes(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len())
        .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Whether somebody listens there, as anybody without a guard would find out.
pub(crate) async fn listens(address: SocketAddr) -> bool {
    TcpStream::connect(address).await.is_ok()
}
