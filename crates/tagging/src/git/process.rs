//! The git program as a process: no shell, no prompt, no pager, and an end after a time.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::failure;
use super::{GitError, WorkTree};

/// No answer is longer: a repository with a hundred thousand references stays below it.
const LONGEST: u64 = 16 * 1024 * 1024;

/// How long to sleep between two looks at the process.
const TICK: Duration = Duration::from_millis(2);

/// Settings that change what git prints, and would change the answers.
const PLAIN: [&str; 8] = [
    "-c",
    "color.ui=never",
    "-c",
    "column.ui=never",
    "-c",
    "log.showSignature=false",
    "--no-pager",
    "--no-optional-locks",
];

/// The `git` program, asked about one directory.
///
/// Each question starts one process, which only reads. It has thirty seconds, unless [`limit`](Self::limit) says
/// otherwise; then it is killed.
#[derive(Clone, Debug)]
pub struct GitProcess {
    program: PathBuf,
    directory: PathBuf,
    limit: Duration,
}

impl GitProcess {
    /// Asks the `git` of the search path about the checkout that `directory` is in.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { program: PathBuf::from("git"), directory: directory.into(), limit: Duration::from_secs(30) }
    }

    /// Asks this program rather than `git`.
    #[must_use]
    pub fn program(self, program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..self }
    }

    /// How long one question may take.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// What git prints when it is started with `arguments`, without the line end.
    ///
    /// # Errors
    ///
    /// When git cannot be started, fails, takes too long, or prints something that is not text.
    pub fn ask(&self, arguments: &[&str]) -> Result<String, GitError> {
        let question = arguments.join(" ");
        let mut child = self.start(arguments)?;
        let (out, err) = (child.stdout.take().map(read_all), child.stderr.take().map(read_all));
        let deadline = Instant::now() + self.limit;

        let status = match self.wait(&mut child, deadline) {
            Ok(Some(status)) => status,
            outcome => {
                // Whether it can still be killed is of no consequence: nobody waits for it any more.
                let _ = child.kill();
                let _ = child.wait();
                return Err(match outcome {
                    Err(reason) => self.unusable(&reason),
                    Ok(_) => GitError::TimedOut { question, limit: self.limit },
                });
            }
        };
        let late = || GitError::TimedOut { question: question.clone(), limit: self.limit };
        let out = self.received(out, deadline, late)?;
        let err = self.received(err, deadline, late)?;
        if !status.success() {
            return Err(failure(&self.directory, question, status.code(), &String::from_utf8_lossy(&err)));
        }
        if out.len() as u64 > LONGEST {
            return Err(GitError::Unreadable { question, problem: "is too long" });
        }
        let text = String::from_utf8(out).map_err(|_| GitError::Unreadable { question, problem: "is not UTF-8" })?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn start(&self, arguments: &[&str]) -> Result<Child, GitError> {
        let started = Command::new(&self.program)
            .arg("-C")
            .arg(&self.directory)
            .args(PLAIN)
            .args(arguments)
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        started.map_err(|error| match error.kind() {
            ErrorKind::NotFound => GitError::NotInstalled { program: self.program.clone() },
            _ => self.unusable(&error),
        })
    }

    /// How the process ended; `None` when it is still running at `deadline`.
    fn wait(&self, child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(TICK);
        }
    }

    /// What the process wrote. A process that it left behind can hold the pipe open beyond its end.
    fn received(
        &self,
        pipe: Option<Receiver<std::io::Result<Vec<u8>>>>,
        deadline: Instant,
        late: impl Fn() -> GitError,
    ) -> Result<Vec<u8>, GitError> {
        let pipe = pipe.ok_or_else(|| self.unusable(&ErrorKind::BrokenPipe.into()))?;
        let left = deadline.saturating_duration_since(Instant::now()).max(TICK);
        pipe.recv_timeout(left).map_err(|_| late())?.map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &std::io::Error) -> GitError {
        GitError::Unusable { program: self.program.clone(), reason: error.to_string() }
    }

    /// The lines of an answer.
    fn lines(&self, arguments: &[&str]) -> Result<Vec<String>, GitError> {
        let answer = self.ask(arguments)?;
        Ok(answer.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// The directory that is asked about.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Reads a pipe to its end in a thread of its own, since git may fill one pipe while nobody reads the other. What goes
/// beyond the limit is not kept, only noticed.
fn read_all(pipe: impl Read + Send + 'static) -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(LONGEST + 1).read_to_end(&mut bytes).map(|_| bytes);
        // The one who asked may have given up.
        let _ = sender.send(read);
    });
    receiver
}

impl WorkTree for GitProcess {
    fn head(&self) -> Result<String, GitError> {
        self.ask(&["rev-parse", "--verify", "HEAD"])
    }

    fn branch(&self) -> Result<Option<String>, GitError> {
        Ok(Some(self.ask(&["branch", "--show-current"])?).filter(|branch| !branch.is_empty()))
    }

    fn symbolic_ref(&self) -> Result<String, GitError> {
        self.ask(&["symbolic-ref", "HEAD"])
    }

    fn decoration(&self) -> Result<String, GitError> {
        self.ask(&["show", "-s", "--pretty=%D", "HEAD"])
    }

    fn references_containing_head(&self, scope: &str) -> Result<Vec<String>, GitError> {
        self.lines(&["for-each-ref", "--format=%(refname)", "--contains", "HEAD", "--sort=-committerdate", scope])
    }

    fn tags_containing_head(&self) -> Result<Vec<String>, GitError> {
        self.lines(&["tag", "--contains", "HEAD"])
    }

    fn tags_at_head(&self) -> Result<Vec<String>, GitError> {
        self.lines(&["for-each-ref", "--format=%(refname)", "--points-at", "HEAD", "refs/tags/"])
    }

    fn commit_date(&self, commit: &str) -> Result<String, GitError> {
        self.ask(&["show", "-s", "--format=%ci", "--end-of-options", commit])
    }

    fn describe(&self) -> Result<Option<String>, GitError> {
        match self.ask(&["describe", "--tags", "--long", "HEAD"]) {
            Ok(text) => Ok(Some(text)),
            Err(GitError::Failed { reason, .. })
                if reason.contains("No names found") || reason.contains("No tags can describe") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn is_shallow(&self) -> Result<bool, GitError> {
        let question = ["rev-parse", "--is-shallow-repository"];
        match self.ask(&question)?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(GitError::Unreadable { question: question.join(" "), problem: "is neither true nor false" }),
        }
    }
}
