//! The model document: YAML or JSON in, a checked [`Model`] or everything that is wrong with it out.
//!
//! ```text
//! text -yaml/json-> tree -check (grammar)-> tree without slips -decode-> Model
//! ```

mod check;
mod decode;
mod diagnostic;
mod grammar;
mod json;
mod read;
mod tree;
mod yaml;

pub use diagnostic::{Diagnostic, Severity};

use crate::model::Model;
use diagnostic::{code, in_order};
use tree::{Mark, Node};

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
        model = decoded;
    }
    let refused = diagnostics.iter().any(Diagnostic::is_error);
    if model.is_none() && !refused {
        // Whatever keeps a model from being made has been reported; should that ever be untrue, a
        // sentence is better than a silent nothing.
        let at = Mark { line: 1, column: 1 };
        let message = "the document cannot be read as a model";
        diagnostics.push(Diagnostic::error(code::WRONG_TYPE, at, "", message));
    }
    Loaded { model: model.filter(|_| !refused), diagnostics: in_order(diagnostics) }
}

fn parse(text: &str, syntax: Syntax) -> (Option<Node>, Vec<Diagnostic>) {
    match syntax {
        Syntax::Yaml => yaml::parse(text),
        Syntax::Json => json::parse(text),
    }
}
