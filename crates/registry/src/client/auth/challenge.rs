//! Challenges: reading `WWW-Authenticate` (RFC 9110 section 11.6.1).

use std::iter::Peekable;
use std::str::Chars;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// The longest header value that is read, in bytes; real ones are a few hundred.
const LIMIT: usize = 8 * 1024;
/// The most header values that are read.
const MOST: usize = 16;

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(super) scheme: Scheme,
    /// The URL of the token server.
    pub(super) realm: Option<String>,
    /// The name under which the token server knows the registry.
    pub(super) service: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
}

/// The challenge to answer: bearer with a realm where it is offered, else basic; `None` where neither is.
pub(super) fn parse(headers: &HeaderMap) -> Option<Challenge> {
    let mut best = None;
    for value in headers.get_all(WWW_AUTHENTICATE).iter().take(MOST) {
        for challenge in value.to_str().ok().map(challenges).unwrap_or_default() {
            match challenge.scheme {
                Scheme::Bearer if challenge.realm.is_some() => return Some(challenge),
                Scheme::Bearer => {}
                Scheme::Basic => best = best.or(Some(challenge)),
            }
        }
    }
    best
}

/// Whether the token that was sent is expired, revoked or malformed (RFC 6750, section 3.1), and not one that lacks a right.
pub(in crate::client) fn says_invalid(headers: &HeaderMap) -> bool {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().take(MOST);
    values.filter_map(|value| value.to_str().ok()).any(|text| text.contains("error=\"invalid_token\""))
}

/// All challenges of one header value, in order; those of other schemes are left out, and so is what makes no sense.
///
/// A name with a value is a parameter, whether commas stand where they should or not; a name alone begins a challenge,
/// unless it stands where a challenge's token68 does. Of a parameter that is there twice, the first counts.
pub(crate) fn challenges(text: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    if text.len() > LIMIT {
        return found;
    }
    let mut reader = Reader(text.chars().peekable());
    // Whether the last scheme is one that is answered, and whether a token68 may follow.
    let (mut known, mut after_scheme) = (false, false);
    loop {
        reader.spaces();
        let name = reader.name();
        if name.is_empty() {
            match reader.0.next() {
                Some(',') => after_scheme = false,
                Some(_) => {}
                None => return found,
            }
            continue;
        }
        if let Some(value) = reader.value() {
            let challenge = found.last_mut().filter(|_| known);
            let parameter = match (challenge, name.to_ascii_lowercase().as_str()) {
                (Some(challenge), "realm") => Some(&mut challenge.realm),
                (Some(challenge), "service") => Some(&mut challenge.service),
                _ => None,
            };
            if let Some(parameter @ None) = parameter {
                *parameter = Some(value).filter(|value| !value.is_empty());
            }
            after_scheme = false;
        } else if after_scheme {
            after_scheme = false;
        } else {
            let scheme = match name.to_ascii_lowercase().as_str() {
                "bearer" => Some(Scheme::Bearer),
                "basic" => Some(Scheme::Basic),
                _ => None,
            };
            known = scheme.is_some();
            after_scheme = true;
            found.extend(scheme.map(|scheme| Challenge { scheme, realm: None, service: None }));
        }
    }
}

struct Reader<'a>(Peekable<Chars<'a>>);

impl Reader<'_> {
    fn spaces(&mut self) {
        while self.0.next_if(|c| c.is_ascii_whitespace()).is_some() {}
    }

    /// A token (RFC 9110 section 5.6.2), possibly none.
    fn name(&mut self) -> String {
        let is_token = |c: &char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(*c);
        std::iter::from_fn(|| self.0.next_if(is_token)).collect()
    }

    /// What follows the name of a parameter: `= value` or `= "value"`. `None` where the name stands alone.
    fn value(&mut self) -> Option<String> {
        self.spaces();
        self.0.next_if_eq(&'=')?;
        self.spaces();
        if self.0.next_if_eq(&'"').is_none() {
            let is_value = |c: &char| *c != ',' && !c.is_ascii_whitespace();
            return Some(std::iter::from_fn(|| self.0.next_if(is_value)).collect());
        }
        let mut value = String::new();
        while let Some(c) = self.0.next() {
            match c {
                '"' => break,
                '\\' => value.extend(self.0.next()),
                c => value.push(c),
            }
        }
        Some(value)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<(Scheme, Option<String>, Option<String>)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        parse(&headers).map(|c| (c.scheme, c.realm, c.service))
    }

    #[test]
    fn reads_the_challenges_of_real_registries() {
        let some = |text: &str| Some(text.to_owned());
        for (values, expected) in [
            (
                vec![
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                ],
                Some((Scheme::Bearer, some("https://auth.docker.io/token"), some("registry.docker.io"))),
            ),
            (vec![r#"Basic realm="Registry Realm""#], Some((Scheme::Basic, some("Registry Realm"), None))),
            (
                vec![r#"Basic realm="x", Bearer realm="https://t",service=s"#],
                Some((Scheme::Bearer, some("https://t"), some("s"))),
            ),
            (
                vec![r#"Basic realm="x""#, r#"BEARER Realm = "https://t""#],
                Some((Scheme::Bearer, some("https://t"), None)),
            ),
            (
                vec![r#"Bearer realm="https://t?a=1,2",service="a \"b\"""#],
                Some((Scheme::Bearer, some("https://t?a=1,2"), some("a \"b\""))),
            ),
            (vec![r#"Negotiate realm="https://evil""#, "Basic"], Some((Scheme::Basic, None, None))),
            (vec!["Bearer"], None),
            (vec![r#"Bearer realm="""#], None),
            (vec!["Bearer realm=https://t/a=b,service=s"], Some((Scheme::Bearer, some("https://t/a=b"), some("s")))),
            // Without commas, with too many, and with odd spaces.
            (
                vec!["Bearer\trealm = \"https://t\"  service=\"s\""],
                Some((Scheme::Bearer, some("https://t"), some("s"))),
            ),
            (vec![r#",, Bearer ,realm="https://t",,service=s,"#], Some((Scheme::Bearer, some("https://t"), some("s")))),
            // The first of a parameter that is there twice.
            (vec![r#"Bearer realm="https://t",realm="https://evil""#], Some((Scheme::Bearer, some("https://t"), None))),
            // What belongs to another scheme.
            (
                vec![r#"Digest realm="https://evil", Bearer scope="x", Basic realm="y""#],
                Some((Scheme::Basic, some("y"), None)),
            ),
            (vec![r#"Negotiate a/b+c==, Bearer realm="https://t""#], Some((Scheme::Bearer, some("https://t"), None))),
            (vec!["Negotiate Basic"], None),
            (vec![r#"Bearer realm="https://t"#], Some((Scheme::Bearer, some("https://t"), None))),
            (vec![r#"Bearer realm="a\"#], Some((Scheme::Bearer, some("a"), None))),
            (
                vec![r#"Basic realm="a, Bearer realm=https://evil""#],
                Some((Scheme::Basic, some("a, Bearer realm=https://evil"), None)),
            ),
            (vec![r#"Negotiate abc=="#], None),
            (vec![""], None),
            (vec![], None),
        ] {
            assert_eq!(of(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_header_of_any_size_is_read_or_left() {
        let padded = |n: usize| format!(r#"Bearer realm="https://t",x="{}""#, "x".repeat(n));
        assert_eq!(challenges(&padded(1000)).len(), 1);
        assert_eq!(challenges(&padded(LIMIT)).len(), 0);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC*", odd in "[ ,=\"\\\\a-c/]*") {
            challenges(&text);
            challenges(&odd);
        }

        #[test]
        fn a_quoted_value_comes_out_as_it_went_in(realm in "[ -~]+", service in "[ -~]+", before in 0_usize..3) {
            let quote = |text: &str| text.replace('\\', r"\\").replace('"', r#"\""#);
            let text = format!(r#"{}Bearer realm="{}", service="{}""#, "Negotiate a==, ".repeat(before), quote(&realm), quote(&service));
            let expected = Challenge { scheme: Scheme::Bearer, realm: Some(realm), service: Some(service) };
            proptest::prop_assert_eq!(challenges(&text), [expected]);
        }
    }
}
