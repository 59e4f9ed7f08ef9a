//! Expiry that comes as a 403: Amazon's ECR refuses an old authorization token so, and not with 401.

use std::time::Duration;

use super::Authorization;
use crate::Error;

/// Credentials younger than this have not expired.
const FRESH: Duration = Duration::from_secs(60);

/// Whether a registry that answered 403 says that the credentials were good once.
///
/// ECR: `DENIED`, "Your authorization token has expired. Reauthenticate and try again."
fn says_expired(error: &Error) -> bool {
    error.answer().is_some_and(|answer| {
        answer.status == 403
            && answer.errors.iter().any(|error| error.message.to_ascii_lowercase().contains("token has expired"))
    })
}

/// The same, or a 403 that cannot say why: the answer to a HEAD has no body. Then only credentials that have been in use
/// for a minute are suspected.
pub(in crate::client) fn may_have_expired(error: &Error, refused: &Authorization) -> bool {
    let silent = error.answer().is_some_and(|a| a.status == 403 && a.method == "HEAD" && a.errors.is_empty());
    says_expired(error) || (silent && refused.held.age() > FRESH)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use std::sync::atomic::{AtomicUsize, Ordering};

    use lockage_tagging::Repository;
    use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

    use super::super::{Access, Held, Scheme};
    use super::*;
    use crate::client::{Client, CredentialProvider, Credentials};
    use crate::{Answer, ErrorKind, OciError, Result};

    fn error(method: &str, status: u16, message: Option<&str>) -> Error {
        let mut answer = Answer::new(method, "https://r.example/v2/a/manifests/b", status);
        answer.errors = message
            .map(|message| {
                serde_json::from_value::<OciError>(serde_json::json!({"code":"DENIED","message":message})).unwrap()
            })
            .into_iter()
            .collect();
        Error::new(ErrorKind::of_answer(status, &answer.errors), "pull", "a").with_answer(answer)
    }

    #[test]
    fn an_expiry_is_told_from_a_lack_of_rights() {
        let ecr = "Your authorization token has expired. Reauthenticate and try again.";
        let header = "Basic x".parse::<HeaderValue>().unwrap();
        let sent = |age| {
            let at = Instant::now().checked_sub(age).unwrap();
            let held = Arc::new(Held::new(Some(header.clone()), at, age));
            Authorization { header: header.clone(), scheme: Scheme::Basic, held }
        };
        let (young, old) = (sent(Duration::ZERO), sent(2 * FRESH));
        for (error, says, young_may, old_may) in [
            (error("GET", 403, Some(ecr)), true, true, true),
            (error("GET", 403, Some("no rights on this repository")), false, false, false),
            (error("GET", 403, None), false, false, false),
            (error("HEAD", 403, None), false, false, true),
            (error("HEAD", 404, None), false, false, false),
            (error("GET", 400, Some(ecr)), false, false, false),
            (Error::new(ErrorKind::Denied, "pull", "a"), false, false, false),
        ] {
            assert_eq!(says_expired(&error), says, "{error:?}");
            assert_eq!(may_have_expired(&error, &young), young_may, "{error:?}");
            assert_eq!(may_have_expired(&error, &old), old_may, "{error:?}");
        }
    }

    /// What a cloud's helper gives: another password after each `EVERY` questions.
    #[derive(Debug, Default)]
    struct Cloud(AtomicUsize);

    const EVERY: usize = 2;

    #[async_trait::async_trait]
    impl CredentialProvider for Cloud {
        async fn credentials(&self, _: &Repository) -> Result<Option<Credentials>> {
            let lease = self.0.fetch_add(1, Ordering::SeqCst) / EVERY;
            Ok(Some(Credentials::password("the cloud", "AWS", format!("lease-{lease}"))))
        }
    }

    #[tokio::test]
    async fn an_expired_login_is_replaced_where_there_is_another() {
        let client = Client::builder().credentials(Cloud::default()).build().unwrap();
        let repository: Repository = "localhost:1/app".parse().unwrap();
        let (host, access) = (client.host(&repository).unwrap(), Access::pull(&repository));
        let get = || host.tokens.authorization(&host, &access);
        assert!(get().await.unwrap().is_none(), "nothing was asked for");
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=ecr"));
        assert!(host.tokens.learn(&headers, &access, None));
        let first = get().await.unwrap().unwrap();
        host.tokens.expired(&access, &first);
        assert!(get().await.unwrap().is_none(), "the helper still gives the same");
        host.tokens.expired(&access, &first);
        let second = get().await.unwrap().unwrap();
        assert_ne!(first.header, second.header);
        assert!(get().await.unwrap().unwrap().header == second.header, "it is kept");
        let text = format!("{first:?} {:?} {:?} {headers:?}", host.tokens, first.header);
        assert!(!text.contains("lease") && !text.contains("QVdTO"), "{text}");
    }
}
