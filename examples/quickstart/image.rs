//! The build: a real image, small enough to make here. Two platforms, and beside each a provenance attestation, kept in
//! the index the way BuildKit keeps it.

use lockage_registry::{
    Algorithm, Body, Descriptor, Error, Platform, RawManifest, Repository, Tag, TagOrDigest, Target, TargetExt as _,
    digest_of, media_type, referrers,
};
use serde_json::{Value, json};

/// Some hundred kilobytes that differ for each platform.
const PROGRAM_BYTES: usize = 400_000;

const SPDX: &str = "application/spdx+json";

/// An image with everything that it points at.
pub(crate) struct Image {
    /// Children first, the index last.
    manifests: Vec<RawManifest>,
    blobs: Vec<(Descriptor, Vec<u8>)>,
}

/// Builds the image of one commit.
pub(crate) fn build(commit: &str, platforms: &[Platform]) -> Result<Image, Error> {
    let mut image = Image { manifests: Vec::new(), blobs: Vec::new() };
    let mut entries = Vec::new();
    for platform in platforms {
        let program: Vec<u8> = platform
            .to_string()
            .bytes()
            .cycle()
            .zip(0_u32..)
            .take(PROGRAM_BYTES)
            .map(|(b, n)| b ^ (n >> 3) as u8)
            .collect();
        let layer = image.blob(media_type::OCI_LAYER, tar("app", &program))?;
        let config = json!({
            "architecture": platform.architecture, "os": platform.os,
            "config": { "Entrypoint": ["/app"], "User": "65532", "Labels": { "org.opencontainers.image.revision": commit } },
            // An uncompressed layer has one digest for its bytes and its content.
            "rootfs": { "type": "layers", "diff_ids": [layer.digest] },
        });
        let config = image.blob(media_type::OCI_CONFIG, config.to_string().into_bytes())?;
        let mut child = image.manifest(media_type::OCI_MANIFEST, &manifest(&config, &layer))?;
        child.platform = Some(platform.clone());

        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
            "subject": [{ "name": "app", "digest": { "sha256": child.digest.hex() } }],
            "predicate": { "buildDefinition": { "buildType": "https://example.org/quickstart", "externalParameters": { "commit": commit } } },
        });
        let statement = image.blob("application/vnd.in-toto+json", statement.to_string().into_bytes())?;
        let config = json!({
            "architecture": "unknown", "os": "unknown", "config": {},
            "rootfs": { "type": "layers", "diff_ids": [statement.digest] },
        });
        let config = image.blob(media_type::OCI_CONFIG, config.to_string().into_bytes())?;
        let mut attestation = image.manifest(media_type::OCI_MANIFEST, &manifest(&config, &statement))?;
        attestation.platform = Some(Platform::new("unknown", "unknown"));
        attestation.annotations = [
            ("vnd.docker.reference.type".to_owned(), "attestation-manifest".to_owned()),
            ("vnd.docker.reference.digest".to_owned(), child.digest.to_string()),
        ]
        .into();
        entries.extend([child, attestation]);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    image.manifest(media_type::OCI_INDEX, &index)?;
    Ok(image)
}

impl Image {
    /// Stores the image under `tag`, as whatever built it would: blobs, children, and the tag last.
    pub(crate) async fn push(&self, target: &dyn Target, repo: &Repository, tag: &Tag) -> Result<(), Error> {
        for (blob, bytes) in &self.blobs {
            target.put_blob(repo, blob, Body::bytes(bytes.clone())).await?;
        }
        let tagged = self.manifests.len().saturating_sub(1);
        for (n, manifest) in self.manifests.iter().enumerate() {
            let at = if n == tagged { tag.clone().into() } else { TagOrDigest::Digest(manifest.digest().clone()) };
            target.put_manifest(repo, manifest, &at).await?;
        }
        Ok(())
    }

    /// Attaches a bill of materials to the index, found by whoever asks the registry what refers to it.
    pub(crate) async fn attach_sbom(&self, target: &dyn Target, repo: &Repository) -> Result<(), Error> {
        let Some(root) = self.root() else { return Ok(()) };
        let mut sbom = Image { manifests: Vec::new(), blobs: Vec::new() };
        let packages = json!([{ "SPDXID": "SPDXRef-app", "name": "app", "downloadLocation": "NOASSERTION" }]);
        let document = json!({ "spdxVersion": "SPDX-2.3", "name": "app", "packages": packages });
        let config = sbom.blob(media_type::OCI_EMPTY, b"{}".to_vec())?;
        let layer = sbom.blob(SPDX, document.to_string().into_bytes())?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": SPDX,
            "config": config, "layers": [layer], "subject": root.descriptor(),
        });
        for (blob, bytes) in &sbom.blobs {
            target.put_blob(repo, blob, Body::bytes(bytes.clone())).await?;
        }
        let manifest = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into())?;
        referrers::attach(target, repo, &manifest).await?;
        Ok(())
    }

    /// The index: what the tag names.
    pub(crate) fn root(&self) -> Option<&RawManifest> {
        self.manifests.last()
    }

    /// For people: what there is of it.
    pub(crate) fn summary(&self) -> String {
        let bytes: u64 = self.blobs.iter().map(|(blob, _)| blob.size).sum();
        let tenths = bytes / 100_000;
        format!("{} manifests, {} blobs, {}.{} MB", self.manifests.len(), self.blobs.len(), tenths / 10, tenths % 10)
    }

    fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Result<Descriptor, Error> {
        let blob = Descriptor::new(media_type, digest_of(Algorithm::Sha256, &bytes)?, bytes.len() as u64);
        if self.blobs.iter().all(|(known, _)| known.digest != blob.digest) {
            self.blobs.push((blob.clone(), bytes));
        }
        Ok(blob)
    }

    fn manifest(&mut self, media_type: &str, document: &Value) -> Result<Descriptor, Error> {
        let raw = RawManifest::new(media_type, document.to_string().into_bytes().into())?;
        let descriptor = raw.descriptor().clone();
        self.manifests.push(raw);
        Ok(descriptor)
    }
}

fn manifest(config: &Descriptor, layer: &Descriptor) -> Value {
    json!({ "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer] })
}

/// A tar archive of one executable file (POSIX ustar).
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    let size = format!("{:011o}", content.len());
    put(&mut header, 0, name.as_bytes());
    for (at, text) in [(100, "0000755"), (108, "0000000"), (116, "0000000"), (124, &size), (136, "00000000000")] {
        put(&mut header, at, text.as_bytes());
    }
    // The sum is taken with blanks in its own place; behind it the type of the entry, and far behind, the magic.
    put(&mut header, 148, b"        0");
    put(&mut header, 257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    let mut archive = header;
    archive.extend_from_slice(content);
    // To whole blocks, and two empty ones at the end.
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

fn put(header: &mut [u8], at: usize, text: &[u8]) {
    for (place, byte) in header.iter_mut().skip(at).zip(text) {
        *place = *byte;
    }
}
