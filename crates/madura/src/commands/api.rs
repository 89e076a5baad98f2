//! `madura api`: whatever has no command of its own.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

use clap::Args;
use serde_json::Value as Json;
use ureq::http::Method;

use crate::client::{Call, Given, ServerArgs, connect, legible_tree};
use crate::exit::{Failure, Outcome, Result};
use crate::ui::Ui;

/// Call the API of a running server: everything that has no command of its own
///
/// Prints the answer as it is, and JSON set in on a terminal. An answer that is no success is an error.
/// What can be asked for stands in the OpenAPI document, at /api/v1/openapi.json.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ApiArgs {
    /// GET, POST, PUT, PATCH or DELETE
    #[arg(value_name = "METHOD", value_parser = method)]
    method: Method,

    /// The path with its query. What does not begin with /api is looked for under /api/v1
    #[arg(value_name = "PATH")]
    path: String,

    /// Send this file as the JSON body; `-` is standard input
    #[arg(long, value_name = "FILE")]
    body: Option<String>,

    #[command(flatten)]
    server: ServerArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura api GET /status
  madura api GET '/leads/counts?by=bracket'
  echo '{\"owner\": \"marta\"}' | madura api PATCH /leads/0197a3c2-6a5e-7c11-b0f4-2f8e6d3c9a10 --body -
  madura api POST /webhooks --body webhook.json";

/// The server takes a megabyte.
const BODY_BYTES_MAX: u64 = 1 << 20;

pub(crate) fn run(args: &ApiArgs, ui: &Ui) -> Result {
    let body = args.body.as_deref().map(read_body).transpose()?;
    let given = match &body {
        Some(body) => Given::Json(body),
        None if args.method == Method::GET || args.method == Method::HEAD => Given::Nothing,
        None => Given::Json(b"{}"),
    };
    let connection = connect(&args.server, ui)?;
    let path = path(&args.path);
    let bytes = connection.bytes(&Call::raw(args.method.clone(), &path, given))?;
    let mut stdout = Ui::stdout();
    match serde_json::from_slice::<Json>(&bytes) {
        Ok(json) if ui.stdout_is_terminal => writeln!(stdout, "{:#}", legible_tree(json))?,
        _ => {
            stdout.write_all(&bytes)?;
            if !bytes.is_empty() && !bytes.ends_with(b"\n") {
                stdout.write_all(b"\n")?;
            }
        }
    }
    stdout.flush()?;
    Ok(Outcome::Fine)
}

fn method(text: &str) -> std::result::Result<Method, String> {
    let known =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let wanted = text.to_ascii_uppercase();
    let found = known.into_iter().find(|method| method.as_str() == wanted);
    found.ok_or_else(|| "there are GET, HEAD, POST, PUT, PATCH and DELETE".to_owned())
}

fn path(text: &str) -> String {
    let text = text.trim_start_matches('/');
    let elsewhere = ["api/", "health", "ready", "metrics"];
    if elsewhere.iter().any(|beginning| text.starts_with(beginning)) {
        format!("/{text}")
    } else {
        format!("/api/v1/{text}")
    }
}

fn read_body(path: &str) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let limit = BODY_BYTES_MAX + 1;
    let read = match path {
        "-" => io::stdin().lock().take(limit).read_to_end(&mut body),
        path => File::open(path).and_then(|file| file.take(limit).read_to_end(&mut body)),
    };
    read.map_err(|error| Failure::file(format_args!("{path} cannot be read"), error))?;
    if body.len() as u64 > BODY_BYTES_MAX {
        return Err(Failure::usage(format_args!(
            "{path} is longer than the megabyte that is taken"
        )));
    }
    if let Err(error) = serde_json::from_slice::<Json>(&body) {
        return Err(Failure::usage(format_args!("{path} is not JSON: {error}")));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_under_the_api_is_looked_for_there() {
        assert_eq!(path("/leads?limit=1"), "/api/v1/leads?limit=1");
        assert_eq!(path("status"), "/api/v1/status");
        assert_eq!(path("/api/v1/me"), "/api/v1/me");
        assert_eq!(path("/ready"), "/ready");
    }
}
