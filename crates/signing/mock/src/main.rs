//! `lockage-signing-mock [PORT] FOLDER`: the mock as a program, to point cosign at. It writes its files and serves until it is stopped.

use std::path::Path;
use std::process::ExitCode;

use lockage_signing_mock::Mock;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (port, folder) = match arguments.as_slice() {
        [folder] => (Some(0), folder),
        [port, folder] => (port.parse().ok(), folder),
        _ => return usage(),
    };
    let Some(port) = port else { return usage() };
    match run(port, Path::new(folder)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[allow(clippy::print_stderr, reason = "a program says why it ends")]
            {
                eprintln!("lockage-signing-mock: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(port: u16, folder: &Path) -> std::io::Result<()> {
    let mock = Mock::start_at(port).await?;
    mock.write_files(folder)?;
    std::fs::write(folder.join("url"), mock.url())?;
    #[allow(clippy::print_stdout, reason = "who started it waits for this line")]
    {
        println!("{}", mock.url());
    }
    tokio::signal::ctrl_c().await
}

#[allow(clippy::print_stderr, reason = "a program says how it is used")]
fn usage() -> ExitCode {
    eprintln!("usage: lockage-signing-mock [PORT] FOLDER");
    ExitCode::from(2)
}
