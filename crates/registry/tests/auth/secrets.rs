//! Secrets: no password, token or query is part of what a failure says, however it fails.

use std::time::Duration;

use base64::Engine as _;
use lockage_registry::client::{CredentialProvider, Credentials, StaticCredentials};
use lockage_registry::{Error, Host, Source as _};

use super::mock::{Mock, Reply};
use super::{latest, repo};

/// Part of every secret here.
const SECRET: &str = "s3cret";

/// All that an error shows.
fn told(error: &Error) -> String {
    let mut text = format!("{error} {error:#?} {:?}", error.remedy());
    let mut cause = std::error::Error::source(error);
    while let Some(layer) = cause {
        text += &format!(" / {layer} {layer:?}");
        cause = layer.source();
    }
    text
}

fn logins() -> Vec<Credentials> {
    vec![
        Credentials::password("the test", "alice", "s3cret-password"),
        Credentials::identity_token("the test", "s3cret-identity"),
        Credentials::bearer("the test", "s3cret-bearer"),
        Credentials::password("the test", "alice", "s3cret\r\nX-Injected: 1"),
        Credentials::bearer("the test", "s3cret\r\nX-Injected: 1"),
    ]
}

type Answer = fn() -> Reply;

/// What a token server may answer.
const TOKEN_SERVER: [Answer; 12] = [
    || Reply::new(401),
    || Reply::new(403).body(br#"{"errors":[{"code":"DENIED","message":"no"}]}"#),
    || Reply::new(404),
    || Reply::new(429),
    || Reply::new(500),
    || Reply::new(302).header("Location", "http://127.0.0.1/?token=s3cret"),
    Reply::never,
    || Reply::new(200).body(br#"{"token":"s3cret-token"}"#),
    || Reply::new(200).body(br#"{"token":"s3cret-tok"#),
    || Reply::new(200).body(br#"{"token":["s3cret-token"]}"#),
    || Reply::new(200).body(b"{\"token\":\"s3cret\\r\\nX-Injected: 1\"}"),
    || Reply::new(200).body(&[b's', b'3', b'c', b'r', b'e', b't'].repeat(20_000)),
];

#[tokio::test]
async fn no_failure_shows_a_secret() {
    let encoded = base64::engine::general_purpose::STANDARD.encode("alice:s3cret-password");
    let mut failures = 0;
    for answer in TOKEN_SERVER {
        for login in logins() {
            for basic in [false, true] {
                // The registry accepts nothing, whatever it is shown.
                let mock = Mock::start(move |request, host| {
                    let realm = format!(r#"Bearer realm="http://{host}/token?sig=s3cret",service="s""#);
                    assert_eq!(request.header("x-injected"), None);
                    match request.path.starts_with("/token") {
                        true => answer(),
                        false if basic => Reply::new(401).header("WWW-Authenticate", r#"Basic realm="x""#),
                        false => Reply::new(401).header("WWW-Authenticate", &realm),
                    }
                })
                .await;
                let host: Host = mock.host().parse().unwrap();
                let provider = StaticCredentials::new().with(host, login.clone());
                let provider: std::sync::Arc<dyn CredentialProvider> = std::sync::Arc::new(provider);
                let builder = super::builder().credentials(provider.clone()).stall_timeout(Duration::from_millis(50));
                let client = builder.build().unwrap();
                let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
                let text = format!("{} {client:?} {client} {provider:?} {login:?}", told(&error));
                assert!(!text.contains(SECRET) && !text.contains(&encoded), "{text}");
                failures += 1;
            }
        }
    }
    assert_eq!(failures, TOKEN_SERVER.len() * logins().len() * 2);
}
