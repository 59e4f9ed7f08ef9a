//! What a pod or a workload runs: the images of its containers, as digests and as tags.

use lockage_registry::{Digest, Reference};
use serde_json::Value;

use crate::retain::Running;

/// The lists of containers in the spec of a pod.
const SPECIFIED: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
/// What becomes of them in its status.
const STATUSES: [&str; 3] = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];

/// Every image that the spec of a pod names, as it is written: `app:1`, `app@sha256:…`.
///
/// # Errors
/// What is missing or no list, in words: an image that cannot be read is one that nobody protects.
pub(super) fn specified(spec: &Value) -> Result<Vec<Running>, String> {
    let mut images = Vec::new();
    for (list, required) in SPECIFIED.iter().zip([false, true, false]) {
        for container in items(spec, list, required)? {
            // A template may leave the image to what will fill it in.
            match container.get("image").and_then(Value::as_str).filter(|image| !image.is_empty()) {
                Some(image) => images.push(named(image)?),
                None => return Err(format!("a container of its {list} has no image")),
            }
        }
    }
    // What is mounted as a volume is pulled as images are.
    for volume in items(spec, "volumes", false)? {
        if let Some(image) =
            volume.pointer("/image/reference").and_then(Value::as_str).filter(|image| !image.is_empty())
        {
            images.push(named(image)?);
        }
    }
    Ok(images)
}

/// Every image that the status of a pod says it runs, by its digest.
///
/// # Errors
/// As above.
pub(super) fn running(status: &Value) -> Result<Vec<Running>, String> {
    let mut images = Vec::new();
    for list in STATUSES {
        for container in items(status, list, false)? {
            let id = container.get("imageID").and_then(Value::as_str);
            let id = id.ok_or_else(|| format!("a container of its {list} has no imageID"))?;
            images.extend(by_id(id)?);
        }
    }
    Ok(images)
}

fn items<'a>(of: &'a Value, list: &str, required: bool) -> Result<&'a [Value], String> {
    match of.get(list) {
        None | Some(Value::Null) if !required => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        _ => Err(format!("its {list} is no list")),
    }
}

/// The digest of `docker-pullable://repo@sha256:…`, `repo@sha256:…` and `docker://repo@sha256:…`. A container that waits has none
/// yet. A bare digest, `docker://sha256:…` or `sha256:…`, is that of the image's config, of an image that its node has from
/// elsewhere than a registry; where a registry has one of the same digest, it is protected, too.
fn by_id(id: &str) -> Result<Option<Running>, String> {
    if id.is_empty() {
        return Ok(None);
    }
    let text = id.rsplit_once("://").map_or(id, |(_, rest)| rest);
    let text = text.rsplit_once('@').map_or(text, |(_, digest)| digest);
    let digest: Digest = text.parse().map_err(|error| format!("its imageID {id:?} has no digest: {error}"))?;
    Ok(Some(Running::Digest(digest)))
}

/// An image as a spec names it: its digest where it has one, its tag otherwise.
fn named(image: &str) -> Result<Running, String> {
    let reference: Reference = image.parse().map_err(|error| format!("its image {image:?} is none: {error}"))?;
    Ok(match reference.digest() {
        Some(digest) => Running::Digest(digest.clone()),
        None => {
            let tag = reference.tag().map_or_else(|| "latest".to_owned(), ToString::to_string);
            Running::Tag(format!("{}:{tag}", reference.repository()))
        }
    })
}
