//! What ECR says when it refuses a whole request (ECR API reference, "Common error types").

use serde::Deserialize;

use super::storage::NOT_SUPPORTED;
use crate::ErrorKind;
use crate::client::api::Refusal;

const ARCHIVED: &str = "ImageArchivedException";

#[derive(Default, Deserialize)]
struct Document {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

/// What an answer to this action means.
pub(crate) fn refusal(action: &str, status: u16, body: &[u8]) -> Refusal {
    // An explanation that cannot be read leaves the status to speak.
    let said: Document = serde_json::from_slice(body).unwrap_or_default();
    let code = said.kind.rsplit('#').next().unwrap_or_default();
    let kind = match code {
        "RepositoryNotFoundException" | "ImageNotFoundException" => ErrorKind::NotFound,
        "AccessDeniedException" => ErrorKind::Denied,
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "SignatureDoesNotMatch"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationTokenException" => ErrorKind::Unauthorized,
        "ThrottlingException" | "TooManyRequestsException" | "LimitExceededException" | "RequestLimitExceeded" => {
            ErrorKind::RateLimited
        }
        "ServerException" | "InternalFailure" | "ServiceUnavailableException" => ErrorKind::Unavailable,
        "InvalidParameterException" | "ValidationException" => ErrorKind::Invalid,
        // ECR has no 404 of its own: one without a code is not ECR's, and says nothing about images.
        "" if status == 404 => ErrorKind::Protocol,
        _ => ErrorKind::of_answer(status, &[]),
    };
    let (message, remedy) = match kind {
        // ECR's own words repeat what was signed, the session's token among it.
        ErrorKind::Unauthorized => (
            format!("AWS does not accept the keys: {code}"),
            Some("Use keys that have not expired, for this region, and check that the clock is right.".to_owned()),
        ),
        ErrorKind::Denied => (
            format!("the keys lack the right ecr:{action}: {}", said.message),
            Some(format!("Allow ecr:{action} on the repository, in the policy of the keys or that of the repository.")),
        ),
        _ if code == NOT_SUPPORTED => (
            format!("ECR does not put this image into that storage, as it is now: {}", said.message),
            Some(
                "Archive an index before what it names, and an image that is being taken out of the archive when it is \
                 active."
                    .to_owned(),
            ),
        ),
        _ if code == ARCHIVED => (
            format!("the image is archived: {}", said.message),
            Some("Take it out of the archive first, and wait until it is active.".to_owned()),
        ),
        _ if code.is_empty() => (format!("ECR answered {status} and does not say why"), None),
        _ => (format!("{code}: {}", said.message), None),
    };
    let code = (!code.is_empty()).then(|| code.to_owned());
    Refusal { code, message: Some(message), remedy, ..Refusal::new(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_decides_and_not_the_status() {
        for (status, kind, expected) in [
            (400, "RepositoryNotFoundException", ErrorKind::NotFound),
            (400, "com.amazonaws.ecr#ImageNotFoundException", ErrorKind::NotFound),
            (400, "AccessDeniedException", ErrorKind::Denied),
            (403, "InvalidSignatureException", ErrorKind::Unauthorized),
            (400, "ExpiredTokenException", ErrorKind::Unauthorized),
            (400, "ThrottlingException", ErrorKind::RateLimited),
            (500, "ServerException", ErrorKind::Unavailable),
            (400, "InvalidParameterException", ErrorKind::Invalid),
            (400, "NewException", ErrorKind::Rejected),
            (400, NOT_SUPPORTED, ErrorKind::Rejected),
            (400, ARCHIVED, ErrorKind::Rejected),
            (400, "LimitExceededException", ErrorKind::RateLimited),
            (404, "", ErrorKind::Protocol),
            (503, "", ErrorKind::Unavailable),
        ] {
            let body = serde_json::json!({ "__type": kind, "message": "words" }).to_string();
            assert_eq!(refusal("DescribeImages", status, body.as_bytes()).kind, expected, "{status} {kind}");
        }
    }

    #[test]
    fn what_was_signed_is_not_repeated() {
        let body =
            br#"{"__type":"InvalidSignatureException","message":"should have been 'x-amz-security-token:hidden'"}"#;
        assert!(!format!("{:?}", refusal("DescribeImages", 403, body)).contains("hidden"));
    }

    proptest::proptest! {
        #[test]
        fn only_ecr_says_not_found(status in 300u16..600, body in "\\PC*") {
            assert_ne!(refusal("DescribeImages", status, body.as_bytes()).kind, ErrorKind::NotFound);
        }
    }
}
