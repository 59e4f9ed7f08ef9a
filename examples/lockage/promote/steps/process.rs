//! A program that is run to its end, or to the end of its time, with whatever it has started.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

/// How much is kept of what it says, at its end.
const LINES: usize = 20;
const LINE: usize = 400;

/// How long it may take to read what is left when it has ended: whatever it has started may hold its output open.
const REST: Duration = Duration::from_millis(500);

pub(super) struct Run<'a> {
    pub(super) program: &'a str,
    pub(super) args: &'a [String],
    pub(super) directory: &'a Path,
    pub(super) variables: Vec<(String, String)>,
    pub(super) timeout: Duration,
}

/// How it ended, and the last lines of what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    how: String,
    pub(super) seconds: u64,
    pub(crate) last: Vec<String>,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)
    }
}

impl std::error::Error for Ended {}

/// Runs it in a group of its own, without an input. All that ends it otherwise than well is an error.
pub(super) async fn run(run: &Run<'_>) -> Result<Ended, Ended> {
    let begun = Instant::now();
    let mut command = Command::new(run.program);
    command.args(run.args).current_dir(run.directory).envs(run.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| Ended {
        how: format!("{} cannot be started in {}: {error}", run.program, run.directory.display()),
        seconds: 0,
        last: Vec::new(),
    })?;
    let group = Group::of(&child);
    let tail = Arc::new(Mutex::new(Tail::default()));
    let mut readers = Vec::new();
    readers.extend(child.stdout.take().map(|pipe| tokio::spawn(read(pipe, tail.clone()))));
    readers.extend(child.stderr.take().map(|pipe| tokio::spawn(read(pipe, tail.clone()))));

    let how = tokio::select! {
        ended = child.wait() => match ended {
            Ok(status) if status.success() => None,
            Ok(status) => Some(format!("{} ended with {status}", run.program)),
            Err(error) => Some(format!("{} was lost: {error}", run.program)),
        },
        () = tokio::time::sleep(run.timeout) => {
            Some(format!("{} was killed: it took longer than {} s", run.program, run.timeout.as_secs()))
        }
        signal = interrupted() => Some(format!("{} was killed: {signal}", run.program)),
    };
    if how.is_some() {
        group.kill();
        // Killed, or gone already.
        let _ = child.kill().await;
    }
    group.leave();
    let rest = async {
        for reader in &mut readers {
            let _ = reader.await;
        }
    };
    let _ = tokio::time::timeout(REST, rest).await;
    readers.iter().for_each(|reader| reader.abort());
    let last = tail.lock().unwrap_or_else(PoisonError::into_inner).lines();
    let ended = |how| Ended { how, seconds: begun.elapsed().as_secs(), last };
    match how {
        None => Ok(ended("it ended well".to_owned())),
        Some(how) => {
            let ended = ended(how);
            let said = ended.last.last().map(|line| format!(": {line}")).unwrap_or_default();
            Err(Ended { how: format!("{}{said}", ended.how), ..ended })
        }
    }
}

/// Its group, which is killed where the promotion is dropped in the middle.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    #[cfg(unix)]
    fn kill(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // A group that is gone needs no killing.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }

    /// The program alone is killed where there are no groups.
    #[cfg(not(unix))]
    fn kill(&self) {}

    /// It has ended; what it has left behind on purpose stays.
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whoever ends the pipeline ends what it has started: a group of its own hears of no Ctrl-C.
#[cfg(unix)]
async fn interrupted() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => "the promotion was interrupted",
        Some(()) = terminated.recv() => "the promotion was terminated",
        else => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn interrupted() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "the promotion was interrupted",
        Err(_) => std::future::pending().await,
    }
}

async fn read(mut pipe: impl AsyncRead + Unpin, tail: Arc<Mutex<Tail>>) {
    let mut buffer = vec![0; 8192];
    let mut line = Vec::new();
    let add = |line: &[u8]| tail.lock().unwrap_or_else(PoisonError::into_inner).add(line);
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        for byte in buffer.iter().take(count) {
            match byte {
                b'\n' => add(&std::mem::take(&mut line)),
                // More of a line than is kept is not kept.
                _ if line.len() < LINE => line.push(*byte),
                _ => {}
            }
        }
    }
    if !line.is_empty() {
        add(&line);
    }
}

/// The last lines, whatever has said them.
#[derive(Debug, Default)]
struct Tail(VecDeque<String>);

impl Tail {
    fn add(&mut self, line: &[u8]) {
        let text = plain(&String::from_utf8_lossy(line));
        if text.trim().is_empty() {
            return;
        }
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(text.trim_end().to_owned());
    }

    fn lines(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// Colours and cursors are for terminals: their sequences (ECMA-48, 5.4) and all other control characters are left out.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.as_str().starts_with('[') => {
                // Its first is the bracket, which ends nothing.
                rest.next();
                rest.find(|c| ('@'..='~').contains(c));
            }
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_for_terminals_is_left_out() {
        for (line, plain) in [
            ("\u{1b}[32mrolled out\u{1b}[0m", "rolled out"),
            ("50 %\r100 %\u{7}", "50 %100 %"),
            ("\u{1b}[", ""),
            ("a\u{1b}b", "ab"),
        ] {
            assert_eq!(super::plain(line), plain);
        }
    }
}
