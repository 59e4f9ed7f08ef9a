//! The ports that a provider leaves to the client: reading and writing.
#![allow(unused_macros, unused_imports, reason = "every provider uses it, and each is a feature")]

/// Reads and writes by the field `registry`. It needs `async_trait` and the types of the ports by their paths alone.
macro_rules! reads_and_writes {
    ($provider:ident) => {
        #[async_trait::async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<C: $crate::Source> $crate::Source for $provider<C> {
            async fn resolve(
                &self,
                repo: &$crate::Repository,
                what: &$crate::TagOrDigest,
            ) -> $crate::Result<$crate::Descriptor> {
                self.registry.resolve(repo, what).await
            }
            async fn manifest(
                &self,
                repo: &$crate::Repository,
                what: &$crate::TagOrDigest,
            ) -> $crate::Result<$crate::RawManifest> {
                self.registry.manifest(repo, what).await
            }
            async fn stat_blob(&self, repo: &$crate::Repository, blob: &$crate::Digest) -> $crate::Result<u64> {
                self.registry.stat_blob(repo, blob).await
            }
            async fn blob(
                &self,
                repo: &$crate::Repository,
                blob: &$crate::Descriptor,
                from: u64,
            ) -> $crate::Result<$crate::ByteStream> {
                self.registry.blob(repo, blob, from).await
            }
            fn tags<'a>(
                &'a self,
                repo: &'a $crate::Repository,
            ) -> futures::stream::BoxStream<'a, $crate::Result<$crate::Tag>> {
                self.registry.tags(repo)
            }
            async fn referrers(
                &self,
                repo: &$crate::Repository,
                subject: &$crate::Digest,
                artifact_type: Option<&str>,
            ) -> $crate::Result<Vec<$crate::Descriptor>> {
                self.registry.referrers(repo, subject, artifact_type).await
            }
        }

        #[async_trait::async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<C: $crate::Target> $crate::Target for $provider<C> {
            async fn put_manifest(
                &self,
                repo: &$crate::Repository,
                manifest: &$crate::RawManifest,
                at: &$crate::TagOrDigest,
            ) -> $crate::Result<$crate::Stored> {
                self.registry.put_manifest(repo, manifest, at).await
            }
            async fn open_blob(
                &self,
                repo: &$crate::Repository,
                blob: &$crate::Descriptor,
                from: Option<&$crate::Repository>,
            ) -> $crate::Result<$crate::Opened> {
                self.registry.open_blob(repo, blob, from).await
            }
        }
    };
}

pub(crate) use reads_and_writes;
