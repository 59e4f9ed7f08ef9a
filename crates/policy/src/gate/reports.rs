//! `Reports`: the port by which a gate comes to reports on an image, and what comes of it.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use lockage_promote::GateError;
use lockage_promote::pipeline::Name;
use lockage_registry::{Digest, Repository, Source};

use crate::scan::{CheckReport, Code, Database, Document, Format, Reason, Report, Subject, read, read_as};

/// The image that reports are asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// Its digests, and those of each platform.
    pub subject: Subject,
    /// What it is called, on its way along an edge.
    pub image: Option<Name>,
    /// The commit that it was built from, where that is known.
    pub commit: Option<String>,
    /// Where it is.
    pub repository: Repository,
    /// Reads it, and what is attached to it.
    pub source: &'a dyn Source,
}

impl<'a> Asked<'a> {
    /// An image, for reports that are asked for without a gate.
    #[must_use]
    pub fn new(subject: Subject, repository: Repository, source: &'a dyn Source) -> Self {
        Self { subject, image: None, commit: None, repository, source }
    }
}

/// Reports on an image, from wherever they are kept or made.
///
/// What it finds is not believed for being found: every report still has to be about a platform of the image by digest, of
/// today, and whole.
#[async_trait]
pub trait Reports: Debug + Send + Sync {
    /// All reports that there are.
    ///
    /// # Errors
    /// Whatever keeps it from knowing. An empty answer says that there is none; a report that is there and cannot be read
    /// is [unreadable](Found::unreadable), which is never a pass.
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError>;
}

#[async_trait]
impl<T: Reports + ?Sized> Reports for Arc<T> {
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError> {
        (**self).reports(asked).await
    }
}

/// What is known of a report beside its content, by whoever has it.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Told {
    format: Option<Format>,
    manifest: Option<Digest>,
    image: Option<Digest>,
    at: Option<Timestamp>,
    commit: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) scans: Vec<Report>,
    pub(super) checks: Vec<(CheckReport, Option<Digest>)>,
    pub(super) unreadable: Vec<Reason>,
    pub(super) passed_over: Vec<String>,
}

impl Told {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The format, where the content does not tell it: an empty list of hadolint's.
    pub fn format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    /// The manifest that the tool was run on, by this digest.
    pub fn manifest(self, digest: Digest) -> Self {
        Self { manifest: Some(digest), ..self }
    }

    /// The image that a check was run on, by this digest: of the index, or of one platform.
    pub fn image(self, digest: Digest) -> Self {
        Self { image: Some(digest), ..self }
    }

    /// When the tool was run.
    pub fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The commit that the tool was run on.
    pub fn commit(self, commit: impl Into<String>) -> Self {
        Self { commit: Some(commit.into()), ..self }
    }
}

impl Found {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Reads a document, which reasons call by `name`, and keeps what it says, or why it says nothing.
    pub fn document(&mut self, name: &str, bytes: &[u8], told: &Told) {
        let read = match told.format {
            Some(format) => read_as(format, bytes),
            None => read(bytes),
        };
        match read {
            Ok(Document::Report(report)) => {
                let mut report = *report;
                if let Some(digest) = &told.manifest {
                    report = report.told_subject(digest.clone());
                }
                if let Some(at) = told.at {
                    report = report.told_time(at);
                }
                self.scans.push(report);
            }
            Ok(Document::Checks(report)) => self.told_check(report, told),
            Ok(Document::Vex(_)) => self.unreadable(name, "it is VEX, and no report"),
            Err(error) => match error.remedy() {
                Some(remedy) => self.unreadable(name, &format!("{error}: {remedy}")),
                None => self.unreadable(name, &error.to_string()),
            },
        }
    }

    /// Keeps a report that was read already.
    pub fn scan(&mut self, report: Report) {
        self.scans.push(report);
    }

    /// Keeps a report of a linter or a test that was read already, and the digest of the image that it was run on, if it
    /// was.
    pub fn check(&mut self, report: CheckReport, image: Option<Digest>) {
        self.checks.push((report, image));
    }

    pub(super) fn told_check(&mut self, report: CheckReport, told: &Told) {
        let report = match &told.commit {
            Some(commit) => report.told_commit(commit),
            None => report,
        };
        self.checks.push((report, told.image.clone().or_else(|| told.manifest.clone())));
    }

    /// Keeps that there is a report that cannot be read: nothing passes then.
    pub fn unreadable(&mut self, name: &str, why: &str) {
        self.unreadable.push(Reason::undecided(Code::Unreadable, format!("{name}: {why}")));
    }

    /// Keeps that something was found that nobody has to believe.
    pub fn passed_over(&mut self, note: impl Into<String>) {
        self.passed_over.push(note.into());
    }

    /// Says which databases the scans were made with.
    #[must_use]
    pub fn with_databases(mut self, databases: &[Database]) -> Self {
        self.scans =
            self.scans.into_iter().map(|report| databases.iter().fold(report, Report::with_database)).collect();
        self
    }

    pub(super) fn and(&mut self, other: Self) {
        self.scans.extend(other.scans);
        self.checks.extend(other.checks);
        self.unreadable.extend(other.unreadable);
        self.passed_over.extend(other.passed_over);
    }
}

/// Reports that somebody holds.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct GivenReports {
    documents: Vec<(String, Bytes, Told)>,
    checks: Vec<(CheckReport, Option<Digest>)>,
    databases: Vec<Database>,
}

impl GivenReports {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and this document, which reasons call by `name`.
    pub fn document(self, name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        self.told(name, bytes, Told::nothing())
    }

    /// The same of which something is known beside its content.
    pub fn told(mut self, name: impl Into<String>, bytes: impl Into<Bytes>, told: Told) -> Self {
        self.documents.push((name.into(), bytes.into(), told));
        self
    }

    /// A check that was read already, such as what an [exit status](CheckReport::of_exit) means; and the digest of the
    /// image that it was run on, if it was.
    pub fn check(mut self, report: CheckReport, image: Option<Digest>) -> Self {
        self.checks.push((report, image));
        self
    }

    /// The database that a scanner had, where its reports do not say it.
    pub fn database(mut self, database: Database) -> Self {
        self.databases.push(database);
        self
    }
}

#[async_trait]
impl Reports for GivenReports {
    async fn reports(&self, _: &Asked<'_>) -> Result<Found, GateError> {
        let mut found = Found { checks: self.checks.clone(), ..Found::default() };
        for (name, bytes, told) in &self.documents {
            found.document(name, bytes, told);
        }
        Ok(found.with_databases(&self.databases))
    }
}
