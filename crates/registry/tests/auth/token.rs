//! Tokens: rotation, wider tokens for narrower needs, identity tokens that are renewed, and a token server in trouble.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockage_registry::client::{Credentials, StaticCredentials};
use lockage_registry::{Algorithm, Descriptor, Error, ErrorKind, Host, Source as _, Target as _, digest_of};

use super::basic::{Vault, header};
use super::mock::{Mock, Reply, Request};
use super::{client, latest, manifest, repo};

fn challenge(host: &str) -> Reply {
    Reply::new(401).header("WWW-Authenticate", &format!(r#"Bearer realm="http://{host}/token",service="s""#))
}

fn tokens_asked_for(mock: &Mock) -> Vec<Request> {
    mock.requests().into_iter().filter(|request| request.path.starts_with("/token")).collect()
}

/// The error of the token server, below that of the request.
fn cause(error: &Error) -> &Error {
    std::error::Error::source(error).unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn a_password_that_was_rotated_is_shown_to_the_token_server() {
    let (vault, accepts) = (Vault::default(), Arc::new(AtomicUsize::new(0)));
    let now = Arc::clone(&accepts);
    let mock = Mock::start(move |request, host| {
        let generation = now.load(Ordering::SeqCst);
        if request.path.starts_with("/token") {
            let good = header(&format!("generation-{generation}"));
            return match request.header("authorization") {
                Some(sent) if sent == good => {
                    Reply::new(200).body(format!(r#"{{"token":"t-{generation}"}}"#).as_bytes())
                }
                _ => Reply::new(401),
            };
        }
        match request.header("authorization") {
            Some(sent) if sent == format!("Bearer t-{generation}") => manifest(),
            _ => challenge(host),
        }
    })
    .await;
    let client = super::builder().credentials(vault.clone()).build().unwrap();
    for generation in 0..3 {
        vault.generation.store(generation, Ordering::SeqCst);
        accepts.store(generation, Ordering::SeqCst);
        // The old token is revoked with the old password.
        client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
        client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
    }
    assert_eq!(tokens_asked_for(&mock).len(), 3);
    // Refused there, it is asked for again by the next request.
    accepts.store(3, Ordering::SeqCst);
    let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    vault.generation.store(3, Ordering::SeqCst);
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
}

/// A registry whose tokens are the scopes that were asked for, as far as `grants` says, and which tells a pull from a push.
async fn scoped(grants: fn(&str) -> bool) -> Mock {
    Mock::start(move |request, host| {
        if request.path.starts_with("/token") {
            let scopes = request.path.split(['?', '&']).filter_map(|part| part.strip_prefix("scope="));
            let granted: Vec<_> = scopes.filter(|scope| grants(scope)).collect();
            return Reply::new(200).body(format!(r#"{{"token":"t{}"}}"#, granted.join("+")).as_bytes());
        }
        let needed = if request.method == "POST" { "app%3Apull%2Cpush" } else { "app%3Apull" };
        match request.header("authorization") {
            Some(token) if !token.contains(needed) => challenge(host),
            Some(_) if request.method == "POST" => Reply::new(202).header("Location", "/v2/app/blobs/uploads/1"),
            Some(_) => manifest(),
            None => challenge(host),
        }
    })
    .await
}

fn blob() -> Descriptor {
    Descriptor::new("x", digest_of(Algorithm::Sha256, b"x").unwrap(), 1)
}

#[tokio::test]
async fn a_token_to_push_serves_to_pull() {
    let mock = scoped(|_| true).await;
    let client = client(&mock);
    let repo = repo(&mock, "app");
    drop(client.open_blob(&repo, &blob(), None).await.unwrap());
    client.manifest(&repo, &latest()).await.unwrap();
    assert_eq!(tokens_asked_for(&mock).len(), 1);
    // And not the other way round.
    let other = super::builder().credentials(super::credentials(&mock)).build().unwrap();
    other.manifest(&repo, &latest()).await.unwrap();
    drop(other.open_blob(&repo, &blob(), None).await.unwrap());
    assert_eq!(tokens_asked_for(&mock).len(), 3);
}

#[tokio::test]
async fn a_token_that_grants_less_than_was_asked_for_is_replaced_by_one_for_the_need() {
    // Granted is only what is asked for alone: a server that drops what it would not grant in full.
    let mock = scoped(|scope| scope.ends_with("Apull")).await;
    let client = client(&mock);
    let repo = repo(&mock, "app");
    let Err(error) = client.open_blob(&repo, &blob(), None).await else { panic!("nobody may push") };
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let before = tokens_asked_for(&mock).len();
    for _ in 0..3 {
        client.manifest(&repo, &latest()).await.unwrap();
    }
    assert_eq!(tokens_asked_for(&mock).len(), before + 1);
}

#[tokio::test]
async fn an_identity_token_that_is_renewed_takes_the_place_of_the_old_one_while_it_is_good() {
    // Each exchange gives the next identity token; after the third, only the first is good again.
    let exchanges = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&exchanges);
    let mock = Mock::start(move |request, host| {
        if request.path.starts_with("/token") {
            let n = count.load(Ordering::SeqCst);
            let good = format!("refresh_token=identity-{}&", n % 3);
            if !request.body.contains(&good) {
                return Reply::new(401);
            }
            count.fetch_add(1, Ordering::SeqCst);
            let next = n + 1;
            return Reply::new(200)
                .body(format!(r#"{{"access_token":"t-{n}","refresh_token":"identity-{next}"}}"#).as_bytes());
        }
        match request.header("authorization") {
            Some(_) => manifest(),
            None => challenge(host),
        }
    })
    .await;
    let host: Host = mock.host().parse().unwrap();
    let identity = StaticCredentials::new().with(host, Credentials::identity_token("the test", "identity-0"));
    let client = super::builder().credentials(identity).build().unwrap();
    for app in ["a", "b", "c", "d"] {
        client.manifest(&repo(&mock, app), &latest()).await.unwrap();
    }
    assert_eq!(exchanges.load(Ordering::SeqCst), 4);
    let shown: Vec<_> = tokens_asked_for(&mock)
        .iter()
        .map(|request| request.body.split('&').find(|part| part.starts_with("refresh_token")).unwrap().to_owned())
        .map(|part| part.replace("refresh_token=identity-", ""))
        .collect();
    assert_eq!(shown, ["0", "1", "2", "3", "0"]);
}

#[tokio::test]
async fn the_trouble_of_a_token_server_keeps_its_kind_and_never_looks_like_an_absence() {
    for (status, kind, temporary) in [
        (401, ErrorKind::Unauthorized, false),
        (403, ErrorKind::Unauthorized, false),
        (400, ErrorKind::Unauthorized, false),
        (404, ErrorKind::Credentials, false),
        (405, ErrorKind::Credentials, false),
        (302, ErrorKind::Credentials, false),
        (429, ErrorKind::RateLimited, true),
        (500, ErrorKind::Unavailable, true),
        (503, ErrorKind::Unavailable, true),
    ] {
        let mock = Mock::start(move |request, host| match request.path.starts_with("/token") {
            true => Reply::new(status).header("Retry-After", "7"),
            false => challenge(host),
        })
        .await;
        let error = client(&mock).manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, temporary), "{status}: {error:?}");
        let cause = cause(&error);
        assert_eq!(cause.retry_after(), Some(Duration::from_secs(7)), "{status}");
        for part in [format!("answered {status}"), "from the test".to_owned(), "repository:app:pull".to_owned()] {
            assert!(cause.to_string().contains(&part), "{part}: {cause}");
        }
    }
}

#[tokio::test]
async fn a_token_server_that_is_not_there_or_says_nothing_is_temporary() {
    let gone = {
        let mock = Mock::start(|_, _| Reply::new(200)).await;
        mock.host().to_owned()
    };
    let mock = Mock::start(move |_, _| challenge(&gone)).await;
    let error = client(&mock).manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unreachable, true), "{error:?}");
    let mock = Mock::start(|request, host| match request.path.starts_with("/token") {
        true => Reply::never(),
        false => challenge(host),
    })
    .await;
    let builder = super::builder().credentials(super::credentials(&mock)).stall_timeout(Duration::from_millis(200));
    let error = builder.build().unwrap().manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Timeout, true), "{error:?}");
}
