//! `lockage keygen`: a new key, in two files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_signing::verify::SignedBy;
use lockage_signing::{KeyPair, Verifier as _};
use serde_json::json;

use crate::report::{Failure, Unusable, say, say_json};
use crate::signing::password;

/// The private key is encrypted with the password in COSIGN_PASSWORD, which may be empty, or with what is piped to standard
/// input; cosign can sign with it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write PREFIX.key, which only its owner can read, and PREFIX.pub. Neither may exist.
    #[arg(long, value_name = "PREFIX", default_value = "lockage")]
    out: PathBuf,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let with = |ending: &str| {
        let mut name = arguments.out.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let (private, public) = (with(".key"), with(".pub"));
    let password = password::read(&private)?;
    let key = KeyPair::generate().map_err(|error| Failure::error(&error))?;
    let pem = key.to_encrypted_pem(&password).map_err(|error| Failure::error(&error))?;
    write(&private, &pem, &public, &key.public_key().to_pem())?;
    let signer = SignedBy::key(None, key.public_key());
    if arguments.json {
        say_json(&json!({ "private": private, "public": public, "signer": signer }))?;
    } else {
        say(format_args!("{signer}\n  private  {}\n  public   {}", private.display(), public.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Both files or none, and never over another.
fn write(private: &Path, pem: &str, public: &Path, public_pem: &str) -> Result<(), Failure> {
    let unusable = |file: &Path, error: io::Error| Failure::usage(&Unusable::of(file)(error.into()));
    let private_file = create(private, 0o600).map_err(|error| unusable(private, error))?;
    let public_file = create(public, 0o644).map_err(|error| {
        // It was made a moment ago, and is empty.
        let _ = fs::remove_file(private);
        unusable(public, error)
    })?;
    let written = fill(private_file, pem).map_err(|error| (private, error));
    written.and_then(|()| fill(public_file, public_pem).map_err(|error| (public, error))).map_err(|(file, error)| {
        // Half a key is of no use, and would be in the way of the next attempt.
        let _ = (fs::remove_file(private), fs::remove_file(public));
        unusable(file, error)
    })
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    options.open(path)
}

fn fill(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
