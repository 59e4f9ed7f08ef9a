//! Lists over HTTP: tags and referrers, a page at a time by `Link` (distribution-spec, "Listing Tags", "Listing
//! Referrers").

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Digest, DigestTag, DigestTagKind, Repository, Tag};
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderMap, LINK};
use serde::Deserialize;
use url::Url;

use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use super::{Purpose, answer, manifests};
use crate::{Content, Descriptor, Error, ErrorKind, Result, TagOrDigest, json, media_type};

/// The most entries to ask for at once: what ECR allows.
const PAGE: &str = "1000";
/// The largest page of tags that is read, in bytes; registries that ignore `n` send all tags at once.
const TAGS_LIMIT: u64 = 64 * 1024 * 1024;

/// The most pages of a list that are followed.
const MOST_PAGES: usize = 10_000;
/// The most bytes of referrers that are read, over all pages: they are held until the last has come.
const REFERRERS_LIMIT: u64 = 64 * 1024 * 1024;

const LIST_TAGS: &str = "list tags";

pub(super) fn tags<'a>(host: Arc<HostState>, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
    let mut first = host.tags_url(repo);
    first.query_pairs_mut().append_pair("n", PAGE);
    let pages = stream::try_unfold((Some(first), Followed::default()), move |(url, mut followed)| {
        let host = Arc::clone(&host);
        async move {
            let Some(url) = url else { return Ok(None) };
            let (tags, next) = page_of_tags(&host, repo, url, &mut followed).await?;
            Ok(Some((tags, (next, followed))))
        }
    });
    pages
        .flat_map(|page| match page {
            Ok(tags) => stream::iter(tags.into_iter().map(Ok).collect::<Vec<_>>()).boxed(),
            Err(error) => stream::once(async move { Err(error) }).boxed(),
        })
        .boxed()
}

async fn page_of_tags(
    host: &Arc<HostState>,
    repo: &Repository,
    url: Url,
    followed: &mut Followed,
) -> Result<(Vec<Tag>, Option<Url>)> {
    let request = Request::new(LIST_TAGS, repo, Method::GET, url.clone(), Access::pull(repo));
    let (headers, bytes) = request.fetch(host, TAGS_LIMIT).await?;
    let next = next_page(host, &url, &headers, followed)?;
    Ok((tags_in(repo, &bytes)?, next))
}

/// The tags of `repo` that a page lists.
pub(super) fn tags_in(repo: &Repository, bytes: &[u8]) -> Result<Vec<Tag>> {
    #[derive(Deserialize)]
    struct Page {
        /// Some registries say `null` where there are none. To say nothing of them is no answer.
        #[serde(deserialize_with = "Option::deserialize")]
        tags: Option<Vec<String>>,
    }
    let broken = || Error::new(ErrorKind::Protocol, LIST_TAGS, repo);
    let page: Page = json::document(bytes).map_err(|e| broken().with_source(e))?;
    let mut tags = Vec::new();
    for name in page.tags.unwrap_or_default() {
        match name.parse::<Tag>() {
            Ok(tag) => tags.push(tag),
            // Some registries list untagged manifests here, by digest.
            Err(_) if name.parse::<Digest>().is_ok() => {}
            Err(e) => return Err(broken().with_message("a listed tag is none").with_source(e)),
        }
    }
    Ok(tags)
}

/// By the referrers API where the registry has it, else by the fallback tag; only a 404 to both means "none".
///
/// That a registry has no such API is found out once. A 404 with an OCI code is about this repository or manifest, and says
/// nothing about others.
pub(super) async fn referrers(
    host: &Arc<HostState>,
    repo: &Repository,
    subject: &Digest,
    artifact_type: Option<&str>,
) -> Result<Vec<Descriptor>> {
    if host.has_referrers_api() == Some(false) {
        return by_fallback_tag(host, repo, subject, artifact_type).await;
    }
    match by_api(host, repo, subject, artifact_type).await {
        // Whatever code stands beside it: a 404 is how a registry without this endpoint says so.
        Err(error) if error.answer().is_some_and(|answer| answer.status == 404) => {
            if error.oci_errors().iter().all(|said| said.code == "UNSUPPORTED") {
                host.learn_referrers_api(false);
            }
            by_fallback_tag(host, repo, subject, artifact_type).await
        }
        found => {
            if found.is_ok() {
                host.learn_referrers_api(true);
            }
            found
        }
    }
}

async fn by_api(
    host: &Arc<HostState>,
    repo: &Repository,
    subject: &Digest,
    artifact_type: Option<&str>,
) -> Result<Vec<Descriptor>> {
    let operation = "list referrers";
    let place = format!("{repo}@{subject}");
    let mut url = host.referrers_url(repo, subject);
    if let Some(wanted) = artifact_type {
        url.query_pairs_mut().append_pair("artifactType", wanted);
    }
    let (mut pages, mut found) = (VecDeque::from([url]), Vec::new());
    let (mut followed, mut left) = (Followed::default(), REFERRERS_LIMIT);
    while let Some(url) = pages.pop_front() {
        let request = Request::new(operation, &place, Method::GET, url.clone(), Access::pull(repo));
        let request = request.header(ACCEPT, media_type::OCI_INDEX)?;
        let (headers, bytes) = request.fetch(host, host.manifest_limit).await?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge, operation, &place)
                .with_message(format_args!("more than {REFERRERS_LIMIT} bytes in all"))
        })?;
        pages.extend(next_page(host, &url, &headers, &mut followed)?);
        found.extend(entries(&bytes).map_err(|e| Error::new(ErrorKind::Protocol, operation, &place).with_source(e))?);
    }
    // A registry may ignore the filter (it says so by leaving out OCI-Filters-Applied): filtering again is harmless.
    found.retain(|entry| artifact_type.is_none_or(|wanted| entry.artifact_type.as_deref() == Some(wanted)));
    Ok(found)
}

/// The index under the referrers tag. What clients wrote there may lack artifact types, so a filter reads the
/// manifests themselves where it must: one GET each.
async fn by_fallback_tag(
    host: &Arc<HostState>,
    repo: &Repository,
    subject: &Digest,
    artifact_type: Option<&str>,
) -> Result<Vec<Descriptor>> {
    let tag = DigestTag::new(subject, DigestTagKind::Referrers).to_tag();
    let index = match manifests::get(host, repo, &TagOrDigest::Tag(tag)).await {
        Ok(index) => index,
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in index_entries(index.view()?, repo, subject)? {
        let wanted = match (artifact_type, &entry.artifact_type) {
            (None, _) => true,
            (Some(wanted), Some(kind)) => kind == wanted,
            (Some(wanted), None) => {
                let manifest = manifests::get(host, repo, &entry.digest.clone().into()).await?;
                manifest.view()?.effective_artifact_type() == Some(wanted)
            }
        };
        if wanted {
            found.push(entry);
        }
    }
    Ok(found)
}

fn index_entries(view: crate::Manifest, repo: &Repository, subject: &Digest) -> Result<Vec<Descriptor>> {
    match view.content {
        Content::Index { manifests } => Ok(manifests),
        _ => Err(Error::new(ErrorKind::Protocol, "list referrers", format_args!("{repo}@{subject}"))
            .with_message("its referrers tag holds an image and no index")),
    }
}

pub(super) fn entries(bytes: &[u8]) -> serde_json::Result<Vec<Descriptor>> {
    #[derive(Deserialize)]
    struct Page {
        /// As with tags: `null` is none, and nothing is no answer.
        #[serde(deserialize_with = "Option::deserialize")]
        manifests: Option<Vec<Descriptor>>,
    }
    json::document::<Page>(bytes).map(|page| page.manifests.unwrap_or_default())
}

/// The URL of the next page, if there is one, on this registry and other than those that were followed.
pub(super) fn next_page(
    host: &HostState,
    url: &Url,
    headers: &HeaderMap,
    followed: &mut Followed,
) -> Result<Option<Url>> {
    let mut links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let Some(target) = links.find_map(parse_next) else { return Ok(None) };
    follow(host, url, target, followed).map(Some)
}

/// The page that another one names as its next.
pub(super) fn follow(host: &HostState, url: &Url, target: &str, followed: &mut Followed) -> Result<Url> {
    let next = host.policy.judge(Purpose::NextPage, url, target)?.url;
    match followed.take(url, &next) {
        Ok(()) => Ok(next),
        Err(why) => {
            Err(Error::new(ErrorKind::Protocol, Purpose::NextPage.words(), answer::without_query(url))
                .with_message(why))
        }
    }
}

/// The pages of one list so far: a registry that names another each time is not followed for ever.
#[derive(Debug, Default)]
pub(crate) struct Followed(HashSet<Url>);

impl Followed {
    /// Takes the link from `page` to `next`, or says why not.
    fn take(&mut self, page: &Url, next: &Url) -> Result<(), String> {
        self.0.insert(page.clone());
        if self.0.contains(next) {
            return Err("it leads to the same page again".to_owned());
        }
        if self.0.len() >= MOST_PAGES {
            return Err(format!("there are more than {MOST_PAGES} pages"));
        }
        Ok(())
    }
}

/// The target of the link with `rel="next"` (RFC 8288 section 3).
pub(super) fn parse_next(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let (parameters, others) = after.find('<').map_or((after, ""), |at| after.split_at(at));
        let is_next =
            parameters.split([';', ',']).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
                let relations = value.trim().trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
            });
        if is_next {
            return Some(target);
        }
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::{Followed, MOST_PAGES, entries, parse_next, tags_in};

    #[test]
    fn no_list_is_followed_for_ever() -> Result<(), Box<dyn std::error::Error>> {
        let page = |n: usize| url::Url::parse(&format!("https://registry.example/v2/a/tags/list?last={n}"));
        let mut followed = Followed::default();
        for n in 1..MOST_PAGES {
            followed.take(&page(n)?, &page(n + 1)?)?;
            assert!(followed.take(&page(n)?, &page(1)?).is_err(), "{n} leads back");
        }
        assert!(followed.take(&page(MOST_PAGES)?, &page(MOST_PAGES + 1)?).is_err());
        Ok(())
    }

    #[test]
    fn reads_link() {
        for (text, expected) in [
            (r#"</v2/a/tags/list?n=2&last=b>; rel="next""#, Some("/v2/a/tags/list?n=2&last=b")),
            (r"</x>;rel=next", Some("/x")),
            (r#"</first>; rel="first", </x,y>; title="a"; rel="prev next""#, Some("/x,y")),
            (r#"</x>; rel="prev""#, None),
            ("</x>", None),
            ("garbage <", None),
            ("", None),
        ] {
            assert_eq!(parse_next(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[<>;,= \"a-z]*") {
            parse_next(&text);
        }

        #[test]
        fn a_page_is_read_or_refused(page in "[\\[{](\"(tags|manifests|digest|size)\"|[\\[\\]{}:,0-9]|null|\"[a-z:]*\")*[\\]}]|\\PC*") {
            let repo = "registry.example/a".parse().map_err(|e| proptest::test_runner::TestCaseError::fail(format!("{e}")))?;
            for read in [tags_in(&repo, page.as_bytes()).is_ok(), entries(page.as_bytes()).is_ok()] {
                assert!(!read || page.trim_start().starts_with('{'), "{page}");
            }
        }
    }
}
