//! Which files there are, and whether every one of them is good.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scoring::document::load;
use scoring::{Program, model_tests};

use super::super::test::TEST_INSTANT;
use crate::exit::{Failure, Result};
use crate::inputs::{Document, read_document, say_diagnostics};
use crate::ui::Ui;

/// A file that is a model and passes its own tests.
pub(super) struct ModelFile {
    pub(super) document: Document,
    /// The model that it names.
    pub(super) model: String,
}

/// Directories within each other that are gone into.
const DEPTH_MAX: usize = 16;

/// Reads all of them, in the order of their names. Whatever is wrong with any is said before the run ends:
/// nothing has been done by then.
pub(super) fn read(paths: &[PathBuf], ui: &Ui) -> Result<Vec<ModelFile>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            gather(path, 0, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(Failure::usage("there is no model file")
            .hint("models end in .yaml, .yml or .json; `madura new model.yaml` begins one"));
    }
    let mut files = Vec::new();
    let (mut broken, mut failed) = (Vec::new(), Vec::new());
    for path in found {
        let document = read_document(&path.to_string_lossy())?;
        let loaded = load(&document.text, document.syntax);
        let Some(model) = loaded.model else {
            say_diagnostics(&document, &loaded.diagnostics, ui);
            broken.push(document.name);
            continue;
        };
        let name = model.name.clone();
        let results = model_tests::run(&Program::new(model), TEST_INSTANT);
        let misses: Vec<_> = results.iter().filter(|result| !result.passed).collect();
        for result in &misses {
            ui.error(format_args!("{}:{}: failed: {}", document.name, result.line, result.test));
        }
        if !misses.is_empty() {
            failed.push(document.name.clone());
        }
        files.push(ModelFile { document, model: name });
    }
    if !broken.is_empty() {
        return Err(Failure::usage(format_args!("not a model: {}", broken.join(", ")))
            .hint("nothing was changed"));
    }
    refuse_two_of_one(&files)?;
    if !failed.is_empty() {
        let which = failed.join(" ");
        return Err(Failure::findings(format_args!("fails its own tests: {}", failed.join(", ")))
            .hint(format_args!(
                "nothing was changed; `madura test {which}` shows what came instead"
            )));
    }
    Ok(files)
}

/// Files of a directory and of those in it. What begins with a dot is somebody else's.
fn gather(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let cannot = |error| Failure::file(format!("cannot read {}", directory.display()), error);
    if depth > DEPTH_MAX {
        return Err(Failure::usage(format_args!(
            "{} lies more than {DEPTH_MAX} directories deep",
            directory.display()
        )));
    }
    for entry in fs::read_dir(directory).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        // A link to a directory may lead round in a circle: it is not followed.
        if entry.file_type().map_err(cannot)?.is_dir() {
            gather(&path, depth + 1, found)?;
        } else if is_model_file(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_model_file(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| ["yaml", "yml", "json"].contains(&ending.as_str()))
}

fn refuse_two_of_one(files: &[ModelFile]) -> Result<()> {
    let mut named: BTreeMap<&str, &str> = BTreeMap::new();
    for ModelFile { document, model } in files {
        if let Some(other) = named.insert(model, &document.name) {
            return Err(Failure::usage(format_args!(
                "{other} and {} are both of the model `{model}`",
                document.name
            ))
            .hint(
                "nothing was changed: keep one of them, or give the other its own `model:` name",
            ));
        }
    }
    Ok(())
}
