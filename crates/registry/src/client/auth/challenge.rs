//! Challenges: reading `WWW-Authenticate` (RFC 9110 section 11.6.1).

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(in crate::client) scheme: Scheme,
    /// The URL of the token server.
    pub(in crate::client) realm: Option<String>,
    /// The name under which the token server knows the registry.
    pub(in crate::client) service: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
}

/// The challenge to answer: bearer with a realm where it is offered, else basic; `None` where neither is.
pub(in crate::client) fn parse(headers: &HeaderMap) -> Option<Challenge> {
    let mut best = None;
    for value in headers.get_all(WWW_AUTHENTICATE) {
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

/// All challenges of one header value, in order; those of other schemes are left out.
fn challenges(text: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut known = false;
    for item in split_outside_quotes(text) {
        let item = item.trim();
        let (head, parameter) = match item.split_once(char::is_whitespace) {
            // `Bearer realm="…"` begins a challenge; `realm = "…"` goes on with one.
            Some((scheme, rest)) if !scheme.contains('=') && !rest.trim_start().starts_with('=') => {
                (Some(scheme), rest.trim())
            }
            _ if !item.contains('=') => (Some(item), ""),
            _ => (None, item),
        };
        if let Some(scheme) = head {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "bearer" => Some(Scheme::Bearer),
                "basic" => Some(Scheme::Basic),
                _ => None,
            };
            known = scheme.is_some();
            found.extend(scheme.map(|scheme| Challenge { scheme, realm: None, service: None }));
        }
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let Some(challenge) = found.last_mut().filter(|_| known) else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "realm" => challenge.realm = Some(unquote(value.trim())),
            "service" => challenge.service = Some(unquote(value.trim())),
            _ => {}
        }
    }
    found
}

/// Splits at commas that are not within a quoted string.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else { return text.to_owned() };
    let (mut value, mut escaped) = (String::new(), false);
    for c in inner.chars() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => break,
            _ => value.push(c),
        }
    }
    value
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
            (vec![r#"Negotiate abc=="#], None),
            (vec![""], None),
            (vec![], None),
        ] {
            assert_eq!(of(&values), expected, "{values:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            challenges(&text);
        }
    }
}
