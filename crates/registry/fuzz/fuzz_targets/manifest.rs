//! Manifests: the bytes stay as they are; a view is all or nothing, the same each time, and names each thing once.

#![no_main]

use std::collections::BTreeSet;

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use lockage_registry::{
    Algorithm, Content, Descriptor, Memory, RawManifest, Repository, Source as _, TagOrDigest, Target as _, digest_of,
    media_type,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let sniffed = RawManifest::sniff_media_type(bytes);
    let media_type = match media_type::MANIFESTS.get(usize::from(choice) % (media_type::MANIFESTS.len() + 1)) {
        Some(known) => (*known).to_owned(),
        None => sniffed.as_ref().map_or("application/x", String::as_str).to_owned(),
    };
    let Ok(raw) = RawManifest::new(media_type, bytes.to_vec().into()) else {
        // A type that no header can carry, which only the bytes themselves can claim.
        assert!(
            sniffed.is_ok_and(|claimed| claimed.is_empty() || claimed.bytes().any(|b| !(b' '..=b'~').contains(&b)))
        );
        return;
    };
    let digest = digest_of(Algorithm::Sha256, bytes).unwrap();
    assert_eq!((raw.digest(), raw.descriptor().size), (&digest, bytes.len() as u64));
    let view = raw.view();
    assert_eq!(&raw.bytes()[..], bytes);
    store(&raw, &view);
    let view = match view {
        Ok(view) => view,
        Err(refused) => {
            let said = refused.to_string();
            assert!(!said.contains('\n') && said.len() < 2000, "{said}");
            return;
        }
    };
    assert_eq!(raw.view().unwrap(), view);
    assert!(bytes.trim_ascii_start().starts_with(b"{"), "no object is no manifest");
    let (children, blobs) = (view.children(), view.blobs());
    match &view.content {
        Content::Index { manifests } => {
            assert_eq!(children.len() + blobs.len(), manifests.len());
            let told: Vec<&Descriptor> = manifests.iter().collect();
            assert!(children.iter().chain(&blobs).all(|entry| told.iter().any(|told| std::ptr::eq(*told, *entry))));
        }
        Content::Image { config, layers } => {
            assert!(children.is_empty() && blobs.first() == Some(&&**config));
            let left_out = layers.iter().filter(|layer| media_type::is_nondistributable(&layer.media_type)).count();
            assert_eq!(blobs.len() + left_out, layers.len() + 1);
        }
        Content::Artifact { blobs: told } => assert!(children.is_empty() && blobs.len() == told.len()),
        _ => {}
    }
    // What is read without a type is read as one kind only, whoever reads it.
    if view.media_type.is_none() {
        let alone = RawManifest::new(sniffed.unwrap(), raw.bytes().clone()).unwrap().view().unwrap();
        assert_eq!(alone, view);
    }
});

/// A backend takes it if and only if it can be read, gives back the same bytes, and lists it under its subject.
fn store(raw: &RawManifest, view: &lockage_registry::Result<lockage_registry::Manifest>) {
    let repo: Repository = "registry.test/a".parse().unwrap();
    let memory = Memory::new("registry.test".parse().unwrap());
    let at: TagOrDigest = "v1".parse::<lockage_registry::Tag>().unwrap().into();
    let strict = block_on(memory.put_manifest(&repo, raw, &at));
    let Ok(view) = view else {
        assert!(strict.is_err());
        return;
    };
    let needed: BTreeSet<_> = view.children().into_iter().chain(view.blobs()).map(|entry| &entry.digest).collect();
    assert_eq!(strict.is_ok(), needed.is_empty());
    let memory = memory.sparse();
    block_on(memory.put_manifest(&repo, raw, &at)).unwrap();
    assert_eq!(block_on(memory.manifest(&repo, &at)).unwrap(), *raw);
    if let Some(subject) = &view.subject {
        let listed = block_on(memory.referrers(&repo, &subject.digest, None)).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].digest, *raw.digest());
    }
}

// What it begins with, a line each (the escapes are those of printf).
//~ \x00{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"platform":{"os":"linux","architecture":"arm64"}}]}
//~ \x01{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"urls":["https://a"]}],"subject":{"mediaType":"x","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"annotations":{"a":"b"}}
//~ \x07{"schemaVersion":2,"manifests":[]}
//~ \x04{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":null}
//~ \x06{"schemaVersion":1,"fsLayers":[]}
//~ \x07[2,null,null,null,null,[],null,null,null,null]
