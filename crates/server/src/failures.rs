//! What the libraries below can say no with, as answers.

use live::{LiveError, ModelProblem};
use scoring::document::Diagnostic;
use store::SegmentError;
use store::accounts::AccountError;
use store::accounts::invitations::InvitationError;
use store::accounts::resets::ResetError;
use store::accounts::sessions::StartError;
use store::accounts::setup::SetupError;
use store::erase::EraseError;
use store::identity::MergeError;
use store::imports::ImportError;
use store::scores::ModelError;
use store::settings::SettingError;

use crate::problem::{Fault, Problem};

impl From<LiveError> for Problem {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Db(error) => error.into(),
            LiveError::Sealed(reason) => {
                tracing::error!(reason, "sealed facts cannot be read");
                Self::internal()
            }
            LiveError::NoLead(_) => Self::not_found("lead"),
            LiveError::NoModel(_) => Self::new(
                axum::http::StatusCode::NOT_FOUND,
                "no_model",
                format!("{error}: activate one, or name another model or instant"),
            ),
        }
    }
}

impl From<SegmentError> for Problem {
    fn from(error: SegmentError) -> Self {
        LiveError::from(error).into()
    }
}

/// Findings about a document as faults of it.
pub(crate) fn faults(diagnostics: &[Diagnostic]) -> Vec<Fault> {
    let fault = |diagnostic: &Diagnostic| Fault {
        pointer: "/document".to_owned(),
        detail: format!("{} {}", diagnostic.code, diagnostic.message),
        line: Some(diagnostic.line),
        column: Some(diagnostic.column),
        remedy: diagnostic.remedy.clone(),
    };
    diagnostics.iter().map(fault).collect()
}

impl From<ModelProblem> for Problem {
    fn from(error: ModelProblem) -> Self {
        match error {
            ModelProblem::Document(diagnostics) => {
                let detail = match diagnostics.first() {
                    Some(first) => format!(
                        "the document is no model: line {}, column {}: {}",
                        first.line, first.column, first.message
                    ),
                    None => "the document is no model".to_owned(),
                };
                Self::invalid("bad_model", detail).with_errors(faults(&diagnostics))
            }
            ModelProblem::Version(error) => error.into(),
            ModelProblem::Place(error) => Self::invalid("bad_condition", error.to_string()),
            ModelProblem::Live(error) => error.into(),
            ModelProblem::Backtest(error) => Self::invalid("no_backtest", error.to_string()),
            ModelProblem::OtherModel { .. } => Self::invalid("other_model", error.to_string()),
        }
    }
}

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Db(error) => error.into(),
            ModelError::NoModel(_) => Self::not_found("model"),
            ModelError::NoVersion { .. } => Self::not_found("version of the model"),
            ModelError::WasInUse { .. } | ModelError::ClockWentBack { .. } => {
                Self::conflict("version_state", error.to_string())
            }
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Db(error) => error.into(),
            AccountError::Unknown => Self::not_found("user"),
            AccountError::EmailTaken => Self::conflict("email_taken", error.to_string()),
            AccountError::LastOwner => Self::conflict("last_owner", error.to_string()),
        }
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::Db(error) => error.into(),
            InvitationError::Token => Self::invalid("token", error.to_string()),
            InvitationError::EmailTaken => Self::conflict("email_taken", error.to_string()),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Db(error) => error.into(),
            ResetError::Token => Self::invalid("token", error.to_string()),
        }
    }
}

impl From<SetupError> for Problem {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Db(error) => error.into(),
            SetupError::Done => Self::conflict("set_up", error.to_string()),
            SetupError::Token => Self::forbidden(error.to_string()),
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Db(error) => error.into(),
            StartError::NotAllowed => Self::unknown_caller(),
        }
    }
}

impl From<SettingError> for Problem {
    fn from(error: SettingError) -> Self {
        match error {
            SettingError::Db(error) => error.into(),
            SettingError::Changed { .. } => Self::changed(error.to_string()),
        }
    }
}

impl From<MergeError> for Problem {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Db(error) => error.into(),
            MergeError::NoLead(_) => Self::not_found("lead"),
            MergeError::NoMerge(_) => Self::not_found("merge that stands"),
            MergeError::OneAlready(..) => Self::conflict("one_already", error.to_string()),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Db(error) => error.into(),
            EraseError::NoLead(_) => Self::not_found("lead"),
            EraseError::Segments(error) => error.into(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Db(error) => error.into(),
            ImportError::Unknown => Self::not_found("import"),
            ImportError::State { .. } | ImportError::Overtaken { .. } => {
                Self::conflict("import_state", error.to_string())
            }
            ImportError::Sum { .. } => {
                tracing::error!(%error, "an import does not add up");
                Self::internal()
            }
        }
    }
}
