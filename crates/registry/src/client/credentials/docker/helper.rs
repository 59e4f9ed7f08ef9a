//! `Helper`: asks a `docker-credential-*` program (docker-credential-helpers, "Development").

use std::ffi::OsStr;
use std::io::{Error as IoError, ErrorKind as IoErrorKind};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::Credentials;
use crate::{Error, ErrorKind, Result};

/// The longest answer that is read (64 KiB); a login is a few hundred bytes, or a few thousand with a token.
const LIMIT: u64 = 64 * 1024;
/// What helpers say where they have nothing; the exit code is that of every failure.
const NOT_FOUND: &str = "credentials not found";
/// How much of a helper's complaint is repeated, in characters.
const COMPLAINT: usize = 200;

/// One helper program.
pub(super) struct Helper {
    program: String,
    origin: String,
    timeout: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Helper {
    pub(super) fn new(name: &str, origin: String, timeout: Duration) -> Self {
        Self { program: format!("docker-credential-{name}"), origin, timeout }
    }

    /// The login for `server`, or `None` where the helper says that it has none.
    pub(super) async fn get(&self, server: &str, path: Option<&OsStr>) -> Result<Option<Credentials>> {
        // A name with a slash would be a path, and run whatever the file says.
        if self.program.contains(['/', '\\']) {
            return Err(self.error(server).with_message("a helper's name is no path"));
        }
        let Some(program) = path.and_then(|path| find(path, &self.program)) else {
            return Err(self.error(server).with_message("there is no such program on the PATH"));
        };
        let asked = tokio::time::timeout(self.timeout, ask(&program, server, path)).await;
        let (status, stdout) = asked
            .map_err(|_| self.error(server).with_message(format_args!("no answer within {:?}", self.timeout)))?
            .map_err(|e| self.error(server).with_source(e))?;
        if stdout.len() as u64 > LIMIT {
            return Err(self.error(server).with_message(format_args!("it answered more than {LIMIT} bytes")));
        }
        if !status.success() {
            let said = String::from_utf8_lossy(&stdout);
            if said.contains(NOT_FOUND) {
                return Ok(None);
            }
            return Err(self.error(server).with_message(format_args!("{status}{}", complaint(&said))));
        }
        // The parser's own message could repeat the secret.
        let answer: Answer = serde_json::from_slice(&stdout)
            .map_err(|_| self.error(server).with_message("its answer has no Username and Secret"))?;
        Ok(match answer.username.as_str() {
            // What some helpers for clouds say where they have nothing.
            "" if answer.secret.is_empty() => None,
            "<token>" => Some(Credentials::identity_token(&self.origin, answer.secret)),
            _ => Some(Credentials::password(&self.origin, answer.username, answer.secret)),
        })
    }

    fn error(&self, server: &str) -> Error {
        Error::new(ErrorKind::Credentials, "ask for credentials", format_args!("{} for {server}", self.program))
            .with_remedy(format!(
                "Check that the helper of {} works: echo {server} | {} get",
                self.origin, self.program
            ))
    }
}

/// The program's file. Only whole paths count: a relative one would be whatever lies in the current directory.
fn find(path: &OsStr, program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path).filter(|d| d.is_absolute()).map(|d| d.join(&file)).find(|candidate| candidate.is_file())
}

/// Runs it; dropped, it is killed. One byte more than [`LIMIT`] is read at most.
async fn ask(program: &PathBuf, server: &str, path: Option<&OsStr>) -> Result<(ExitStatus, Vec<u8>), IoError> {
    let mut command = Command::new(program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    path.map(|path| command.env("PATH", path));
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(server.as_bytes()).await {
            // It may answer without reading.
            Err(e) if e.kind() == IoErrorKind::BrokenPipe => {}
            written => written?,
        }
    }
    let mut answer = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LIMIT + 1).read_to_end(&mut answer).await?;
    }
    if answer.len() as u64 > LIMIT {
        child.start_kill()?;
    }
    Ok((child.wait().await?, answer))
}

/// The first line of what a failing helper printed, which is a message by custom; nothing of what looks like an answer.
fn complaint(said: &str) -> String {
    let line = said.trim().lines().next().unwrap_or_default();
    if line.is_empty() || said.contains(['{', '}']) || said.to_ascii_lowercase().contains("secret\"") {
        return String::new();
    }
    let most: String = line.chars().take(COMPLAINT).collect();
    format!(": {most}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_one_short_line_and_no_answer() {
        for (said, shown) in [
            ("", ""),
            ("exit: no keychain\nstack trace\n", ": exit: no keychain"),
            (r#"{"Username":"a","Secret":"s3cret"}"#, ""),
            ("warning\n{\"Secret\":\"s3cret\"}", ""),
        ] {
            assert_eq!(complaint(said), shown, "{said}");
        }
        assert_eq!(complaint(&"é".repeat(9999)).chars().count(), COMPLAINT + 2);
    }
}
