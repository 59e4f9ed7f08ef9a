//! `lockage board`: what runs where, on one page, for people who have a browser and nothing else.

mod gather;
#[cfg(test)]
mod hostile;
mod page;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use lockage_tagging::OneLine;

use crate::promote::Trouble;
use crate::promote::world::{Setup, World};
use crate::report::{Failure, say};

/// One HTML page without script or anything that is fetched: environments by images, with digest, version, commit, since when,
/// by whom, gates, evidence, drift, what is denied or held, and what waits at which gate. Nothing is written anywhere else, and
/// nobody is told.
///
/// Exit codes: 0 written, 2 usage or an invalid document, 3 error; also where something could not be looked at, which the page
/// says.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the page to this file, rather than to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Look only into the ledger: no drift, no evidence, no gates.
    #[arg(long)]
    ledger_only: bool,

    /// What the page is called.
    #[arg(long, value_name = "TEXT", default_value = "What runs where")]
    title: String,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::brief(&arguments.setup)?;
    let board = gather::board(&world, arguments.title, !arguments.ledger_only, SystemTime::now()).await;
    world.finish();
    let board = board?;
    let page = page::page(&board);
    match &arguments.out {
        Some(file) => {
            let unwritable = |error| {
                let trouble = Trouble::at(file, "the page cannot be written").because(error);
                Failure::error(&trouble.remedy("Name a file in a folder that is there and may be written to."))
            };
            std::fs::write(file, page).map_err(unwritable)?;
        }
        None => say(page.trim_end())?,
    }
    if arguments.out.is_some() {
        board.unread.iter().for_each(|one| eprintln!("could not be looked at: {}", OneLine(one)));
    }
    Ok(ExitCode::from(if board.is_whole() { 0 } else { 3 }))
}
