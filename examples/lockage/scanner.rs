//! Trivy, run by digest for a gate: `scanner = "trivy"`, or a table with its options.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use lockage_policy::gate::{Scan, Scanner};
use lockage_policy::scan::{Database, Format, read_trivy_version};
use lockage_promote::GateError;
use lockage_promote::pipeline::documents::{Parameters, TableProblem};
use lockage_registry::Reference;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// How much of what the program complains of is kept.
const COMPLAINT: usize = 2000;

/// What a document may say of it, beside its name.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Options {
    /// The program; `trivy` on the path otherwise.
    program: Option<PathBuf>,
    /// Where the database is kept; where Trivy keeps it otherwise.
    cache_dir: Option<PathBuf>,
    /// The longest that one scan may take; ten minutes otherwise.
    timeout: Option<String>,
    /// The database is there, and nothing else is fetched.
    offline: bool,
    /// The credentials for the registry of the image, in the format of docker's `config.json`.
    registry_credentials: Option<PathBuf>,
    /// Those for the registry of the database.
    database_credentials: Option<PathBuf>,
    /// What is looked for; `vuln` otherwise.
    scanners: Vec<String>,
}

/// Trivy. It hears of no ignore file, no configuration and no `TRIVY_…` variable: what it leaves out leaves no trace, and
/// is for the gate to decide.
#[derive(Debug)]
pub(crate) struct Trivy {
    program: PathBuf,
    cache_dir: Option<PathBuf>,
    timeout: Duration,
    offline: bool,
    registry_credentials: Option<PathBuf>,
    database_credentials: Option<PathBuf>,
    scanners: String,
    /// The database, fetched once and asked for its age before the first scan.
    database: OnceCell<Database>,
}

/// Why there is no report.
#[derive(Debug)]
pub(crate) enum TrivyError {
    Start { program: PathBuf, source: std::io::Error },
    Ended { doing: String, status: ExitStatus, complaint: String },
    Timeout { doing: String, after: Duration },
    TooLarge { doing: String },
    Database { source: lockage_policy::scan::ReadError },
}

impl std::fmt::Display for TrivyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start { program, .. } => write!(f, "{} cannot be run", program.display()),
            Self::Ended { doing, status, complaint } => write!(f, "{doing}: trivy ended with {status}: {complaint}"),
            Self::Timeout { doing, after } => write!(f, "{doing}: trivy did not end within {} s", after.as_secs()),
            Self::TooLarge { doing } => write!(f, "{doing}: trivy wrote more than {} bytes", Format::LARGEST),
            Self::Database { .. } => f.write_str("trivy does not say how old its database is"),
        }
    }
}

impl std::error::Error for TrivyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } => Some(source),
            Self::Database { source } => Some(source),
            _ => None,
        }
    }
}

impl Trivy {
    /// From what a document says of it; paths are taken from `folder`.
    pub(crate) fn of(folder: &Path, options: &Parameters) -> Result<Self, TableProblem> {
        let written: Options = options.read()?;
        let timeout = match &written.timeout {
            None => Duration::from_secs(600),
            Some(text) => span(text).ok_or_else(|| {
                TableProblem::parameters(format!("scanner.timeout: {text:?} is no duration such as 10m"))
            })?,
        };
        if let Some(wrong) = written.scanners.iter().find(|name| !name.bytes().all(|byte| byte.is_ascii_lowercase())) {
            return Err(TableProblem::parameters(format!("scanner.scanners: {wrong:?} is none of Trivy's")));
        }
        let beside = |file: Option<PathBuf>| file.map(|file| folder.join(file));
        Ok(Self {
            program: written.program.unwrap_or_else(|| "trivy".into()),
            cache_dir: beside(written.cache_dir),
            timeout,
            offline: written.offline,
            registry_credentials: beside(written.registry_credentials),
            database_credentials: beside(written.database_credentials),
            scanners: if written.scanners.is_empty() { "vuln".to_owned() } else { written.scanners.join(",") },
            database: OnceCell::new(),
        })
    }

    /// The credentials for the registry of the image, unless the document names others.
    pub(crate) fn with_registry_credentials(self, file: Option<PathBuf>) -> Self {
        Self { registry_credentials: self.registry_credentials.or(file), ..self }
    }

    async fn database(&self) -> Result<&Database, GateError> {
        let fetched = self.database.get_or_try_init(|| async {
            if !self.offline {
                let arguments = ["image", "--download-db-only"];
                self.run("fetch the database", &arguments, self.database_credentials.as_deref()).await?;
            }
            let said = self.run("ask for the age of the database", &["version", "--format", "json"], None).await?;
            read_trivy_version(&said).map_err(|source| GateError::from(TrivyError::Database { source }))
        });
        fetched.await
    }

    /// What the program writes, if it ends well. A zero alone says nothing: the gate reads what was written.
    async fn run(&self, doing: &str, arguments: &[&str], credentials: Option<&Path>) -> Result<Vec<u8>, GateError> {
        let room = Room::new(credentials)?;
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRIVY_") {
                command.env_remove(name);
            }
        }
        if credentials.is_some() {
            command.env("DOCKER_CONFIG", &room.0);
        }
        if let Some(folder) = &self.cache_dir {
            // The program runs elsewhere.
            command.arg("--cache-dir").arg(std::path::absolute(folder)?);
        }
        command.arg("--quiet").args(arguments).current_dir(&room.0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let start = |source| TrivyError::Start { program: self.program.clone(), source };
        let mut child = command.spawn().map_err(start)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let whole = async { tokio::try_join!(capped(stdout), capped(stderr), child.wait()) };
        let timeout = || TrivyError::Timeout { doing: doing.to_owned(), after: self.timeout };
        let (written, complaint, status) = tokio::time::timeout(self.timeout, whole).await.map_err(|_| timeout())??;
        if !status.success() {
            let complaint = last_words(&complaint);
            return Err(TrivyError::Ended { doing: doing.to_owned(), status, complaint }.into());
        }
        if written.len() > Format::LARGEST {
            return Err(TrivyError::TooLarge { doing: doing.to_owned() }.into());
        }
        Ok(written)
    }
}

#[async_trait]
impl Scanner for Trivy {
    fn name(&self) -> &str {
        "trivy"
    }

    async fn scan(&self, image: &Reference, platform: &str) -> Result<Scan, GateError> {
        // Before the scan: a database that came after it was not the one.
        let database = self.database().await?.clone();
        let image = image.to_string();
        let mut arguments = vec!["image", "--format", "json", "--exit-code", "0", "--skip-db-update"];
        arguments.extend(["--scanners", &self.scanners, "--image-src", "remote"]);
        if self.offline {
            arguments.extend(["--skip-java-db-update", "--offline-scan"]);
        }
        if !platform.starts_with("unknown") {
            arguments.extend(["--platform", platform]);
        }
        arguments.push(&image);
        let doing = format!("scan {image} {platform}");
        let report = self.run(&doing, &arguments, self.registry_credentials.as_deref()).await?;
        Ok(Scan::new(report).with_database(database))
    }
}

/// An empty folder for one run, with the credentials alone, gone afterwards.
struct Room(PathBuf);

impl Room {
    fn new(credentials: Option<&Path>) -> Result<Self, GateError> {
        let mut name = [0_u8; 8];
        getrandom::fill(&mut name).map_err(|error| format!("no randomness: {error}"))?;
        let path = std::env::temp_dir().join(format!("lockage-trivy-{:016x}", u64::from_be_bytes(name)));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        let room = Self(path);
        if let Some(file) = credentials {
            fs::copy(file, room.0.join("config.json")).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What cannot be taken away is in a folder that nobody else can read.
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn capped(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let most = u64::try_from(Format::LARGEST).unwrap_or(u64::MAX);
        pipe.take(most.saturating_add(1)).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// The end of what was said, on one line.
fn last_words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let skipped = line.chars().count().saturating_sub(COMPLAINT);
    let end: String = line.chars().skip(skipped).collect();
    if skipped > 0 { format!("…{end}") } else { end }
}

fn span(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration).ok().filter(|duration| !duration.is_zero())
}
