//! `lockage retain check`: a policy on its own.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use lockage_policy::retain::{Weakened, weakened};
use serde_json::json;

use super::policy;
use crate::report::{Failure, say, say_json};

/// Exits with 2 where the policy makes no sense, and with 1 where it weakens a hold for compliance.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rules: policy::Rules,

    /// The policy that was in force before: whether a hold for compliance became weaker.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// That is meant, for the policy with this hash.
    #[arg(long, value_name = "HASH", requires = "against")]
    accept_weaker_hold: Option<String>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug)]
struct Weaker(Vec<Weakened>, String);

impl fmt::Display for Weaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "{}: with --accept-weaker-hold {} that is meant", all.join("; "), self.1)
    }
}

impl Error for Weaker {}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let made = arguments.rules.read()?;
    let (lints, hash) = (made.policy.lint(), made.digest().to_string());
    let weaker = match &arguments.against {
        Some(file) => weakened(&policy::own(file)?, &made.policy),
        None => Vec::new(),
    };
    if arguments.json {
        say_json(&json!({ "policy": hash, "lints": lints, "weakened": weaker }))?;
    } else {
        say(format_args!("policy {hash}"))?;
        lints.iter().try_for_each(|lint| say(format_args!("warning: {lint}")))?;
    }
    if weaker.is_empty() || arguments.accept_weaker_hold.as_ref() == Some(&hash) {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::refused(&Weaker(weaker, hash)))
}
