//! `Query`: the parameters behind the `?`, and the decoding of percent signs.

/// The decoded parameters of a request.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect(),
        )
    }

    /// The fields of a form, in which `+` is a space (WHATWG URL, "application/x-www-form-urlencoded parsing").
    pub(super) fn form(text: &str) -> Self {
        Self::parse(Some(&text.replace('+', "%20")))
    }

    /// The first parameter of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The parameters of this name, in order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// `text` with its `%xx` decoded.
///
/// A `+` stays one: no parameter of the distribution specification can contain a space, and media types, which
/// clients forget to encode, contain `+`.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        match (first, behind) {
            (b'%', [high, low, behind @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                rest = behind;
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, decode};

    #[test]
    fn percent_signs_are_decoded_and_what_is_no_code_is_kept() {
        assert_eq!(decode("sha256%3Aab%2bc+d"), "sha256:ab+c+d");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let query = Query::parse(Some("n=1&&last=a%26b&n=2&flag"));
        assert_eq!(query.get("n"), Some("1"));
        assert_eq!(query.get("last"), Some("a&b"));
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("from"), None);
        assert_eq!(query.all("n").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(Query::form("scope=a+b%2Bc").get("scope"), Some("a b+c"));
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in "\\PC*", other in "\\PC*") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            assert_eq!(decode(&encoded), text);
            let query = format!("{encoded}=1&{other}");
            assert_eq!(Query::parse(Some(&query)).get(&text), Some("1"));
            Query::form(&other);
        }
    }
}
