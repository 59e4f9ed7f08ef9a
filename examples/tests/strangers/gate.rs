//! A gate of one's own: every layer was compressed.
use async_trait::async_trait;
use lockage_promote::{Evidence, Gate, GateContext, GateError, Verdict};

#[derive(Debug)]
pub struct Compressed;

#[async_trait]
impl Gate for Compressed {
    fn id(&self) -> &str {
        "compressed"
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let repository = context.plan.source().repository();
        let root = context.source.manifest(repository, &context.digest().clone().into()).await?;
        let view = root.view()?;
        let layers = view.blobs().into_iter().filter(|blob| blob.media_type.contains("layer"));
        let plain: Vec<_> = layers.filter(|layer| !layer.media_type.ends_with("gzip")).collect();
        if plain.is_empty() {
            return Ok(Verdict::Pass(Evidence::new("all layers are")));
        }
        Ok(Verdict::Fail { reasons: plain.iter().map(|layer| format!("{} is not", layer.digest)).collect() })
    }
}
