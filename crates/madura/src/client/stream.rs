//! Server-sent events: what changes, as it changes.

use std::io::{BufRead as _, BufReader, Read as _, Take};

use serde_json::Value as Json;
use ureq::BodyReader;

use super::{Call, Connection};
use crate::exit::Result;

/// An open stream.
pub(crate) struct Stream {
    lines: Take<BufReader<BodyReader<'static>>>,
    /// The id of the last event that had one.
    last_event: Option<String>,
}

/// What was heard.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Heard {
    /// The stream has begun.
    Hello,
    /// Something is new.
    News(Json),
    /// A lead came to stand elsewhere.
    Transition(Json),
    /// Some news were missed.
    Lagged,
}

/// No line of news is longer, in bytes.
const LINE_MAX: u64 = 1 << 20;

impl Stream {
    /// Opens it, where it broke off behind the last event that was heard.
    pub(crate) fn open(
        connection: &Connection<'_>,
        query: &[(&str, String)],
        behind: Option<String>,
    ) -> Result<Self> {
        let call = Call::get(&["api", "v1", "stream"], query)
            .accepting("text/event-stream")
            .behind(behind.as_deref());
        let answer = connection.send(&call)?;
        let reader = answer.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Self { lines: BufReader::new(reader).take(LINE_MAX), last_event: behind })
    }

    /// Where it is, for whoever opens it anew.
    pub(crate) fn place(&self) -> Option<String> {
        self.last_event.clone()
    }

    /// Waits for the next event. Nothing: the stream has ended, by whatever cause.
    pub(crate) fn hear(&mut self) -> Option<Heard> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let line = self.line()?;
            if line.is_empty() {
                let heard = match name.as_str() {
                    "hello" => Some(Heard::Hello),
                    "lagged" => Some(Heard::Lagged),
                    "news" => serde_json::from_str(&data).ok().map(Heard::News),
                    "transition" => serde_json::from_str(&data).ok().map(Heard::Transition),
                    // A word to keep the connection open, or one of a later version.
                    _ => None,
                };
                if heard.is_some() {
                    return heard;
                }
                name.clear();
                data.clear();
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut name),
                "id" => self.last_event = Some(value.to_owned()),
                "data" => {
                    if !data.is_empty() {
                        data.push('\n');
                    }
                    data.push_str(value);
                }
                _ => {}
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.lines.set_limit(LINE_MAX);
        self.lines.read_until(b'\n', &mut line).ok()?;
        // Without its end it is cut off, or endless.
        let line = line.strip_suffix(b"\n")?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Some(String::from_utf8_lossy(line).into_owned())
    }
}
