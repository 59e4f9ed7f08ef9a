//! Promotes from a source of one's own, behind a gate of one's own, to a registry in memory.
mod gate;
mod source;

use std::time::SystemTime;

use lockage_promote::{ImageCopy, Promotion};
use lockage_registry::{
    Algorithm, Descriptor, Memory, RawManifest, Reference, Source as _, TagOrDigest, digest_of, media_type,
};

fn shelf(layer_type: &str) -> Result<source::Shelf, Box<dyn std::error::Error>> {
    let mut shelf = source::Shelf::default();
    let mut blob = |media_type: &str, bytes: &'static [u8]| {
        let digest = digest_of(Algorithm::Sha256, bytes)?;
        shelf.blobs.insert(digest.clone(), bytes.into());
        Ok::<_, lockage_registry::Error>(Descriptor::new(media_type, digest, bytes.len() as u64))
    };
    let (config, layer) = (blob(media_type::OCI_CONFIG, b"{}")?, blob(layer_type, b"bytes")?);
    let json = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"{}","digest":"{}","size":{}}},"layers":[{{"mediaType":"{}","digest":"{}","size":{}}}]}}"#,
        config.media_type, config.digest, config.size, layer.media_type, layer.digest, layer.size
    );
    let manifest = RawManifest::new(media_type::OCI_MANIFEST, json.into())?;
    shelf.tags.insert("v1".parse()?, manifest.digest().clone());
    shelf.manifests.insert(manifest.digest().clone(), manifest);
    Ok(shelf)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (from, to): (Reference, Reference) = ("shelf.test/app:v1".parse()?, "prod.test/app:v1".parse()?);
    for (layer_type, passes) in [(media_type::OCI_LAYER, false), (media_type::OCI_LAYER_GZIP, true)] {
        let (shelf, prod) = (shelf(layer_type)?, Memory::new("prod.test".parse()?));
        let promotion =
            Promotion::of(ImageCopy::new(&shelf, &from).to(&prod, &to).without_attachments()).gate(gate::Compressed);
        match promotion.clear(promotion.plan().await?, SystemTime::now()).await {
            Ok(cleared) => {
                let receipt = promotion.apply(cleared).await?;
                assert_eq!(prod.resolve(to.repository(), &TagOrDigest::of(&to)).await?.digest, *receipt.digest());
                assert!(passes);
                println!("{receipt}");
            }
            Err(refused) => {
                assert!(!passes && refused.to_string().contains("compressed failed"), "{refused}");
                assert!(prod.resolve(to.repository(), &TagOrDigest::of(&to)).await.is_err());
            }
        }
    }
    Ok(())
}
