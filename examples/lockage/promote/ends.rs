//! How a promotion ends: exit codes.

use std::process::ExitCode;

use lockage_promote::ledger::LedgerError;
use lockage_promote::pipeline::output::Standing;
use lockage_promote::pipeline::set::SetError;
use lockage_promote::pipeline::{Canary, OrderProblem, PromoteError, ResolveError};

use serde_json::json;

use crate::report::{Failure, say_json};

pub(crate) fn code(standing: Standing) -> ExitCode {
    ExitCode::from(match standing {
        Standing::Planned | Standing::Ready | Standing::Done => 0,
        Standing::Refused => 1,
        Standing::Waiting => 4,
        // Undecided, and whatever is not known here, is no success.
        _ => 3,
    })
}

/// The same as [`failure`], and on standard output the document of a refusal, where one is asked for: whoever reads it is told
/// no less than whoever reads the exit code.
pub(crate) fn refused<T>(error: PromoteError, json: bool) -> Result<T, Failure> {
    told(failure(error), json)
}

/// The same of what is a failure already.
pub(crate) fn told<T>(failure: Failure, json: bool) -> Result<T, Failure> {
    if json && failure.is_refusal() {
        say_json(&json!({ "result": Standing::Refused, "error": failure.line() }))?;
    }
    Err(failure)
}

/// What was asked for wrongly, what is refused whoever asks, and what failed.
pub(crate) fn failure(error: PromoteError) -> Failure {
    use lockage_promote::Error;
    match error.cause() {
        PromoteError::Graph(_)
        | PromoteError::Override(_)
        | PromoteError::Edges { .. }
        | PromoteError::Set(SetError::Empty | SetError::Twice { .. } | SetError::Unknown { .. })
        | PromoteError::Order(OrderProblem::NoReason)
        | PromoteError::Ledger(
            LedgerError::TooLarge { .. }
            | LedgerError::NotBegun { .. }
            | LedgerError::NotTaken { .. }
            | LedgerError::Exported { .. }
            | LedgerError::Nobody { .. },
        )
        | PromoteError::Resolve(ResolveError::Branch { .. } | ResolveError::Version { .. }) => Failure::usage(&error),
        PromoteError::PinHeld { .. }
        | PromoteError::PinAndFloat { .. }
        | PromoteError::NotCleared(_)
        | PromoteError::Set(_)
        | PromoteError::Stopped { .. }
        | PromoteError::Order(_)
        | PromoteError::NoSuchPlatform { .. }
        | PromoteError::OtherGraph { .. }
        | PromoteError::OtherFacts { .. }
        | PromoteError::OtherTags { .. }
        | PromoteError::Copy(Error::Moved { .. } | Error::TagImmutable { .. } | Error::OtherPlan { .. })
        | PromoteError::Resolve(
            ResolveError::Ambiguous { .. }
            | ResolveError::Rebuilt { .. }
            | ResolveError::OtherCommit { .. }
            | ResolveError::BranchMoved { .. }
            | ResolveError::Incomplete { .. }
            | ResolveError::NoPlatform { .. },
        ) => Failure::refused(&error),
        // A watch that says that the image is bad has said no; one that could not look has failed.
        _ if matches!(error.canary(), Some(Canary::Failed { .. })) => Failure::refused(&error),
        _ => Failure::error(&error),
    }
}
