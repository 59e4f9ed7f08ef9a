//! `FileReports`: reports that a pipeline has left in files, under names with the image's digest, platform or commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use lockage_promote::GateError;

use super::files::{Files, is_glob, matching};
use super::{Asked, Found, Reports, Told};
use crate::scan::{CheckReport, ExitCodes, Format, PlatformImage, read_trivy_version};

/// Reports in files.
///
/// A path may be a pattern (`*` within a folder, `**` across folders), and may have variables:
///
/// | variable | is | says of the report |
/// |---|---|---|
/// | `{image}` | the image's name: `payment-svc` | nothing |
/// | `{digest}` | the image's digest, as `sha256-…` | that a check was run on the image |
/// | `{platform}` | each platform, as `linux-arm64` | nothing |
/// | `{manifest}` | each platform's digest, as `sha256-…` | that the tool was run on this manifest |
/// | `{commit}` | the commit that the image was built from | that the tool was run on this commit |
///
/// A file that is not there, and a pattern that means none, are reports that cannot be read.
#[derive(Clone, Debug)]
#[must_use]
pub struct FileReports {
    files: Arc<dyn Files>,
    folder: PathBuf,
    wanted: Vec<(Pattern, Wanted)>,
}

#[derive(Clone, Debug)]
enum Wanted {
    Document(Option<Format>),
    Exit {
        tool: String,
        codes: ExitCodes,
    },
    /// What `trivy version -f json` says.
    Database,
}

/// A path that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?}: {why}")]
pub struct PatternError {
    pattern: String,
    why: String,
}

#[derive(Clone, Debug)]
struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    Image,
    Digest,
    Platform,
    Manifest,
    Commit,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Variable(Variable),
}

const VARIABLES: [(&str, Variable); 5] = [
    ("image", Variable::Image),
    ("digest", Variable::Digest),
    ("platform", Variable::Platform),
    ("manifest", Variable::Manifest),
    ("commit", Variable::Commit),
];

impl FileReports {
    /// None yet; paths are taken from `folder`.
    pub fn new(files: impl Files + 'static, folder: impl Into<PathBuf>) -> Self {
        Self { files: Arc::new(files), folder: folder.into(), wanted: Vec::new() }
    }

    /// Reports at this path.
    ///
    /// # Errors
    /// Where it has a variable that there is not.
    pub fn path(self, path: &str) -> Result<Self, PatternError> {
        self.and(path, Wanted::Document(None))
    }

    /// Reports of this format at this path.
    ///
    /// # Errors
    /// As [`path`](Self::path).
    pub fn path_of(self, path: &str, format: Format) -> Result<Self, PatternError> {
        self.and(path, Wanted::Document(Some(format)))
    }

    /// The status that a tool ended with, in digits.
    ///
    /// # Errors
    /// As [`path`](Self::path).
    pub fn exit_status(self, path: &str, tool: &str, codes: ExitCodes) -> Result<Self, PatternError> {
        self.and(path, Wanted::Exit { tool: tool.to_owned(), codes })
    }

    /// What `trivy version -f json` said before the scans.
    ///
    /// # Errors
    /// As [`path`](Self::path).
    pub fn database(self, path: &str) -> Result<Self, PatternError> {
        self.and(path, Wanted::Database)
    }

    fn and(mut self, path: &str, wanted: Wanted) -> Result<Self, PatternError> {
        let pattern = Pattern::read(path).map_err(|why| PatternError { pattern: path.to_owned(), why })?;
        self.wanted.push((pattern, wanted));
        Ok(self)
    }
}

#[async_trait]
impl Reports for FileReports {
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError> {
        let mut found = Found::nothing();
        let mut databases = Vec::new();
        for (pattern, wanted) in &self.wanted {
            for (path, told) in pattern.paths(asked)? {
                for (name, bytes) in self.read(&path, wanted)? {
                    match (wanted, bytes) {
                        (_, Err(why)) => found.unreadable(&name, &why),
                        (Wanted::Document(format), Ok(bytes)) => {
                            let told = format.map_or_else(|| told.clone(), |format| told.clone().format(format));
                            found.document(&name, &bytes, &told);
                        }
                        (Wanted::Exit { tool, codes }, Ok(bytes)) => {
                            exit(&mut found, &name, &bytes, tool, codes, &told)
                        }
                        (Wanted::Database, Ok(bytes)) => match read_trivy_version(&bytes) {
                            Ok(database) => databases.push(database),
                            Err(error) => found.unreadable(&name, &error.to_string()),
                        },
                    }
                }
            }
        }
        Ok(found.with_databases(&databases))
    }
}

type Content = (String, Result<Vec<u8>, String>);

impl FileReports {
    /// What is at a path, whose variables are filled in.
    fn read(&self, path: &str, wanted: &Wanted) -> Result<Vec<Content>, GateError> {
        let most = match wanted {
            Wanted::Document(format) => format.map_or(Format::LARGEST, Format::limit),
            Wanted::Exit { .. } => Format::ExitStatus.limit(),
            Wanted::Database => Format::Hadolint.limit(),
        };
        let one = |name: String, path: &Path| (name, self.files.read(path, most).map_err(|error| error.to_string()));
        if !is_glob(path) {
            return Ok(vec![one(path.to_owned(), &self.folder.join(path))]);
        }
        let paths = matching(&*self.files, &self.folder, path).map_err(|error| format!("{path}: {error}"))?;
        if paths.is_empty() {
            return Ok(vec![(path.to_owned(), Err("no file goes by it".to_owned()))]);
        }
        let name = |path: &Path| path.strip_prefix(&self.folder).unwrap_or(path).display().to_string();
        Ok(paths.iter().map(|path| one(name(path), path)).collect())
    }
}

fn exit(found: &mut Found, name: &str, bytes: &[u8], tool: &str, codes: &ExitCodes, told: &Told) {
    let code = std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
    let Some(code) = code else { return found.unreadable(name, "an exit status in digits is expected") };
    let report = CheckReport::of_exit(tool, Some(code), codes);
    found.told_check(report, told);
}

impl Pattern {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("it has a brace without its other")?;
            let known = VARIABLES.iter().find(|(known, _)| *known == name).map(|(_, variable)| *variable);
            let known = known.ok_or_else(|| {
                let names: Vec<_> = VARIABLES.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                format!("there is no {{{name}}}; there are {}", names.join(", "))
            })?;
            pieces.extend([Piece::Text(before.to_owned()), Piece::Variable(known)]);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    fn has(&self, variable: Variable) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Variable(own) if *own == variable))
    }

    /// One path, or one a platform; and what it says of the reports there.
    fn paths(&self, asked: &Asked<'_>) -> Result<BTreeMap<String, Told>, GateError> {
        let mut paths = BTreeMap::new();
        if self.has(Variable::Platform) || self.has(Variable::Manifest) {
            for platform in asked.subject.platforms() {
                paths.insert(self.path(asked, Some(platform))?, self.told(asked, Some(platform)));
            }
        } else {
            paths.insert(self.path(asked, None)?, self.told(asked, None));
        }
        Ok(paths)
    }

    fn path(&self, asked: &Asked<'_>, platform: Option<&PlatformImage>) -> Result<String, GateError> {
        let mut path = String::new();
        for piece in &self.0 {
            let value = match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(Variable::Image) => {
                    asked.image.as_ref().ok_or("{image} is known along an edge alone")?.to_string()
                }
                Piece::Variable(Variable::Digest) => plain(asked.subject.digest().as_str()),
                Piece::Variable(Variable::Platform) => plain(&platform.ok_or("there is no platform")?.platform),
                Piece::Variable(Variable::Manifest) => plain(platform.ok_or("there is no platform")?.manifest.as_str()),
                Piece::Variable(Variable::Commit) => {
                    plain(asked.commit.as_deref().ok_or("{commit}: nobody says what the image was built from")?)
                }
            };
            path += &value;
        }
        Ok(path)
    }

    fn told(&self, asked: &Asked<'_>, platform: Option<&PlatformImage>) -> Told {
        let mut told = Told::nothing();
        if let (true, Some(platform)) = (self.has(Variable::Manifest), platform) {
            told = told.manifest(platform.manifest.clone());
        }
        if self.has(Variable::Digest) {
            told = told.image(asked.subject.digest().clone());
        }
        match &asked.commit {
            Some(commit) if self.has(Variable::Commit) => told.commit(commit),
            _ => told,
        }
    }
}

/// A value that is one piece of a path, whatever an image says of itself: no folder, no pattern.
fn plain(value: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain: String = value.chars().map(|c| if legal(c) { c } else { '-' }).collect();
    plain.replace("..", "-")
}
