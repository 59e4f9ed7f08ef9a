//! The program with an environment of its own.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The commit of every build here.
pub(crate) const SHA: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

pub(crate) struct Run {
    command: Command,
}

pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    pub(crate) fn first_error(&self) -> &str {
        self.err.lines().next().unwrap_or_default()
    }
}

impl Run {
    /// None of the variables of the CI system that runs the tests reaches the program.
    pub(crate) fn new() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("GIT_CONFIG_GLOBAL", "/dev/null");
        Self { command }
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn variables<'v>(mut self, variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        self.command.envs(variables);
        self
    }

    pub(crate) fn run(self, arguments: &[&str]) -> Done {
        self.run_with(arguments, String::new())
    }

    pub(crate) fn run_with(mut self, arguments: &[&str], input: String) -> Done {
        let mut child = self
            .command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The program answers while it reads, and may stop reading.
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Done {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
