//! Settings of the client: each does what it says, and a bad one is an error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod mock;

use lockage_registry::client::{Client, Proxies};
use lockage_registry::{ErrorKind, Repository, RetryPolicy, Source, Tag, TagOrDigest};
use mock::{Mock, Reply};

fn latest() -> TagOrDigest {
    "latest".parse::<Tag>().unwrap().into()
}

#[tokio::test]
async fn only_the_hosts_on_the_list_are_reached() {
    let mock = Mock::start(|_, _| Reply::new(307).header("Location", "http://127.0.0.1:9/elsewhere")).await;
    let repo: Repository = format!("{}/app", mock.host()).parse().unwrap();
    let client = Client::builder().only([mock.host().parse().unwrap()]).build().unwrap();
    let error = client.manifest(&repo, &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UrlRefused, "a redirect off the list");
    let error = client.manifest(&"127.0.0.1:9/app".parse().unwrap(), &latest()).await.unwrap_err();
    assert_eq!((error.kind(), error.remedy().is_some()), (ErrorKind::UrlRefused, true), "a registry off the list");
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn requests_go_through_the_proxy_but_for_those_that_are_excepted() {
    let proxy = Mock::start(|_, _| Reply::new(404)).await;
    let through = |proxies: Proxies| {
        let plain = ["registry.test".parse().unwrap(), "other.test".parse().unwrap()];
        let builder = Client::builder().proxies(proxies).retry(RetryPolicy::none());
        plain.into_iter().fold(builder, |builder, host| builder.plain_http(host)).build().unwrap()
    };
    let proxies = Proxies::all(proxy.host()).unwrap().except("other.test");
    let client = through(proxies);
    let asked = client.resolve(&"registry.test/app".parse().unwrap(), &latest()).await.unwrap_err();
    assert!(asked.is_not_found(), "the proxy answered: {asked}");
    assert_eq!(proxy.requests()[0].path, "http://registry.test/v2/app/manifests/latest");
    let asked = client.resolve(&"other.test/app".parse().unwrap(), &latest()).await.unwrap_err();
    assert_eq!(asked.kind(), ErrorKind::Unreachable, "not by the proxy: {asked}");
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn a_bad_setting_is_an_error_and_no_fallback() {
    for pem in [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"] {
        let error = Client::builder().root_certificate(pem).err().map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::Configuration), "{pem:?}");
    }
    let key = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    let error = Client::builder().client_identity("registry.test".parse().unwrap(), key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!format!("{error:?}").contains("c2VjcmV0"));
    assert!(Proxies::all("gopher://proxy.test").is_err());
    assert!(Client::builder().concurrency(0).build().is_err());
    let both = || "registry.test".parse().unwrap();
    assert!(Client::builder().plain_http(both()).https(both()).build().is_err());
}

#[test]
fn a_certificate_that_cannot_be_used_is_found_out_before_a_request() {
    // In form a certificate, in content none: rejected where the connection pool is built, not passed over.
    let pem = b"-----BEGIN CERTIFICATE-----\nMIIBhTCB7w==\n-----END CERTIFICATE-----\n";
    let client = Client::builder().root_certificate(pem).and_then(|builder| builder.build());
    if let Ok(client) = client {
        let found = futures::executor::block_on(client.resolve(&"registry.test/app".parse().unwrap(), &latest()));
        assert_eq!(found.unwrap_err().kind(), ErrorKind::Configuration);
    }
}
