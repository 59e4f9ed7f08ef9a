//! `Helper`: asks a `docker-credential-*` program (docker-credential-helpers, "Development").

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Credentials;
use crate::{Error, ErrorKind, Result};

/// How long a helper may take: it may ask a keychain, or a cloud.
const LIMIT: Duration = Duration::from_secs(30);

/// One helper program.
pub(super) struct Helper {
    program: String,
    origin: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Helper {
    pub(super) fn new(name: &str, origin: String) -> Self {
        Self { program: format!("docker-credential-{name}"), origin }
    }

    /// The login for `server`, or `None` where the helper says that it has none.
    pub(super) async fn get(&self, server: &str) -> Result<Option<Credentials>> {
        // A name with a slash would be a path, and run whatever the file says.
        if self.program.contains(['/', '\\']) {
            return Err(self.error(server).with_message("a helper's name is no path"));
        }
        let asked = tokio::time::timeout(LIMIT, self.ask(server)).await;
        let output = asked
            .map_err(|_| self.error(server).with_message(format_args!("no answer within {} s", LIMIT.as_secs())))?
            .map_err(|e| self.error(server).with_source(e))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let said = text.trim();
            if said.contains("credentials not found") {
                return Ok(None);
            }
            return Err(self.error(server).with_message(format_args!("{}: {said}", output.status)));
        }
        // The parser's own message could repeat the secret.
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| self.error(server).with_message("its answer has no Username and Secret"))?;
        Ok(Some(match answer.username.as_str() {
            "<token>" => Credentials::identity_token(&self.origin, answer.secret),
            _ => Credentials::password(&self.origin, answer.username, answer.secret),
        }))
    }

    async fn ask(&self, server: &str) -> std::io::Result<std::process::Output> {
        let mut child = Command::new(&self.program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            match stdin.write_all(server.as_bytes()).await {
                // It may answer without reading.
                Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
                written => written?,
            }
        }
        child.wait_with_output().await
    }

    fn error(&self, server: &str) -> Error {
        Error::new(ErrorKind::Credentials, "ask for credentials", format_args!("{} for {server}", self.program))
            .with_remedy(format!(
                "Check that the helper of {} works: echo {server} | {} get",
                self.origin, self.program
            ))
    }
}
