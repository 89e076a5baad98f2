//! Models: from a file or standard input, with every mistake shown where it stands.

use std::fmt::Write as _;
use std::io::Read as _;

use leads::{Timestamp, read_local};
use scoring::Model;
use scoring::document::{Diagnostic, Severity, Syntax, load};

use crate::clock;
use crate::exit::{Failure, Result};
use crate::ui::{Paint, Ui};

/// The text of a model.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The file, for messages.
    pub(crate) name: String,
    /// What stands in it.
    pub(crate) text: String,
    /// How it is written.
    pub(crate) syntax: Syntax,
}

/// Reads a document from a file, or from standard input for `-`.
pub(crate) fn read_document(path: &str) -> Result<Document> {
    let (name, bytes) = if path == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        ("standard input", read.map(|_| bytes))
    } else {
        (path, std::fs::read(path))
    };
    let bytes = bytes.map_err(|error| {
        let failure = Failure::file(format_args!("{name}: the model cannot be read"), error);
        if path == "-" || std::path::Path::new(path).exists() {
            failure
        } else {
            failure.hint(format_args!("`madura new {path}` begins a model of that name"))
        }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..at]).matches('\n').count() + 1;
        Failure::usage(format_args!("{name}, line {line}: the model is not written in UTF-8"))
            .hint("save it as UTF-8; in a spreadsheet or editor this is a choice when saving")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let syntax = syntax_of(path, &text);
    Ok(Document { name: name.to_owned(), text, syntax })
}

/// Reads a model that is to be used: mistakes end the run, warnings are counted.
pub(crate) fn open_model(path: &str, ui: &Ui) -> Result<Model> {
    let document = read_document(path)?;
    let loaded = load(&document.text, document.syntax);
    let count = |severity| loaded.diagnostics.iter().filter(|d| d.severity == severity).count();
    let Some(model) = loaded.model else {
        let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        for diagnostic in errors {
            say_diagnostic(&document, diagnostic, ui);
        }
        let mistakes = match count(Severity::Error) {
            1 => "1 mistake".to_owned(),
            many => format!("{many} mistakes"),
        };
        return Err(Failure::usage(format_args!(
            "{} has {mistakes} and was not used",
            document.name
        )));
    };
    match count(Severity::Warning) {
        0 => {}
        1 => ui.note(format_args!("{}: 1 warning (see `madura check {path}`)", document.name)),
        many => {
            ui.note(format_args!("{}: {many} warnings (see `madura check {path}`)", document.name));
        }
    }
    Ok(model)
}

/// The instant of `--as-of`, or now. A date is its midnight in the model's time zone.
pub(crate) fn parse_as_of(text: Option<&str>, model: &Model) -> Result<Timestamp> {
    match text {
        None => Ok(clock::now()),
        Some(text) => parse_instant("--as-of", text, model),
    }
}

/// An instant given to the option `name`.
pub(crate) fn parse_instant(name: &str, text: &str, model: &Model) -> Result<Timestamp> {
    let hint = "write a date, as in 2026-03-01, or an instant, as in 2026-03-01T10:00:00Z";
    // A year or a date without hyphens would be taken for seconds since 1970.
    let number = text.trim().parse::<i64>().is_ok_and(|number| number.abs() < 100_000_000);
    let local = read_local(text, &model.time_zone).filter(|_| !number);
    match (Timestamp::parse(text), local) {
        (Ok(instant), _) if !number => Ok(instant),
        (_, Some(instant)) => Ok(instant),
        _ => Err(Failure::usage(format_args!("{name}: `{text}` is not an instant")).hint(hint)),
    }
}

/// Says all findings about a document on standard error.
pub(crate) fn say_diagnostics(document: &Document, diagnostics: &[Diagnostic], ui: &Ui) {
    for diagnostic in diagnostics {
        say_diagnostic(document, diagnostic, ui);
    }
}

fn say_diagnostic(document: &Document, diagnostic: &Diagnostic, ui: &Ui) {
    ui.plain(shown(document, diagnostic, ui.talk_paint));
}

/// The finding, the line in which it stands, and what to write instead.
fn shown(document: &Document, diagnostic: &Diagnostic, paint: Paint) -> String {
    let Diagnostic { code, line, column, message, remedy, .. } = diagnostic;
    let place = paint.bold(format_args!("{}:{line}:{column}", document.name));
    let kind = match diagnostic.severity {
        Severity::Error => paint.red(format_args!("error {code}")),
        Severity::Warning => paint.yellow(format_args!("warning {code}")),
    };
    let mut text = format!("{place}: {kind}: {message}\n");
    if let Some(source) =
        document.text.lines().nth(line.saturating_sub(1)).filter(|l| !l.trim().is_empty())
    {
        let source = source.replace('\t', " ");
        let before = source.chars().take(column.saturating_sub(1)).count();
        let offending = diagnostic.text.lines().next().unwrap_or_default();
        let rest: String = source.chars().skip(before).collect();
        let quoted = usize::from(rest.starts_with(['"', '\'']) && !offending.is_empty());
        let found = rest.chars().skip(quoted).collect::<String>().starts_with(offending);
        let width = if found { offending.chars().count() + 2 * quoted } else { 1 }.max(1);
        let carets = paint.red("^".repeat(width));
        let number = paint.dim(format_args!("{line:>5} |"));
        let margin = paint.dim("      |");
        let _ = writeln!(text, "{number} {}", cut(&source));
        if before < LINE_MAX {
            let _ = writeln!(text, "{margin} {}{carets}", " ".repeat(before));
        }
    }
    if let Some(remedy) = remedy {
        let _ = writeln!(text, "      {} {remedy}", paint.cyan("="));
    }
    text
}

const LINE_MAX: usize = 120;

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn syntax_of(path: &str, text: &str) -> Syntax {
    let path = path.to_ascii_lowercase();
    let ending = std::path::Path::new(&path).extension().and_then(|ending| ending.to_str());
    match ending {
        Some("json") => Syntax::Json,
        Some("yaml" | "yml") => Syntax::Yaml,
        _ if text.trim_start().starts_with('{') => Syntax::Json,
        _ => Syntax::Yaml,
    }
}
