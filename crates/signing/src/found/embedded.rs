//! What BuildKit puts into an index: statements about its children, which nobody has signed.

use lockage_registry::{Content, Descriptor, Digest, Manifest, Platform, Repository, Source};
use serde::Serialize;

use super::Look;
use crate::format::{FormatError, Statement, names};
use crate::policy::Limits;
use crate::{Error, Result};

/// The annotation that says which child of the index an attestation manifest is about.
const ABOUT: &str = "vnd.docker.reference.digest";

/// A statement that lies in the index beside the image that it is about.
///
/// It has no signature of its own: whoever wrote the index wrote it. It is as authentic as the index is, so believe it where
/// the *index's* digest has been verified, and no further.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EmbeddedStatement {
    /// The child of the index that it is about.
    pub image: Digest,
    /// What that child is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The manifest that it was found in.
    pub manifest: Digest,
    /// The layer that it is.
    pub layer: Digest,
    /// What is said. Its type is what the statement itself says; the annotation beside it is not looked at.
    pub statement: Statement,
}

/// The statements that BuildKit has put into the index `digest`: its provenance and SBOMs; those about images for `platform`
/// only, where one is given. None for what is no index.
///
/// Everything is read by digest from the index on: one GET for the index, one for each attestation manifest, and one for each
/// statement.
///
/// # Errors
/// Whatever could not be read; [`Error::Format`] for a statement that is malformed or about something else than the child
/// that the index says; [`Error::TooMuch`] above the limits.
pub async fn embedded_statements(
    source: &dyn Source,
    repo: &Repository,
    digest: &Digest,
    platform: Option<&Platform>,
    limits: &Limits,
) -> Result<Vec<EmbeddedStatement>> {
    let look = Look::new(source, repo, limits);
    let index = look.manifest(digest).await?.view()?;
    let mut found = Vec::new();
    let wanted = index.children().into_iter().filter(|child| child.is_attestation());
    for (nth, entry) in wanted.enumerate() {
        if nth >= limits.children {
            return Err(too_much(&look, digest, "attestation manifests", limits.children));
        }
        let image = about(&look, &index, entry)?;
        let is_wanted = |wanted: &Platform| image.platform.as_ref().is_some_and(|offered| wanted.accepts(offered));
        if !platform.is_none_or(is_wanted) {
            continue;
        }
        for layer in statements(&look.manifest(&entry.digest).await?.view()?) {
            if found.len() >= limits.candidates {
                return Err(too_much(&look, digest, "statements", limits.candidates));
            }
            found.push(EmbeddedStatement {
                image: image.digest.clone(),
                platform: image.platform.clone(),
                manifest: entry.digest.clone(),
                layer: layer.digest.clone(),
                statement: read(&look, &layer, &image.digest).await?,
            });
        }
    }
    Ok(found)
}

/// The layers of an attestation manifest that are statements.
pub(crate) fn statements(manifest: &Manifest) -> Vec<Descriptor> {
    match &manifest.content {
        Content::Image { layers, .. } => {
            layers.iter().filter(|layer| layer.media_type == names::IN_TOTO).cloned().collect()
        }
        _ => Vec::new(),
    }
}

async fn read(look: &Look<'_>, layer: &Descriptor, image: &Digest) -> Result<Statement> {
    let place = look.place(&layer.digest);
    let document = look.document(layer, 1).await?;
    let statement = Statement::parse(&document).map_err(|source| Error::Format { place: place.clone(), source })?;
    match statement.about(image) {
        Some(_) => Ok(statement),
        None => Err(Error::Format { place, source: FormatError::new("statement", format!("it is not about {image}")) }),
    }
}

/// The child that an entry is about, which has to be in the index, too.
fn about<'i>(look: &Look<'_>, index: &'i Manifest, entry: &Descriptor) -> Result<&'i Descriptor> {
    let said = entry.annotations.get(ABOUT).map(String::as_str).unwrap_or_default();
    let child = index.children().into_iter().find(|child| child.digest.as_str() == said && !child.is_attestation());
    child.ok_or_else(|| Error::Format {
        place: look.place(&entry.digest),
        source: FormatError::new(
            "attestation manifest",
            format!("it is about {said:?}, which the index does not have"),
        ),
    })
}

fn too_much(look: &Look<'_>, digest: &Digest, what: &str, limit: usize) -> Error {
    Error::TooMuch {
        place: look.place(digest),
        what: format!("more {what} than are read"),
        limit: u64::try_from(limit).unwrap_or(u64::MAX),
    }
}
