//! Referrers: the client's list, and one more look where it says that there are none.

use ::oci_client::manifest::ImageIndexEntry;
use lockage_tagging::{Digest, DigestTag, DigestTagKind, Repository};

use super::OciClient;
use super::call::call;
use crate::{Content, Descriptor, Error, ErrorKind, Platform, Result, TagOrDigest, backend};

impl OciClient {
    pub(super) async fn attached(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let operation = "list referrers";
        let what = TagOrDigest::Digest(subject.clone());
        let at = self.at(repo, &what).await;
        // The filter is applied here: a registry may ignore it, and the client drops the header that would say so.
        let index = call(operation, what.after(repo), self.client.pull_referrers(&at, artifact_type)).await?;
        let listed = if index.manifests.is_empty() {
            self.fallback(repo, subject).await?
        } else {
            let entries = index.manifests.into_iter();
            entries.map(|entry| converted(entry, repo)).collect::<Result<_>>()?
        };
        Ok(backend::listed(listed, artifact_type))
    }

    /// What the fallback tag lists.
    ///
    /// Where a registry has no referrers API the client asks for this tag, and answers "none" whatever the registry
    /// says to that: a rate limit would hide signatures. Asked here, only "not found" means that there are none.
    async fn fallback(&self, repo: &Repository, subject: &Digest) -> Result<Vec<Descriptor>> {
        let operation = "list referrers";
        let tag = TagOrDigest::Tag(DigestTag::new(subject, DigestTagKind::Referrers).to_tag());
        match self.pull(operation, repo, &tag).await {
            Ok(manifest) => match manifest.view()?.content {
                Content::Index { manifests } => Ok(manifests),
                _ => Err(Error::new(ErrorKind::Protocol, operation, tag.after(repo))
                    .with_message("the tag that lists referrers is no index")),
            },
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn converted(entry: ImageIndexEntry, repo: &Repository) -> Result<Descriptor> {
    let invalid = |why: String| Error::new(ErrorKind::Protocol, "list referrers", repo).with_message(why);
    let digest = entry.digest.parse().map_err(|e| invalid(format!("{:?} is no digest: {e}", entry.digest)))?;
    let size = u64::try_from(entry.size).map_err(|_| invalid(format!("{} bytes is no size", entry.size)))?;
    let mut descriptor = Descriptor::new(entry.media_type, digest, size);
    descriptor.annotations = entry.annotations.unwrap_or_default();
    descriptor.artifact_type = entry.artifact_type;
    descriptor.platform = entry.platform.map(|platform| {
        let mut converted = Platform::new(platform.os.to_string(), platform.architecture.to_string());
        converted.variant = platform.variant;
        converted.os_version = platform.os_version;
        converted
    });
    Ok(descriptor)
}
