//! `AttestedReports`: reports that are attached to the image, and signed by somebody who is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_promote::GateError;
use lockage_promote::pipeline::approval::{Checked, Sealed, StatementVerifier};
use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, RawManifest, SourceExt as _, TagOrDigest,
};

use super::{Asked, Found, Reports};
use crate::scan::{Report, read_attested};

/// How many attachments of one manifest are looked at: whoever can push can attach as many as they like.
const MAX: usize = 500;

/// The largest attestation that is read, in bytes.
const LIMIT: u64 = 128 << 20;

/// Reports that are attested: statements with the predicate `vuln/v1` of cosign or `vulns/v0.2` of in-toto, attached to the
/// image or to one of its platforms, as referrers or under cosign's `.att` tag.
///
/// Only what the verifier says is signed by somebody it knows, and is about the manifest that it is attached to, is read.
/// `BuildKit`'s attestations within the index are signed by nobody. Of the reports of one scanner on one platform the latest
/// stands for all: yesterday's does not have to be deleted. One listing and one GET for the tag a manifest, and two GETs an
/// attestation.
#[derive(Clone, Debug)]
#[must_use]
pub struct AttestedReports {
    verifier: Arc<dyn StatementVerifier>,
}

impl AttestedReports {
    /// Believes whom `verifier` knows.
    pub fn new(verifier: impl StatementVerifier + 'static) -> Self {
        Self { verifier: Arc::new(verifier) }
    }
}

#[async_trait]
impl Reports for AttestedReports {
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError> {
        let mut found = Found::nothing();
        let platforms = asked.subject.platforms().iter().map(|platform| &platform.manifest);
        let subjects: BTreeSet<&Digest> = platforms.chain([asked.subject.digest()]).collect();
        let mut reports = Vec::new();
        for subject in subjects {
            for (place, layer) in attached(asked, subject, &mut found).await? {
                self.read(asked, subject, &place, &layer, &mut found, &mut reports).await?;
            }
        }
        for report in latest(reports) {
            found.scan(report);
        }
        Ok(found)
    }
}

impl AttestedReports {
    async fn read(
        &self,
        asked: &Asked<'_>,
        subject: &Digest,
        place: &str,
        layer: &Descriptor,
        found: &mut Found,
        reports: &mut Vec<Report>,
    ) -> Result<(), GateError> {
        if layer.size > LIMIT {
            found.passed_over(format!("{place}: it has {} bytes", layer.size));
            return Ok(());
        }
        let bytes = match asked.source.read_blob(&asked.repository, layer, LIMIT).await {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => {
                found.passed_over(format!("{place}: its content is not there"));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let (statement, by) =
            match self.verifier.verify_statement(&Sealed::new(layer.media_type.clone(), bytes)).await? {
                Checked::Signed { statement, by } => (statement, by),
                Checked::Refused { reason } => {
                    found.passed_over(format!("{place}: {reason}"));
                    return Ok(());
                }
            };
        match read_attested(&statement) {
            Ok(None) => {}
            Ok(Some(attested)) if !attested.subjects.contains(subject) => {
                found.passed_over(format!("{place}: it is about another image, signed by {}", by.identity));
            }
            Ok(Some(attested)) => {
                let platforms = asked.subject.platforms().iter().map(|platform| &platform.manifest);
                let about: Vec<_> = platforms.filter(|manifest| attested.subjects.contains(manifest)).collect();
                let mut report = attested.report;
                report.claims.name = Some(format!("{place}, signed by {}", by.identity));
                // Where it names several platforms, only the report itself can say which of them was scanned.
                reports.push(match about.as_slice() {
                    [only] => report.told_subject((*only).clone()),
                    _ => report,
                });
            }
            Err(error) => found.unreadable(&format!("{place}, signed by {}", by.identity), &error.to_string()),
        }
        Ok(())
    }
}

/// What could be an attestation of vulnerabilities on `subject`, and where it is.
async fn attached(
    asked: &Asked<'_>,
    subject: &Digest,
    found: &mut Found,
) -> Result<Vec<(String, Descriptor)>, GateError> {
    let mut layers = Vec::new();
    let mut listed = asked.source.referrers(&asked.repository, subject, None).await?;
    listed.sort_by(|one, other| one.digest.cmp(&other.digest));
    listed.dedup_by(|one, other| one.digest == other.digest);
    if listed.len() > MAX {
        let why = format!("{} manifests are attached to {subject}, and {MAX} are looked at", listed.len());
        return Err(why.into());
    }
    for entry in listed {
        let place = format!("attached {}", entry.digest.short());
        let Some(raw) = manifest(asked, &TagOrDigest::Digest(entry.digest)).await? else {
            found.passed_over(format!("{place}: it is listed, and not there"));
            continue;
        };
        // What is attached may be anything.
        let Ok(view) = raw.view() else { continue };
        if view.subject.as_ref().is_none_or(|other| other.digest != *subject) {
            continue;
        }
        let hint = view.annotations.get("dev.sigstore.bundle.predicateType").cloned();
        let inside = candidates(view.content, hint.as_deref());
        layers.extend(inside.into_iter().map(|layer| (place.clone(), layer)));
    }
    let tag = DigestTag::new(subject, DigestTagKind::Attestation).to_tag();
    if let Some(raw) = manifest(asked, &TagOrDigest::Tag(tag.clone())).await?
        && let Ok(view) = raw.view()
    {
        let inside = candidates(view.content, None);
        layers.extend(inside.into_iter().map(|layer| (format!("tag {tag}, {}", layer.digest.short()), layer)));
    }
    Ok(layers)
}

/// The layers that are sealed, and do not say that something else is in them.
fn candidates(content: Content, hint: Option<&str>) -> Vec<Descriptor> {
    let layers = match content {
        Content::Image { layers, .. } => layers,
        Content::Artifact { blobs } => blobs,
        _ => Vec::new(),
    };
    let is_one = |layer: &Descriptor| {
        let own = ["predicateType", "in-toto.io/predicate-type"].iter().find_map(|key| layer.annotations.get(*key));
        match own.map(String::as_str).or(hint) {
            Some(kind) => kind.contains("/vuln"),
            None => {
                layer.media_type.starts_with("application/vnd.dsse.envelope")
                    || layer.media_type.starts_with("application/vnd.dev.sigstore.bundle")
            }
        }
    };
    layers.into_iter().filter(is_one).collect()
}

async fn manifest(asked: &Asked<'_>, what: &TagOrDigest) -> Result<Option<RawManifest>, GateError> {
    let raw = match asked.source.manifest(&asked.repository, what).await {
        Ok(raw) => raw,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(match what {
        TagOrDigest::Digest(digest) => RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?,
        _ => raw,
    }))
}

/// Of the reports of one scanner on one platform, the latest; and those that do not say when they were made.
fn latest(reports: Vec<Report>) -> Vec<Report> {
    let key = |report: &Report| {
        (
            report.tool.name.clone(),
            report.claims.told.clone(),
            report.claims.config.clone(),
            report.claims.manifest.clone(),
        )
    };
    let mut last: BTreeMap<_, Timestamp> = BTreeMap::new();
    for report in &reports {
        if let Some(at) = report.scanned_at {
            last.entry(key(report)).and_modify(|known| *known = at.max(*known)).or_insert(at);
        }
    }
    let stands = |report: &Report| report.scanned_at.is_none_or(|at| last.get(&key(report)) == Some(&at));
    reports.into_iter().filter(stands).collect()
}
