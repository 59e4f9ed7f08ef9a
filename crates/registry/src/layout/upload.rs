//! The upload of a blob: into a file without a name, checked on the way, and then into its place.

use async_trait::async_trait;
use futures::StreamExt as _;
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::disk;
use super::read::PIECE;
use super::repository::Layout;
use crate::{Body, Descriptor, Result, Upload, verified};

#[derive(Debug)]
pub(super) struct Session {
    pub(super) layout: Layout,
    pub(super) blob: Descriptor,
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let Self { layout, blob } = *self;
        let mut stream = verified(body.open(0).await?, &blob)?;
        let uploads = layout.root().uploads();
        // From here on the file goes when `path` does, however this ends.
        let (file, path) = disk::blocking(move || disk::temporary(&uploads)).await?.into_parts();
        let failed = |e| disk::failed("write", &path, e);
        let mut writer = BufWriter::with_capacity(PIECE, tokio::fs::File::from_std(file));
        while let Some(chunk) = stream.next().await {
            writer.write_all(&chunk?).await.map_err(failed)?;
        }
        // Whatever the stream held is given back before the wait for the disk.
        drop(stream);
        writer.flush().await.map_err(failed)?;
        writer.into_inner().sync_all().await.map_err(failed)?;
        disk::blocking(move || {
            layout.prepare()?;
            layout.root().keep(path, &blob.digest, &layout.blob(&blob.digest))
        })
        .await
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
