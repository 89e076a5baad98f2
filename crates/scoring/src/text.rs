//! How text is made ready for comparing.

/// Trimmed and case-folded by Unicode's full default folding: `" STRASSE"` and `"straße"` are one.
pub(crate) fn fold_text(text: &str) -> String {
    caseless::default_case_fold_str(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_differs_in_case_or_in_spaces_around_it_folds_alike() {
        for (one, other) in [(" Spain\n", "SPAIN"), ("STRASSE", "straße"), ("Ιησούς", "ΙΗΣΟΎΣ")]
        {
            assert_eq!(fold_text(one), fold_text(other));
        }
        assert_ne!(fold_text("resume"), fold_text("résumé"));
    }
}
