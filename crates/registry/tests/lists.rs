//! Lists over HTTP: only a 404 means that there are no referrers, and pages are followed on the registry alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod mock;

use futures::{StreamExt as _, TryStreamExt as _};
use lockage_registry::client::Client;
use lockage_registry::{
    Algorithm, Descriptor, Digest, ErrorKind, Repository, Result, RetryPolicy, Source, Tag, digest_of,
};
use mock::{Mock, Reply, Request};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn subject() -> Digest {
    digest_of(Algorithm::Sha256, b"subject").unwrap()
}

fn is_api(request: &Request) -> bool {
    request.path.starts_with(&format!("/v2/app/referrers/{}", subject()))
}

async fn referrers(mock: &Mock, artifact_type: Option<&str>) -> Result<Vec<Descriptor>> {
    let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
    let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
    client.referrers(&repo, &subject(), artifact_type).await
}

fn index(entries: &str) -> Reply {
    let body = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{entries}]}}"#);
    Reply::new(200).header("Content-Type", INDEX).body(body.as_bytes())
}

fn entry(name: &str, artifact_type: &str) -> String {
    let digest = digest_of(Algorithm::Sha256, name.as_bytes()).unwrap();
    format!(
        r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":1,"artifactType":"{artifact_type}"}}"#
    )
}

#[tokio::test]
async fn a_404_to_both_means_none() {
    for code in ["", r#"{"errors":[{"code":"UNSUPPORTED"}]}"#, "404 page not found"] {
        let answer = move |request: &Request| if is_api(request) { code } else { "" };
        let mock = Mock::start(move |request, _| Reply::new(404).body(answer(request).as_bytes())).await;
        assert_eq!(referrers(&mock, None).await.unwrap(), []);
        let tag = subject().to_string().replace(':', "-");
        assert_eq!(mock.requests().last().unwrap().path, format!("/v2/app/manifests/{tag}"));
    }
}

#[tokio::test]
async fn that_there_is_no_api_is_found_out_once_and_not_from_what_is_said_of_content() {
    for (body, asked) in [
        ("404 page not found", 1),
        (r#"{"errors":[{"code":"UNSUPPORTED"}]}"#, 1),
        (r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, 3),
        (r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#, 3),
    ] {
        let answer = move |request: &Request| if is_api(request) { body } else { "" };
        let mock = Mock::start(move |request, _| Reply::new(404).body(answer(request).as_bytes())).await;
        let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
        let client = Client::builder().build().unwrap();
        for _ in 0..3 {
            assert_eq!(client.referrers(&repo, &subject(), None).await.unwrap(), []);
        }
        assert_eq!(mock.requests().iter().filter(|request| is_api(request)).count(), asked, "{body}");
    }
}

#[tokio::test]
async fn an_api_that_was_there_once_is_asked_again() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let mock = Mock::start(move |_, _| match first.swap(false, std::sync::atomic::Ordering::SeqCst) {
        true => index(""),
        false => Reply::new(404),
    })
    .await;
    let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
    let client = Client::builder().build().unwrap();
    for _ in 0..3 {
        assert_eq!(client.referrers(&repo, &subject(), None).await.unwrap(), []);
    }
    assert_eq!(mock.requests().iter().filter(|request| is_api(request)).count(), 3);
}

#[tokio::test]
async fn anything_else_is_an_error_and_never_none() {
    for (status, kind) in [
        (401, ErrorKind::Unauthorized),
        (403, ErrorKind::Denied),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
    ] {
        let api = Mock::start(move |_, _| Reply::new(status)).await;
        assert_eq!(referrers(&api, None).await.unwrap_err().kind(), kind, "the API, {status}");
        let tag = Mock::start(move |request, _| Reply::new(if is_api(request) { 404 } else { status })).await;
        assert_eq!(referrers(&tag, None).await.unwrap_err().kind(), kind, "the fallback tag, {status}");
    }
    let broken = Mock::start(|_, _| Reply::new(200).header("Content-Type", INDEX).body(br#"{"manifests":["#)).await;
    assert_eq!(referrers(&broken, None).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_document_that_is_no_list_is_not_an_empty_one() {
    for body in ["{}", r#"{"errors":[{"code":"UNKNOWN","message":"try later"}]}"#, "[]", "[null]", "[[]]", "null"] {
        let mock = Mock::start(move |_, _| Reply::new(200).header("Content-Type", INDEX).body(body.as_bytes())).await;
        assert_eq!(referrers(&mock, None).await.unwrap_err().kind(), ErrorKind::Protocol, "referrers, {body}");
        let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
        let tags =
            Client::builder().retry(RetryPolicy::none()).build().unwrap().tags(&repo).try_collect::<Vec<Tag>>().await;
        assert_eq!(tags.unwrap_err().kind(), ErrorKind::Protocol, "tags, {body}");
    }
}

#[tokio::test]
async fn all_pages_are_read_and_a_filter_that_is_ignored_is_applied() {
    let mock = Mock::start(|request, _| match request.path.contains("page=2") {
        false => index(&entry("a", "sig")).header("Link", &format!(r#"<{}&page=2>; rel="next""#, request.path)),
        true => index(&[entry("b", "sbom"), entry("c", "sig")].join(",")),
    })
    .await;
    assert_eq!(referrers(&mock, Some("sig")).await.unwrap().len(), 2);
}

#[tokio::test]
async fn tags_come_from_every_page_and_what_is_no_tag_is_told() {
    let mock = Mock::start(|request, _| match request.path.contains("last=b") {
        false => Reply::new(200)
            .header("Link", r#"</v2/app/tags/list?n=1000&last=b>; rel="next""#)
            .body(br#"{"name":"app","tags":["a","b"]}"#),
        // Untagged manifests, as some registries list them, are no tags.
        true => Reply::new(200).body(format!(r#"{{"name":"app","tags":["c","{}"]}}"#, subject()).as_bytes()),
    })
    .await;
    let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
    let client = Client::builder().build().unwrap();
    assert_eq!(client.tags(&repo).try_collect::<Vec<Tag>>().await.unwrap(), ["a", "b", "c"]);

    let none = Mock::start(|_, _| Reply::new(200).body(br#"{"name":"app","tags":null}"#)).await;
    let repo: Repository = format!("{}/app", none.host()).parse().unwrap();
    assert_eq!(client.tags(&repo).count().await, 0);

    let odd = Mock::start(|_, _| Reply::new(200).body(br#"{"name":"app","tags":["../x"]}"#)).await;
    let repo: Repository = format!("{}/app", odd.host()).parse().unwrap();
    assert_eq!(client.tags(&repo).try_collect::<Vec<Tag>>().await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_next_page_elsewhere_or_again_is_refused() {
    for (link, kind) in [
        ("<http://other.example/v2/app/tags/list>; rel=\"next\"", ErrorKind::UrlRefused),
        ("<?n=1000>; rel=\"next\"", ErrorKind::Protocol),
    ] {
        let mock = Mock::start(move |_, _| Reply::new(200).header("Link", link).body(br#"{"tags":["a"]}"#)).await;
        let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
        let client = Client::builder().build().unwrap();
        let error = client.tags(&repo).try_collect::<Vec<Tag>>().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn pages_in_a_circle_end() {
    for body in [r#"{"tags":["a"]}"#, r#"{"manifests":[]}"#] {
        let mock = Mock::start(move |request, _| {
            let next = if request.path.contains("page=b") { "a" } else { "b" };
            Reply::new(200).header("Link", &format!("<?page={next}>; rel=next")).body(body.as_bytes())
        })
        .await;
        let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
        let client = Client::builder().build().unwrap();
        let error = match body.contains("tags") {
            true => client.tags(&repo).try_collect::<Vec<Tag>>().await.unwrap_err(),
            false => client.referrers(&repo, &subject(), None).await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert_eq!(mock.requests().len(), 3, "the first page, b, a");
    }
}
