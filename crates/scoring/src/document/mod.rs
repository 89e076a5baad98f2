//! The model document: YAML or JSON in, a checked [`Model`] or everything that is wrong with it out.
//!
//! ```text
//! text -yaml/json-> tree -check (grammar)-> tree without slips -decode-> Model
//! ```

mod check;
mod comments;
mod convert;
mod decode;
mod diagnostic;
mod format;
mod grammar;
mod json;
mod reach;
mod read;
mod scalar;
mod schema;
mod tree;
mod warnings;
mod yaml;

pub use diagnostic::{Diagnostic, Severity};

use crate::model::Model;
use diagnostic::{code, in_order};
use tree::{Mark, Node};

/// A small model with comments, to begin one's own with.
pub const STARTER: &str = include_str!("starter.yaml");

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// YAML 1.2, core schema.
    Yaml,
    /// JSON (RFC 8259).
    Json,
}

/// What came of reading a document.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The model: there exactly when no diagnostic is an error.
    pub model: Option<Model>,
    /// All errors and warnings, in the order of the document.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a model document and reports everything that is wrong with it at once.
pub fn load(text: &str, syntax: Syntax) -> Loaded {
    let (root, mut diagnostics) = parse(text, syntax);
    let mut model = None;
    if let Some(root) = root {
        diagnostics.extend(check::check(&root));
        let (decoded, more) = decode::decode(&root);
        diagnostics.extend(more);
        let refused = diagnostics.iter().any(Diagnostic::is_error);
        model = decoded.filter(|_| !refused);
        diagnostics.extend(model.iter().flat_map(|model| warnings::warnings(model, &root)));
    }
    let refused = diagnostics.iter().any(Diagnostic::is_error);
    if model.is_none() && !refused {
        // Whatever keeps a model from being made has been reported; should that ever be untrue, a
        // sentence is better than a silent nothing.
        let at = Mark { line: 1, column: 1 };
        let message = "the document cannot be read as a model";
        diagnostics.push(Diagnostic::error(code::WRONG_TYPE, at, "", message));
    }
    Loaded { model, diagnostics: in_order(diagnostics) }
}

/// The JSON Schema (2020-12) of a model document. It is made from the same table that reads
/// documents, and says everything that a schema can say; what spans several values (a curve that
/// goes backwards) only [`load`] can tell.
pub fn schema() -> serde_json::Value {
    schema::schema()
}

/// Writes a document in its canonical form: keys in the order of the reference, short things on one
/// line, comments kept. Mistakes of the model are left as they are; what is no YAML or JSON at all
/// is refused.
pub fn format(text: &str, syntax: Syntax) -> Result<String, Vec<Diagnostic>> {
    match syntax {
        Syntax::Yaml => to_yaml(text, Syntax::Yaml),
        Syntax::Json => to_json(text, Syntax::Json),
    }
}

/// The document as canonical YAML.
pub fn to_yaml(text: &str, syntax: Syntax) -> Result<String, Vec<Diagnostic>> {
    // YAML knows three ends of a line; from here on there is one.
    let text = &text.replace("\r\n", "\n").replace('\r', "\n");
    let root = well_formed(text, syntax)?;
    let margins = match syntax {
        Syntax::Yaml => comments::margins(text),
        Syntax::Json => comments::Margins::none(),
    };
    Ok(format::write(&root, &grammar::MODEL, &margins, text))
}

/// The document as JSON with the keys in the canonical order. Comments are lost: JSON has none.
pub fn to_json(text: &str, syntax: Syntax) -> Result<String, Vec<Diagnostic>> {
    let root = well_formed(text, syntax)?;
    Ok(convert::to_json(&root, &grammar::MODEL))
}

fn well_formed(text: &str, syntax: Syntax) -> Result<Node, Vec<Diagnostic>> {
    match parse(text, syntax) {
        (Some(root), diagnostics) if diagnostics.is_empty() => Ok(root),
        (_, diagnostics) => Err(in_order(diagnostics)),
    }
}

fn parse(text: &str, syntax: Syntax) -> (Option<Node>, Vec<Diagnostic>) {
    match syntax {
        Syntax::Yaml => yaml::parse(text),
        Syntax::Json => json::parse(text),
    }
}
