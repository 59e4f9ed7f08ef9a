//! The image that reports have to be about, as its registry has it: every platform with the digest of its configuration.

use lockage_policy::scan::Subject;
use lockage_registry::{
    Content, Descriptor, Error, ErrorKind, Platform, Reference, Source, SourceExt as _, TagOrDigest,
};
use serde_json::Value;

/// The most bytes that are read of an image's configuration.
const LIMIT: u64 = 8 << 20;

/// One GET for the manifest, one for each child of an index, and one for each configuration that has to say the platform
/// itself. The tag is resolved once.
pub(super) async fn of(client: &dyn Source, image: &Reference) -> Result<Subject, Error> {
    let repository = image.repository();
    let manifest = client.manifest(repository, &TagOrDigest::of(image)).await?;
    let digest = manifest.digest().clone();
    let mut subject = Subject::new(digest.clone()).named(repository.to_string());
    let view = manifest.view()?;
    if let Content::Image { config, .. } = &view.content {
        let platform = platform(client, image, config).await?;
        return Ok(subject.platform(platform, digest, config.digest.clone()));
    }
    for child in view.children() {
        // Both marks: a platform that calls itself an attestation is one that nobody would scan.
        let unknown = child.platform.as_ref().is_none_or(|platform| platform.os == "unknown");
        if child.is_attestation() && unknown {
            subject = subject.attestation(child.digest.clone());
            continue;
        }
        let manifest = client.manifest(repository, &TagOrDigest::Digest(child.digest.clone())).await?;
        let Content::Image { config, .. } = manifest.view()?.content else {
            return Err(Error::new(ErrorKind::Unsupported, "find the platforms of", image)
                .with_message(format!("{} is in its index and no image: no scanner would see it", child.digest)));
        };
        let platform = match &child.platform {
            Some(platform) if !platform.os.is_empty() => platform.to_string(),
            _ => platform(client, image, &config).await?,
        };
        subject = subject.platform(platform, child.digest.clone(), config.digest.clone());
    }
    Ok(subject)
}

/// What the configuration says that it is for.
async fn platform(client: &dyn Source, image: &Reference, config: &Descriptor) -> Result<String, Error> {
    let bytes = client.read_blob(image.repository(), config, LIMIT).await?;
    let document: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Error::new(ErrorKind::Invalid, "read the configuration of", image).with_source(error))?;
    let text = |name: &str| document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Ok(match (text("os"), text("architecture")) {
        (Some(os), Some(architecture)) => Platform::new(os, architecture).to_string(),
        // Not a platform by name, and to be scanned all the same.
        _ => "unknown/unknown".to_owned(),
    })
}
