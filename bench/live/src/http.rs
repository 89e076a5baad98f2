//! As little of HTTP as a load needs: what the client costs is missing to the server beside it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is kept.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Seconds, where the answer says so.
    pub(crate) retry_after: Option<u64>,
    pub(crate) cookie: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The parts of a head that matter here.
#[derive(Default)]
struct Head {
    status: u16,
    length: usize,
    is_chunked: bool,
    retry_after: Option<u64>,
    cookie: Option<String>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(16 << 10) })
    }

    /// Sends a whole request and reads the answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Reply> {
        self.stream.write_all(request).await?;
        let (head, at) = self.head().await?;
        let mut body = self.read.split_off(at);
        self.read.clear();
        if head.is_chunked {
            body = self.chunks(body).await?;
        } else {
            while body.len() < head.length {
                if self.stream.read_buf(&mut body).await? == 0 {
                    bail!("the connection ended within an answer");
                }
            }
        }
        let Head { status, retry_after, cookie, .. } = head;
        Ok(Reply { status, retry_after, cookie, body })
    }

    /// The head of the answer, and where in `read` its body begins.
    async fn head(&mut self) -> Result<(Head, usize)> {
        loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                return Ok((Head::read(&self.read[..end])?, end + 4));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                bail!("the connection ended before an answer");
            }
        }
    }

    async fn chunks(&mut self, mut raw: Vec<u8>) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let mut at = 0;
        loop {
            let line = loop {
                match find(&raw[at..], b"\r\n") {
                    Some(end) => break end,
                    None => self.more(&mut raw).await?,
                }
            };
            let size = std::str::from_utf8(&raw[at..at + line])?;
            let size = usize::from_str_radix(size.trim(), 16).context("the size of a chunk")?;
            at += line + 2;
            while raw.len() < at + size + 2 {
                self.more(&mut raw).await?;
            }
            body.extend_from_slice(&raw[at..at + size]);
            at += size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn more(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if self.stream.read_buf(into).await? == 0 {
            bail!("the connection ended within an answer");
        }
        Ok(())
    }

    /// Sends a request whose answer never ends, and hands over the connection.
    pub(crate) async fn open(mut self, request: &[u8]) -> Result<TcpStream> {
        self.stream.write_all(request).await?;
        let (head, _) = self.head().await?;
        if head.status != 200 {
            bail!("a stream was refused: {}", head.status);
        }
        Ok(self.stream)
    }
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes)?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
        let mut head = Self { status: status.parse()?, ..Self::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = value.parse()?,
                "transfer-encoding" => head.is_chunked = value.eq_ignore_ascii_case("chunked"),
                "retry-after" => head.retry_after = value.parse().ok(),
                "set-cookie" => head.cookie = value.split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        Ok(head)
    }
}

/// A whole request: `headers` are lines that end in `\r\n`.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256 + body.len());
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    );
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
