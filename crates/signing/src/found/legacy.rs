//! cosign's older layout: the layers under the tags `.sig` and `.att`, a signature or an envelope each.

use std::collections::HashMap;

use bytes::Bytes;
use lockage_registry::{Content, Descriptor, Digest, DigestTag, DigestTagKind, RawManifest, Tag};

use super::{Found, Look, Wanted};
use crate::format::{Envelope, FormatError, SimpleSigning, decode, names};
use crate::verify::{Evidence, LegacyProof, Place, Proof, Says};

/// Layers that are one payload: it is read once, however many have signed it.
pub(super) struct SamePayload {
    tag: Tag,
    pub(super) layers: Vec<Descriptor>,
}

/// The layers under the tag of this kind, those of one payload together, in the order of the manifest.
pub(super) async fn layers(
    look: &Look<'_>,
    subject: &Digest,
    kind: DigestTagKind,
) -> Result<Vec<SamePayload>, Box<Found>> {
    let tag = DigestTag::new(subject, kind).to_tag();
    let raw = match look.tagged(&tag).await {
        Ok(Some(raw)) => raw,
        Ok(None) => return Ok(Vec::new()),
        Err(error) => return Err(Box::new(Found::error(error))),
    };
    by_payload(&raw, &tag)
}

/// The layers of a manifest that the tag holds, by payload.
pub(super) fn by_payload(raw: &RawManifest, tag: &Tag) -> Result<Vec<SamePayload>, Box<Found>> {
    let layers = layers_of(raw).map_err(|why| {
        let place = Place::Manifest { digest: raw.digest().clone() };
        Box::new(Found::malformed(place, format_args!("the tag {tag} holds {why}")))
    })?;
    let mut groups: Vec<SamePayload> = Vec::new();
    let mut known = HashMap::new();
    for layer in layers {
        let at = *known.entry((layer.digest.clone(), layer.size)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.layers.push(layer),
            None => groups.push(SamePayload { tag: tag.clone(), layers: vec![layer] }),
        }
    }
    Ok(groups)
}

fn layers_of(raw: &RawManifest) -> Result<Vec<Descriptor>, String> {
    match raw.view().map_err(|error| format!("no manifest: {error}"))?.content {
        Content::Image { layers, .. } => Ok(layers),
        _ => Err("no list of layers".to_owned()),
    }
}

/// Reads the payload, and what each layer has beside it.
pub(super) async fn read(look: &Look<'_>, same: SamePayload, wanted: Wanted) -> Found {
    let mut found = Found::default();
    let expected = match wanted {
        Wanted::Signatures => names::SIMPLE_SIGNING,
        Wanted::Attestations => names::DSSE_ENVELOPE,
    };
    let SamePayload { tag, layers } = same;
    let (layers, others): (Vec<_>, Vec<_>) = layers.into_iter().partition(|layer| layer.media_type == expected);
    let place = |layer: &Descriptor| Place::Legacy { tag: tag.clone(), layer: layer.digest.clone() };
    for layer in others {
        let why = format!("a layer of type {:?}, not {expected}", layer.media_type);
        found.add(Found::malformed(place(&layer), why));
    }
    let Some(first) = layers.first() else { return found };
    let document = match look.document(first, layers.len()).await {
        Ok(document) => document,
        Err(error) => {
            found.add(Found::error(error));
            return found;
        }
    };
    for layer in layers {
        let place = place(&layer);
        let evidence = match wanted {
            Wanted::Signatures => signature(place.clone(), &layer, &document),
            Wanted::Attestations => attestation(place.clone(), &layer, &document),
        };
        found.add(Found::read(&place, evidence));
    }
    found
}

fn signature(place: Place, layer: &Descriptor, document: &Bytes) -> Result<Evidence, FormatError> {
    let Some(signature) = layer.annotations.get(names::SIGNATURE) else {
        return Err(FormatError::new("signature", format!("the layer has no annotation {}", names::SIGNATURE)));
    };
    let signature = decode("signature", signature)?;
    let says = Says::Payload(SimpleSigning::parse(document)?);
    Ok(Evidence {
        place,
        says,
        message: document.to_vec(),
        signature,
        proof: Proof::Legacy(LegacyProof::of(&layer.annotations)),
    })
}

fn attestation(place: Place, layer: &Descriptor, document: &Bytes) -> Result<Evidence, FormatError> {
    Evidence::of_envelope(place, Envelope::parse(document)?, Proof::Legacy(LegacyProof::of(&layer.annotations)))
}
