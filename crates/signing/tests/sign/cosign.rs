//! Byte for byte what cosign 2.5 and 3.1 wrote for the same image, claims and signatures, recorded in `cosign/`.

use async_trait::async_trait;
use lockage_registry::{
    DigestTagKind, Memory, RawManifest, Repository, Source, SourceExt as _, TagOrDigest, Target, media_type,
};
use lockage_signing::sign::{Layout, Predicate, Signing};
use lockage_signing::verify::Place;
use lockage_signing::{PublicKey, Signer, SigningError, Verifier};
use serde_json::Value;

use super::shelf::{held, layers};

const IMAGE: &str = include_str!("cosign/image.json");
const PAYLOAD: &str = include_str!("cosign/payload.json");
const SIGNATURES: [&str; 2] = [include_str!("cosign/signatures-1.json"), include_str!("cosign/signatures-2.json")];
const CONFIGS: [&str; 2] = [include_str!("cosign/config-1.json"), include_str!("cosign/config-2.json")];
const KEYS: [&str; 2] = [include_str!("cosign/first.pub"), include_str!("cosign/second.pub")];
const BUNDLE: &str = include_str!("cosign/bundle.json");
const BUNDLE_MANIFEST: &str = include_str!("cosign/bundle-manifest.json");
const ATTESTATIONS: &str = include_str!("cosign/attestations.json");

/// Gives the signature that cosign made, for the bytes that cosign signed.
#[derive(Debug)]
struct Recorded {
    key: PublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

#[async_trait]
impl Verifier for Recorded {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        Ok(message == self.message && signature == self.signature)
    }
}

#[async_trait]
impl Signer for Recorded {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        assert_eq!(String::from_utf8_lossy(message), String::from_utf8_lossy(&self.message));
        Ok(self.signature.clone())
    }
}

fn base64(text: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

async fn registry() -> (Memory, Repository, RawManifest) {
    let memory = Memory::new("127.0.0.1:15777".parse().unwrap()).sparse();
    let repo = "127.0.0.1:15777/app/img".parse().unwrap();
    let image = RawManifest::new(media_type::DOCKER_MANIFEST, IMAGE.into()).unwrap();
    memory.put_manifest(&repo, &image, &TagOrDigest::Digest(image.digest().clone())).await.unwrap();
    (memory, repo, image)
}

#[tokio::test]
async fn a_signature_under_the_tag_and_a_second_one_beside_it_are_those_of_cosign_2() {
    let (memory, repo, image) = registry().await;
    for n in 0..2 {
        let recorded: Value = serde_json::from_str(SIGNATURES[n]).unwrap();
        let signer = Recorded {
            key: PublicKey::from_pem(KEYS[n]).unwrap(),
            message: PAYLOAD.into(),
            signature: base64(&recorded["layers"][n]["annotations"]["dev.cosignproject.cosign/signature"]),
        };
        let signing = Signing::with(&signer).layout(Layout::Legacy).claim("n", "1").claim("env", "prod");
        let signed = signing.sign(&memory, &repo, image.digest(), super::now()).await.unwrap();

        let manifest = held(&memory, &repo, image.digest(), DigestTagKind::Signature).await.unwrap();
        assert_eq!(String::from_utf8_lossy(manifest.bytes()), SIGNATURES[n]);
        assert_eq!(signed.marks[0].manifest, *manifest.digest());
        let view = manifest.view().unwrap();
        let blobs = [(view.blobs()[0], CONFIGS[n]), (view.blobs()[1], PAYLOAD)];
        for (blob, expected) in blobs {
            assert_eq!(memory.read_blob(&repo, blob, 4096).await.unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn a_bundle_and_its_manifest_are_those_of_cosign_3() {
    let (memory, repo, image) = registry().await;
    let recorded: Value = serde_json::from_str(BUNDLE).unwrap();
    let envelope = &recorded["dsseEnvelope"];
    let signer = Recorded {
        key: PublicKey::from_pem(KEYS[0]).unwrap(),
        message: lockage_signing::format::pae("application/vnd.in-toto+json", &base64(&envelope["payload"])),
        signature: base64(&envelope["signatures"][0]["sig"]),
    };
    let then =
        serde_json::from_str::<Value>(BUNDLE_MANIFEST).unwrap()["annotations"]["org.opencontainers.image.created"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
    let signing = Signing::with(&signer).layout(Layout::Bundle).claim("n", "1").claim("env", "prod");
    let signed = signing.sign(&memory, &repo, image.digest(), then.into()).await.unwrap();

    let Place::Bundle { manifest } = &signed.marks[0].place else { panic!("{:?}", signed.marks) };
    let manifest = memory.manifest(&repo, &TagOrDigest::Digest(manifest.clone())).await.unwrap();
    // cosign writes the artifact type into the pointer to the config too, where the specification has no use for it.
    let quirk = r#","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"},"layers""#;
    assert!(BUNDLE_MANIFEST.contains(quirk));
    assert_eq!(String::from_utf8_lossy(manifest.bytes()), BUNDLE_MANIFEST.replace(quirk, r#"},"layers""#));
    let bundle = memory.read_blob(&repo, &layers(&manifest)[0], 4096).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&bundle), BUNDLE);
}

#[tokio::test]
async fn the_manifest_of_an_attestation_is_that_of_cosign_2() {
    let (memory, repo, image) = registry().await;
    let predicate = Predicate::new("test-result".parse().unwrap(), "{}").unwrap();
    let toy = super::Toy::new(1);
    let signing = Signing::with(&toy).layout(Layout::Legacy);
    signing.attest(&memory, &repo, image.digest(), &predicate, super::now()).await.unwrap();

    let manifest = held(&memory, &repo, image.digest(), DigestTagKind::Attestation).await.unwrap();
    let recorded: Value = serde_json::from_str(ATTESTATIONS).unwrap();
    let ours: Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let mut expected = ATTESTATIONS.to_owned();
    // The envelopes differ, and with them what points at them.
    for (descriptor, field) in [("/config", "digest"), ("/layers/0", "digest"), ("/layers/0", "size")] {
        // With its name, as a size alone is now and then found in the middle of a digest.
        let member = |document: &Value| format!("\"{field}\":{}", document.pointer(descriptor).unwrap()[field]);
        expected = expected.replace(&member(&recorded), &member(&ours));
    }
    assert_eq!(String::from_utf8_lossy(manifest.bytes()), expected);
}
