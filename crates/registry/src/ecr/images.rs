//! `Images`: the requests to the ECR API (ECR API reference, "`DescribeImages`", "`BatchDeleteImage`").

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_tagging::{Digest, Repository, Tag};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refusal::refusal;
use super::signed::signed;
use super::storage::STORE;
use super::wire::{Answer, Page, text};
use super::{Endpoint, Failure, FailureCode, ImageStatus, KeyProvider};
use crate::client::Client;
use crate::client::api::{Api, Call, Dialect, Refusal, Reply};
use crate::{Error, ErrorKind, Result};

const DESCRIBE: &str = "describe images of";
const DELETE: &str = "delete images of";

/// The most images that are described at once.
const PAGE: u32 = 1000;
/// The most images that are deleted at once.
const BATCH: usize = 100;
/// The most pages of a list that are followed.
const MOST_PAGES: usize = 10_000;

/// The API of ECR, with the keys that its requests are signed with. Clones share the limits.
#[derive(Clone)]
pub struct Images {
    api: Api,
    endpoint: Arc<Endpoint>,
    keys: Arc<dyn KeyProvider>,
}

/// What names an image: its digest, one of its tags, or both, and then only while the tag holds the digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the API has these two, and one is made by naming them")]
pub struct ImageId {
    /// The digest.
    #[serde(rename = "imageDigest", default, skip_serializing_if = "Option::is_none", with = "text")]
    pub digest: Option<Digest>,
    /// The tag.
    #[serde(rename = "imageTag", default, skip_serializing_if = "Option::is_none", with = "text")]
    pub tag: Option<Tag>,
}

/// An image, as ECR describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// Its digest.
    pub digest: Digest,
    /// All tags that it has.
    pub tags: Vec<Tag>,
    /// When it was pushed.
    pub pushed_at: Option<SystemTime>,
    /// When it was last pulled; ECR says so within a day.
    pub pulled_at: Option<SystemTime>,
    /// Its bytes, compressed, with its layers.
    pub size: Option<u64>,
    /// The media type of its manifest.
    pub media_type: Option<String>,
    /// What it is: the media type of its config, or its artifact type.
    pub artifact_type: Option<String>,
    /// What it is attached to.
    pub subject: Option<Digest>,
    /// Whether it can be pulled.
    pub status: ImageStatus,
}

/// What became of images that were to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// What is gone: where a digest was named, it with each of its tags.
    pub deleted: Vec<ImageId>,
    /// What is not.
    pub failures: Vec<Failure>,
}

impl Images {
    /// The API at this endpoint, through the pools and limits of `client`.
    ///
    /// # Errors
    /// [`ErrorKind::UrlRefused`] where the client may not reach the host.
    pub fn new(client: &Client, endpoint: Endpoint, keys: impl KeyProvider + 'static) -> Result<Self> {
        Ok(Self { api: client.api(&endpoint.host)?, endpoint: Arc::new(endpoint), keys: Arc::new(keys) })
    }

    /// All images that are not archived: one request for 1000.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is no such repository.
    pub async fn describe(&self, repo: &Repository) -> Result<Vec<Image>> {
        let (mut images, mut token, mut seen) = (Vec::new(), None::<String>, HashSet::new());
        loop {
            let mut body = json!({ "maxResults": PAGE });
            if let (Some(token), Some(fields)) = (&token, body.as_object_mut()) {
                fields.insert("nextToken".to_owned(), json!(token));
            }
            let call = self.call(DESCRIBE, repo, body);
            let page: Page = call.read(&self.send(&call).await?)?;
            for detail in page.image_details {
                images.push(detail.image(&call)?);
            }
            let Some(next) = page.next_token.filter(|token| !token.is_empty()) else { return Ok(images) };
            if !seen.insert(next.clone()) || seen.len() >= MOST_PAGES {
                return Err(call.error(ErrorKind::Protocol).with_message("the list has no end"));
            }
            token = Some(next);
        }
    }

    /// One image as it is now, archived or not: one request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    pub async fn describe_one(&self, repo: &Repository, id: &ImageId) -> Result<Image> {
        // Without a filter, ECR speaks of images alone that are active.
        let filter = json!({ "imageStatus": "ANY" });
        let call = self.call(DESCRIBE, repo, json!({ "imageIds": [id], "filter": filter }));
        let page: Page = call.read(&self.send(&call).await?)?;
        match page.image_details.into_iter().next() {
            Some(detail) => detail.image(&call),
            None => Err(call.error(ErrorKind::Protocol).with_message(format_args!("the answer says nothing of {id}"))),
        }
    }

    /// Deletes images: by a tag that alone, with the image where it is the last; by a digest the image with all its tags; by
    /// both the tag, while it holds the digest. One request for 100.
    ///
    /// What ECR did not delete is among the [`failures`](Deleted::failures), and no error here.
    ///
    /// # Errors
    /// Where a request failed as a whole. Then those before it have been carried out.
    pub async fn delete(&self, repo: &Repository, ids: &[ImageId]) -> Result<Deleted> {
        let mut all = Deleted::default();
        for batch in ids.chunks(BATCH) {
            let call = self.call(DELETE, repo, json!({ "imageIds": batch }));
            let reply = self.send(&call).await?;
            let answer: Answer = call.read(&reply)?;
            let mut done = Deleted { deleted: answer.image_ids, failures: answer.failures };
            if reply.attempts > 1 {
                done.forgive();
            }
            if let Some(id) = batch.iter().find(|id| done.failure_of(id).is_none() && !done.has(id)) {
                return Err(call
                    .error(ErrorKind::Protocol)
                    .with_message(format_args!("the answer says nothing of {id}")));
            }
            all.deleted.append(&mut done.deleted);
            all.failures.append(&mut done.failures);
        }
        Ok(all)
    }

    pub(super) async fn send(&self, call: &Call) -> Result<Reply> {
        self.api.send(call, self).await
    }

    pub(super) fn call(&self, operation: &'static str, repo: &Repository, mut body: Value) -> Call {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("repositoryName".to_owned(), json!(repo.path()));
            if let Some(account) = &self.endpoint.account {
                fields.insert("registryId".to_owned(), json!(account));
            }
        }
        let (subject, url) = (repo.to_string(), self.api.root());
        Call { operation, subject, method: Method::POST, url, body: body.to_string().into() }
    }
}

fn action(call: &Call) -> &'static str {
    match call.operation {
        DELETE => "BatchDeleteImage",
        STORE => "UpdateImageStorageClass",
        _ => "DescribeImages",
    }
}

#[async_trait]
impl Dialect for Images {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        signed(call, &self.endpoint, &self.keys.keys().await?, action(call), Timestamp::now())
    }

    fn refusal(&self, call: &Call, status: u16, _headers: &HeaderMap, body: &[u8]) -> Refusal {
        refusal(action(call), status, body)
    }
}

impl ImageId {
    /// The image of a digest.
    #[must_use]
    pub fn digest(digest: Digest) -> Self {
        Self { digest: Some(digest), tag: None }
    }

    /// A tag.
    #[must_use]
    pub fn tag(tag: Tag) -> Self {
        Self { digest: None, tag: Some(tag) }
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tag, &self.digest) {
            (Some(tag), Some(digest)) => write!(f, "{tag}@{digest}"),
            (Some(tag), None) => write!(f, "{tag}"),
            (None, Some(digest)) => write!(f, "{digest}"),
            (None, None) => f.write_str("nothing"),
        }
    }
}

impl Deleted {
    /// Why this was not deleted; `None` where it was.
    #[must_use]
    pub fn failure_of(&self, id: &ImageId) -> Option<&Failure> {
        self.failures.iter().find(|failure| failure.image_id == *id)
    }

    /// Whether this is gone.
    ///
    /// # Errors
    /// Its failure; also where nothing is known of it.
    pub fn outcome(&self, repo: &Repository, id: &ImageId) -> Result<()> {
        match self.failure_of(id) {
            Some(failure) => Err(failure.error(repo)),
            None if self.has(id) => Ok(()),
            None => Err(Error::new(ErrorKind::Protocol, "delete image", format_args!("{repo} {id}"))),
        }
    }

    fn has(&self, id: &ImageId) -> bool {
        self.deleted
            .iter()
            .any(|gone| (id.digest.is_none() || id.digest == gone.digest) && (id.tag.is_none() || id.tag == gone.tag))
    }

    /// What is not there any more was deleted by an attempt whose answer was lost.
    fn forgive(&mut self) {
        let (gone, left) = std::mem::take(&mut self.failures)
            .into_iter()
            .partition(|failure| failure.code == FailureCode::ImageNotFound);
        self.failures = left;
        let gone: Vec<Failure> = gone;
        self.deleted.extend(gone.into_iter().map(|failure| failure.image_id));
    }
}

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Images").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
