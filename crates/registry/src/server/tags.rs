//! Tags (distribution-spec, "Listing Tags"): in the order of their bytes, and in pages where that is asked for.

use futures::stream::TryStreamExt as _;
use http::StatusCode;
use http::header::LINK;
use lockage_tagging::{Repository, Tag};
use serde_json::json;

use super::dispatch::{Asked, Shared};
use super::refusal::{self, Refusal};
use super::reply::Reply;

pub(super) async fn answer(shared: &Shared, asked: &Asked, repo: &Repository) -> Result<Reply, Refusal> {
    let most = asked.query.get("n").map(number).transpose()?;
    // A port promises no order, so a page cannot be cut from it before all tags are known.
    let mut tags: Vec<Tag> = shared.registry.tags(repo).try_collect().await?;
    tags.sort_unstable();
    tags.dedup();
    if let Some(last) = asked.query.get("last") {
        tags.retain(|tag| tag.as_str() > last);
    }
    let more = most.is_some_and(|most| tags.len() > most);
    tags.truncate(most.unwrap_or(usize::MAX));
    let reply = Reply::new(StatusCode::OK);
    // With `n=0` there is no last tag, and no next page.
    let reply = match (more.then(|| tags.last()).flatten(), most) {
        (Some(last), Some(most)) => {
            let next = format_args!("</v2/{}/tags/list?n={most}&last={last}>; rel=\"next\"", repo.path());
            reply.header(LINK, next)
        }
        _ => reply,
    };
    let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    Ok(reply.json("application/json", &json!({ "name": repo.path(), "tags": tags })))
}

fn number(text: &str) -> Result<usize, Refusal> {
    text.parse().map_err(|_| {
        refusal::refuse(StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID", "n is not a number of tags").into()
    })
}
