//! Signature Version 4 for the one kind of request that ECR takes: to `/`, without a query (IAM user guide, "Create a signed
//! AWS API request").
//!
//! The canonical form of paths and queries, where signers go wrong, has nothing to say here: what is left is the order of the
//! headers and five HMACs.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::Keys;

/// What is signed.
pub(super) struct Signable<'a> {
    pub(super) method: &'a str,
    /// Names in lower case, with values as they are sent: `host`, and whatever else is to be signed. The date and the session
    /// are added.
    pub(super) headers: Vec<(&'static str, &'a str)>,
    pub(super) body: &'a [u8],
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// What goes with the request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// `X-Amz-Date`.
    pub(super) date: String,
    /// `Authorization`.
    pub(super) authorization: String,
}

impl Signable<'_> {
    pub(super) fn sign(self, keys: &Keys, now: Timestamp) -> Signed {
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = now.strftime("%Y%m%d").to_string();
        let mut headers: Vec<(&str, &str)> = self.headers.clone();
        headers.push(("x-amz-date", &date));
        if let Some(session) = &keys.session {
            headers.push(("x-amz-security-token", session.expose()));
        }
        headers.sort_unstable();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let canonical = format!("{}\n/\n\n{lines}\n{names}\n{}", self.method, hex(&Sha256::digest(self.body)));
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let key = key(keys, &day, self.region, self.service);
        let signature = hex(&mac(&key, &to_sign));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", keys.id);
        Signed { date, authorization }
    }
}

/// The key of a day, a region and a service.
fn key(keys: &Keys, day: &str, region: &str, service: &str) -> [u8; 32] {
    let secret = format!("AWS4{}", keys.secret.expose());
    let day = mac(secret.as_bytes(), day);
    mac(&mac(&mac(&day, region), service), "aws4_request")
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    // HMAC takes a key of any length: longer than a block it is hashed, as here.
    let mut block = [0; 64];
    let hashed = Sha256::digest(key);
    let short = if key.len() > block.len() { hashed.as_slice() } else { key };
    for (to, from) in block.iter_mut().zip(short) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::client::Secret;

    fn keys() -> Keys {
        Keys::new("AKIDEXAMPLE", Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
    }

    fn authorization(keys: &Keys, method: &str, headers: &[(&'static str, &str)], body: &str) -> String {
        let mut all = vec![("host", "example.amazonaws.com")];
        all.extend(headers);
        let signable =
            Signable { method, headers: all, body: body.as_bytes(), region: "us-east-1", service: "service" };
        let signed = signable.sign(keys, "2015-08-30T12:36:00Z".parse().unwrap());
        assert_eq!(signed.date, "20150830T123600Z");
        signed.authorization
    }

    /// AWS, "Signature Version 4 Test Suite": get-vanilla, post-vanilla, post-x-www-form-urlencoded, post-sts-header-before.
    #[test]
    fn signs_as_the_test_suite_of_aws_does() {
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflf\
            KD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQ\
            cHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        let form = ("content-type", "application/x-www-form-urlencoded");
        let session = keys().with_session(Secret::new(token));
        for (keys, method, headers, body, names, signature) in [
            (
                &keys(),
                "GET",
                vec![],
                "",
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                &keys(),
                "POST",
                vec![],
                "",
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                &keys(),
                "POST",
                vec![form],
                "Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                &session,
                "POST",
                vec![],
                "",
                "host;x-amz-date;x-amz-security-token",
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={names}, \
                 Signature={signature}"
            );
            assert_eq!(authorization(keys, method, &headers, body), expected);
        }
    }

    /// IAM user guide, "Signature calculation": the derived key of 30 August 2015, us-east-1, iam.
    #[test]
    fn derives_the_documented_key() {
        let key = key(&keys(), "20150830", "us-east-1", "iam");
        assert_eq!(hex(&key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }

    /// RFC 4231, test case 6: a key longer than a block.
    #[test]
    fn long_keys_are_hashed() {
        let mac = mac(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&mac), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
