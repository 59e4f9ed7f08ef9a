//! `Scanner`: the port by which a scanner is run, on every platform of an image by its digest.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use lockage_promote::GateError;
use lockage_registry::Reference;

use super::{Asked, Found, Reports, Told};
use crate::scan::Database;

/// Runs a scanner.
#[async_trait]
pub trait Scanner: Debug + Send + Sync {
    /// The scanner's name, for reasons.
    fn name(&self) -> &str;

    /// Scans one manifest, which `image` names by its digest, of this platform: `linux/arm64`.
    ///
    /// # Errors
    /// Whatever keeps the scanner from looking. What it says is its report, whatever it ends with: scanners end with the
    /// same code for what they found and for what kept them from looking.
    async fn scan(&self, image: &Reference, platform: &str) -> Result<Scan, GateError>;
}

/// What a scanner says of one platform.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scan {
    /// Its report, in any format that is read.
    pub report: Bytes,
    /// The database that it had, as it was known before the scan, where the report does not say it.
    pub database: Option<Database>,
}

impl Scan {
    /// A report.
    #[must_use]
    pub fn new(report: impl Into<Bytes>) -> Self {
        Self { report: report.into(), database: None }
    }

    /// The same, made with this database.
    #[must_use]
    pub fn with_database(self, database: Database) -> Self {
        Self { database: Some(database), ..self }
    }
}

#[async_trait]
impl<T: Scanner + ?Sized> Scanner for Arc<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn scan(&self, image: &Reference, platform: &str) -> Result<Scan, GateError> {
        (**self).scan(image, platform).await
    }
}

/// Reports that are made when they are asked for: one scan a platform, one after the other, since scanners lock their
/// caches.
#[derive(Clone, Debug)]
#[must_use]
pub struct ScannedReports {
    scanner: Arc<dyn Scanner>,
}

impl ScannedReports {
    /// Runs this scanner.
    pub fn new(scanner: impl Scanner + 'static) -> Self {
        Self { scanner: Arc::new(scanner) }
    }
}

#[async_trait]
impl Reports for ScannedReports {
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError> {
        let mut all = Found::nothing();
        for platform in asked.subject.platforms() {
            let image = Reference::new(asked.repository.clone()).with_digest(platform.manifest.clone());
            let scan = self.scanner.scan(&image, &platform.platform).await?;
            let mut found = Found::nothing();
            let name = format!("{} on {image}", self.scanner.name());
            found.document(&name, &scan.report, &Told::nothing().manifest(platform.manifest.clone()));
            if !found.checks.is_empty() {
                found = Found::nothing();
                found.unreadable(&name, "it is a report of checks, and not of a scan");
            }
            let databases: Vec<_> = scan.database.into_iter().collect();
            all.and(found.with_databases(&databases));
        }
        Ok(all)
    }
}
