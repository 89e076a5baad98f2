//! What is suspicious about a document: a typing mistake scores zero for everyone, in silence.

use scoring::Needs;
use scoring::document::{Diagnostic, Severity};

use crate::Live;
use crate::models::{ModelProblem, read};

/// The number of the warning of a name that nobody has.
const NOBODY_HAS_IT: &str = "W009";

/// How like a name must be to be what was meant, from 0 to 1.
const LIKE: f64 = 0.7;

impl Live {
    /// What is suspicious about a document by itself, and the traits and events that it looks at
    /// although nobody has them.
    pub fn warnings(&self, document: &str) -> Result<Vec<Diagnostic>, ModelProblem> {
        let (model, mut warnings) = read(document)?;
        let vocabulary = self.vocabulary()?;
        // Of what is not kept nothing can be said, nor where there is nobody yet.
        if vocabulary.is_cut || (vocabulary.traits.is_empty() && vocabulary.events.is_empty()) {
            return Ok(warnings);
        }
        let needs = Needs::of([&model]);
        let traits: Vec<&str> = vocabulary.traits.iter().map(|word| word.path.as_str()).collect();
        let events: Vec<&str> = vocabulary.events.iter().map(|word| word.name.as_str()).collect();
        for path in needs.traits.iter().filter(|path| !traits.contains(&path.as_str())) {
            let message = format!("the model looks at the trait `{path}`, but no lead has it");
            warnings.extend(warning(document, path, message, nearest(path, &traits)));
        }
        let unknown = needs.events.iter().map(|(name, _)| name);
        for name in unknown.filter(|name| !events.contains(&name.as_str())) {
            let message = format!("no event is called `{name}`");
            warnings.extend(warning(document, name, message, nearest(name, &events)));
        }
        Ok(warnings)
    }
}

/// A warning at the first place that has the name. What the document does not say, but every model looks at,
/// is nobody's mistake.
fn warning(
    document: &str,
    text: &str,
    message: String,
    nearest: Option<&str>,
) -> Option<Diagnostic> {
    let (line, column) = document.lines().enumerate().find_map(|(line, words)| {
        let byte = words.find(text)?;
        Some((line + 1, words[..byte].chars().count() + 1))
    })?;
    Some(Diagnostic {
        severity: Severity::Warning,
        code: NOBODY_HAS_IT,
        line,
        column,
        text: text.to_owned(),
        message,
        remedy: nearest.map(|nearest| format!("did you mean `{nearest}`?")),
    })
}

fn nearest<'n>(wanted: &str, names: &[&'n str]) -> Option<&'n str> {
    let plain = wanted.to_lowercase();
    let likeness =
        |name: &str| strsim::normalized_damerau_levenshtein(&plain, &name.to_lowercase());
    let likely = names.iter().map(|name| (likeness(name), *name));
    likely
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}
