//! `lockage history`: everything that the ledger says, and what of it is in force.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::{Line, history, in_force};
use serde::Serialize;
use serde::ser::{Error as _, SerializeSeq as _, Serializer};
use serde_json::{Value, json};

use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};

/// In the order that every reader of the ledger agrees on, and below it what is denied and held now.
///
/// Exit codes: 0 told, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image; else all.
    #[arg(value_name = "IMAGE", value_parser = name)]
    image: Option<Name>,

    /// The environment; else all.
    #[arg(long, value_name = "ENV", value_parser = name)]
    env: Option<Name>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    history: EachOf<'a>,
    in_force: Value,
}

/// Lines, each of which is a value in memory, as a document has it, only while it is written.
struct EachOf<'a>(&'a [Line]);

impl Serialize for EachOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lines = serializer.serialize_seq(Some(self.0.len()))?;
        for line in self.0 {
            lines.serialize_element(&serde_json::to_value(line).map_err(S::Error::custom)?)?;
        }
        lines.end()
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = match arguments.json {
        // A document has the details of what gates found, too.
        true => World::quiet(&arguments.setup)?,
        false => World::brief(&arguments.setup)?,
    };
    if let Some(environment) = &arguments.env {
        super::environments(&world.promoter, Some(environment))?;
    }
    let chronicle = world.chronicle(arguments.image.as_ref()).await.map_err(ends::failure)?;
    world.finish();
    let told = history(&chronicle, arguments.image.as_ref(), arguments.env.as_ref());
    let force = in_force(&chronicle, SystemTime::now());
    if arguments.json {
        say_json(&Document { history: EachOf(&told.lines), in_force: json!(force) })?;
    } else {
        say(told)?;
        if !(force.denials.is_empty() && force.holds.is_empty()) {
            say(force)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
