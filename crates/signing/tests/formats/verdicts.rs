//! The verdict on every odd document, so that it does not change by accident.

use lockage_signing::PublicKey;
use lockage_signing::format::{Bundle, Envelope, FormatError, SimpleSigning, Statement, names};

const HEX: &str = "1a8dd33d465d97146d8387955fda87158391201eb0e7f24e70cd94c7cd82e62e";

/// `Some` with part of the error where the document is refused.
type Verdict = Option<&'static str>;

fn check<T>(parse: fn(&[u8]) -> Result<T, FormatError>, table: &[(&str, Vec<u8>, Verdict)]) {
    let wrong: Vec<_> = table
        .iter()
        .filter_map(|(name, document, expected)| match (parse(document), expected) {
            (Ok(_), None) => None,
            (Err(error), Some(part)) if error.to_string().contains(part) => None,
            (read, expected) => {
                Some(format!("{name}: {:?}, expected {expected:?}", read.map(drop).map_err(|e| e.to_string())))
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A document that is right but for what was replaced in it.
fn with(document: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(document.contains(from), "{from}");
    document.replacen(from, to, 1).into_bytes()
}

fn payload() -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"r.test/a"}},"image":{{"docker-manifest-digest":"sha256:{HEX}"}},"type":"cosign container image signature"}},"optional":{{"env":"prod"}}}}"#
    )
}

#[test]
fn a_payload() {
    let good = payload();
    let with = |from: &str, to: &str| with(&good, from, to);
    let nested = |depth: usize| with(r#""prod""#, &format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
    check(
        SimpleSigning::parse,
        &[
            ("as it is", good.clone().into(), None),
            ("space around", format!(" \r\n\t{good}\n").into(), None),
            ("optional null", with(r#"{"env":"prod"}"#, "null"), None),
            ("optional missing", with(r#","optional":{"env":"prod"}"#, ""), None),
            ("optional a list", with(r#"{"env":"prod"}"#, "[]"), Some("invalid type: sequence")),
            ("optional a string", with(r#"{"env":"prod"}"#, r#""""#), Some("invalid type: string")),
            ("names of claims in two cases", with(r#""env":"prod""#, r#""env":"prod","ENV":"dev""#), None),
            ("claims of every type", with(r#""prod""#, r#"[null,true,1,-1.5e3,{"a":"b"}]"#), None),
            ("duplicate claim", with(r#""env":"prod""#, r#""env":"prod","env":"dev""#), Some("twice")),
            ("duplicate claim, escaped", with(r#""env":"prod""#, r#""env":"prod","\u0065nv":"dev""#), Some("twice")),
            ("duplicate deep in a claim", with(r#""prod""#, r#"[[{"a":1,"b":[],"a":1}]]"#), Some("twice")),
            ("duplicate critical", with("}}", "},\"critical\":null}"), Some("twice")),
            ("duplicate digest", with(r#""image":{"#, r#""image":{"docker-manifest-digest":"","#), Some("twice")),
            ("other case beside", with(r#","optional""#, r#","CRITICAL":{},"optional""#), Some("taken for")),
            ("long s beside", with(r#","optional""#, ",\"optıonal\":1,\"optional\""), Some("unknown field")),
            ("other case instead", with(r#""critical""#, r#""Critical""#), Some("taken for")),
            ("other case of a claim's field", with(r#""optional""#, r#""Optional""#), Some("taken for")),
            ("other case deeper", with(r#""docker-reference""#, r#""Docker-Reference""#), Some("unknown field")),
            ("unknown field", with(r#","optional""#, r#","more":1,"optional""#), Some("unknown field")),
            ("unknown critical field", with(r#""type""#, r#""more":1,"type""#), Some("unknown field")),
            ("missing critical", br#"{"optional":null}"#.to_vec(), Some("missing field `critical`")),
            ("missing type", with(r#","type":"cosign container image signature""#, ""), Some("missing field `type`")),
            ("missing reference", with(r#""docker-reference":"r.test/a""#, ""), Some("missing field `docker-ref")),
            ("empty reference", with("r.test/a", ""), None),
            ("other type", with("cosign container", "atomic container"), Some("its type is")),
            ("type in other case", with("cosign container", "Cosign container"), Some("its type is")),
            ("type null", with(r#""cosign container image signature""#, "null"), Some("invalid type: null")),
            (
                "critical a list",
                with(r#"{"identity":{"docker-reference":"r.test/a"}"#, r#"{"identity":["r.test/a"]"#),
                Some("expected an object"),
            ),
            ("digest of no algorithm", with("sha256:", ""), Some("signature payload")),
            ("digest in upper case", with("1a8dd33d", "1A8DD33D"), Some("signature payload")),
            ("digest too short", with("82e62e", "82e6"), Some("signature payload")),
            (
                "digest of SHA-1",
                with(&format!("sha256:{HEX}"), "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"),
                Some("signature payload"),
            ),
            ("empty", Vec::new(), Some("not a JSON object")),
            ("a list", format!("[{good}]").into(), Some("not a JSON object")),
            ("trailing bytes", format!("{good}x").into(), Some("trailing characters")),
            ("trailing document", format!("{good}{good}").into(), Some("trailing characters")),
            ("trailing NUL", format!("{good}\0").into(), Some("trailing characters")),
            ("cut off", good.as_bytes()[..good.len() - 1].to_vec(), Some("EOF")),
            ("byte order mark", format!("\u{feff}{good}").into(), Some("not a JSON object")),
            ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect(), Some("key must be a string")),
            ("not UTF-8", [good.as_bytes(), b"\xff"].concat(), Some("invalid utf-8")),
            ("not UTF-8 within", [&good.as_bytes()[..30], b"\xc0\xaf", &good.as_bytes()[30..]].concat(), Some("utf-8")),
            ("comment", with("{", "{/**/"), Some("key must be a string")),
            ("trailing comma", with("}}", "},}"), Some("key must be a string")),
            ("control character", with("prod", "pr\nod"), Some("control character")),
            ("half a surrogate pair", with("prod", r"\ud800"), Some("no Unicode")),
            ("the other half", with("prod", r"\udc00"), Some("no Unicode")),
            ("half a pair in a name", with("env", r"\ud83e"), Some("no Unicode")),
            ("a whole pair", with("prod", r"\ud83e\udd80"), None),
            ("nested enough", nested(120), None),
            ("nested too deep", nested(127), Some("nested deeper")),
            ("nested far too deep", nested(200_000), Some("nested deeper")),
            ("integer too large", with(r#""prod""#, "18446744073709551616"), Some("would be read as")),
            (
                "integer too large, deeper",
                with(r#""prod""#, r#"[{"a":-9223372036854775809}]"#),
                Some("would be read as"),
            ),
            ("large integer", with(r#""prod""#, "18446744073709551615"), None),
            ("too many places", with(r#""prod""#, "0.10000000000000000001"), Some("would be read as")),
            ("out of range", with(r#""prod""#, "1e999"), Some("out of range")),
            ("not a number", with(r#""prod""#, "NaN"), Some("expected")),
            ("leading zero", with(r#""prod""#, "01"), Some("invalid number")),
            (
                "what serde_json unwraps",
                with(r#""prod""#, r#"{"$serde_json::private::RawValue":"\"prod\""}"#),
                Some("not for documents"),
            ),
            (
                "the same for numbers",
                with(r#""prod""#, r#"{"$serde_json::private::Number":"1"}"#),
                Some("not for documents"),
            ),
        ],
    );
}

#[test]
fn an_envelope() {
    let good =
        r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"","sig":"AAE="}]}"#;
    let with = |from: &str, to: &str| with(good, from, to);
    check(
        Envelope::parse,
        &[
            ("as it is", good.into(), None),
            ("no key ID", with(r#""keyid":"","#, ""), None),
            ("key ID null", with(r#""keyid":"""#, r#""keyid":null"#), None),
            ("key ID a number", with(r#""keyid":"""#, r#""keyid":1"#), Some("invalid type")),
            ("unknown field", with(r#""payload":"#, r#""more":[],"payload":"#), None),
            ("unknown field of the signature", with(r#""keyid""#, r#""cert":"","keyid""#), None),
            ("other payload type, which is signed", with(names::IN_TOTO, "text/plain"), None),
            (
                "payload type missing",
                with(r#""payloadType":"application/vnd.in-toto+json","#, ""),
                Some("missing field"),
            ),
            ("no signature", with(r#"{"keyid":"","sig":"AAE="}"#, ""), Some("0 signatures")),
            ("two signatures", with("}]", r#"},{"sig":"AAE="}]"#), Some("2 signatures")),
            ("signatures null", with(r#"[{"keyid":"","sig":"AAE="}]"#, "null"), Some("invalid type")),
            ("signature a list", with(r#"{"keyid":"","sig":"AAE="}"#, r#"["","AAE="]"#), Some("expected an object")),
            ("signatures twice", with(r#""payload":"#, r#""signatures":[],"payload":"#), Some("twice")),
            ("other case beside", with(r#""payload":"#, r#""Payload":"W10=","payload":"#), Some("taken for")),
            ("other case of the signature's field", with(r#""sig""#, r#""SIG":"","sig""#), Some("taken for")),
            ("long s", with(r#""sig""#, "\"\u{17f}ig\":\"\",\"sig\""), Some("taken for")),
            ("Kelvin sign", with(r#""keyid""#, "\"\u{212a}eyid\""), Some("taken for")),
            ("base64 without padding", with("AAE=", "AAE"), Some("base64")),
            ("base64 with more padding", with("AAE=", "AAE=="), Some("base64")),
            ("base64 with stray bits", with("AAE=", "AAF="), Some("base64")),
            ("base64 with a line feed", with("AAE=", r"AA\nE="), Some("base64")),
            ("base64 with a space", with("AAE=", " AAE="), Some("base64")),
            ("URL-safe base64", with("AAE=", "_-8="), Some("base64")),
            ("the same in standard base64", with("AAE=", "/+8="), None),
            ("payload's base64 with stray bits", with("e30=", "e31="), Some("base64")),
            ("empty payload", with("e30=", ""), None),
            ("trailing bytes", format!("{good}]").into(), Some("trailing")),
        ],
    );
    let other = Envelope::new("application/json", br#"{}"#.to_vec(), vec![0]).statement().unwrap_err();
    assert!(other.to_string().contains(r#"of the type "application/json""#), "{other}");
}

#[test]
fn a_statement() {
    let good = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{{"sha256":"{HEX}"}}}}],"predicateType":"https://p.test/v1","predicate":{{}}}}"#
    );
    let with = |from: &str, to: &str| with(&good, from, to);
    let subject = format!(r#"{{"name":"a","digest":{{"sha256":"{HEX}"}}}}"#);
    let many = |many: usize| with(&subject, &vec![subject.as_str(); many].join(","));
    check(
        Statement::parse,
        &[
            ("as it is", good.clone().into(), None),
            ("version 0.1", with("Statement/v1", "Statement/v0.1"), None),
            ("version 2", with("Statement/v1", "Statement/v2"), Some("unknown type")),
            ("no type", with(r#""_type":"https://in-toto.io/Statement/v1","#, ""), Some("missing field `_type`")),
            ("unknown field", with(r#""subject""#, r#""more":{},"subject""#), None),
            ("other fields of a subject", with(r#""name""#, r#""uri":"u","mediaType":"m","name""#), None),
            ("no subject", with(&subject, ""), Some("no subject")),
            ("subject missing", with(&format!(r#""subject":[{subject}],"#), ""), Some("missing field `subject`")),
            ("subject null", with(&format!("[{subject}]"), "null"), Some("invalid type")),
            ("subject an object", with(&format!("[{subject}]"), &subject), Some("invalid type")),
            (
                "subject a list",
                with(&subject, &format!(r#"["a",{{"sha256":"{HEX}"}},{{}}]"#)),
                Some("expected an object"),
            ),
            ("no digest", with(&format!(r#""sha256":"{HEX}""#), ""), Some("no digest")),
            ("digest null", with(&format!(r#"{{"sha256":"{HEX}"}}"#), "null"), Some("no digest")),
            ("digest of another algorithm", with("sha256", "gitCommit"), None),
            ("digest twice", with(r#""sha256":"#, r#""sha256":"","sha256":"#), Some("twice")),
            ("one of two without a digest", with(&subject, &format!(r#"{subject},{{"name":"b"}}"#)), Some("no digest")),
            ("1,024 subjects", many(1024), None),
            ("1,025 subjects", many(1025), Some("1025 subjects")),
            ("annotations null", with(r#""name""#, r#""annotations":null,"name""#), None),
            (
                "number in annotations too large",
                with(r#""name""#, r#""annotations":{"n":18446744073709551616},"name""#),
                Some("would be read as"),
            ),
            ("number in the predicate too large", with(r#""predicate":{}"#, r#""predicate":{"n":1e999}"#), None),
            ("other case beside", with(r#""predicate":"#, r#""Predicate":{},"predicate":"#), Some("taken for")),
            ("other case of a subject's field", with(r#""name""#, r#""Digest":{},"name""#), Some("taken for")),
            ("other case within the predicate", with(r#""predicate":{}"#, r#""predicate":{"a":1,"A":2}"#), None),
            (
                "duplicate within the predicate",
                with(r#""predicate":{}"#, r#""predicate":[{"a":1,"a":1}]"#),
                Some("twice"),
            ),
            (
                "half a surrogate pair within it",
                with(r#""predicate":{}"#, r#""predicate":"\udfff""#),
                Some("no Unicode"),
            ),
            (
                "predicate nested too deep",
                with("{}}", &format!("{}{}}}", "[".repeat(128), "]".repeat(128))),
                Some("nested deeper"),
            ),
            (
                "predicate a string, as cosign's of SPDX",
                with(r#""predicate":{}"#, r#""predicate":"SPDXVersion: SPDX-2.3""#),
                None,
            ),
            ("predicate null", with(r#""predicate":{}"#, r#""predicate":null"#), None),
            ("no predicate", with(r#","predicate":{}"#, ""), Some("missing field `predicate`")),
            ("predicate type empty", with("https://p.test/v1", ""), Some("is no URI")),
            ("predicate type a short name", with("https://p.test/v1", "slsaprovenance"), Some("is no URI")),
            ("predicate type with a space", with("https://p.test/v1", "https://p.test/v1 "), Some("is no URI")),
            (
                "predicate type twice",
                with(r#""predicate":"#, r#""predicateType":"https://q.test","predicate":"#),
                Some("twice"),
            ),
            ("a list", b"[]".to_vec(), Some("not a JSON object")),
            ("trailing bytes", format!("{good}{{").into(), Some("trailing")),
            ("byte order mark", format!("\u{feff}{good}").into(), Some("not a JSON object")),
        ],
    );
}

#[test]
fn a_subject_is_about_nothing_but_its_own_digest() {
    let image = format!("sha256:{HEX}").parse().unwrap();
    for (digest, about) in [
        (format!(r#"{{"sha256":"{HEX}"}}"#), true),
        (format!(r#"{{"sha256":"{}"}}"#, HEX.to_uppercase()), false),
        (format!(r#"{{"SHA256":"{HEX}"}}"#), false),
        (format!(r#"{{"sha512":"{HEX}"}}"#), false),
        (format!(r#"{{"sha256":"sha256:{HEX}"}}"#), false),
        (format!(r#"{{"sha256":"{}"}}"#, &HEX[..63]), false),
        (r#"{"sha256":""}"#.to_owned(), false),
    ] {
        let text = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{digest}}}],"predicateType":"https://p.test/v1","predicate":{{}}}}"#
        );
        assert_eq!(Statement::parse(text.as_bytes()).unwrap().about(&image).is_some(), about, "{digest}");
    }
}

#[test]
fn a_bundle() {
    let envelope = r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAE="}]}"#;
    let key = r#""publicKey":{"hint":"aGk="}"#;
    let good =
        format!(r#"{{"mediaType":"{}","verificationMaterial":{{{key}}},"dsseEnvelope":{envelope}}}"#, names::BUNDLE);
    let with = |from: &str, to: &str| with(&good, from, to);
    let spelled = |media_type: &str| with(names::BUNDLE, media_type);
    let message = r#""messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAE="},"signature":"AAE="}"#;
    let chain = r#""x509CertificateChain":{"certificates":[{"rawBytes":"AAE="},{"rawBytes":"AAI="}]}"#;
    let older = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    let entries = |many: usize| with(key, &format!(r#"{key},"tlogEntries":[{}]"#, vec!["{}"; many].join(",")));
    let stamps = |many: usize| {
        let stamps = vec!["{}"; many].join(",");
        with(key, &format!(r#"{key},"timestampVerificationData":{{"rfc3161Timestamps":[{stamps}]}}"#))
    };
    let both = |media_type: &str, material: &str| good.replace(names::BUNDLE, media_type).replace(key, material).into();
    check(
        Bundle::parse,
        &[
            ("as it is", good.clone().into(), None),
            ("version 0.3, old spelling", spelled("application/vnd.dev.sigstore.bundle+json;version=0.3"), None),
            ("version 0.2", spelled(older), None),
            ("version 0.1", spelled("application/vnd.dev.sigstore.bundle+json;version=0.1"), None),
            ("version 0.2, new spelling", spelled("application/vnd.dev.sigstore.bundle.v0.2+json"), Some("media type")),
            ("version 0.1, new spelling", spelled("application/vnd.dev.sigstore.bundle.v0.1+json"), Some("media type")),
            ("version 0.4", spelled("application/vnd.dev.sigstore.bundle.v0.4+json"), Some("media type")),
            ("no version", spelled("application/vnd.dev.sigstore.bundle+json"), Some("media type")),
            ("media type in other case", spelled("application/vnd.dev.Sigstore.bundle.v0.3+json"), Some("media type")),
            (
                "media type with a space",
                spelled("application/vnd.dev.sigstore.bundle+json; version=0.2"),
                Some("media"),
            ),
            ("media type missing", with(&format!(r#""mediaType":"{}","#, names::BUNDLE), ""), Some("missing field")),
            ("no hint", with(r#""hint":"aGk=""#, ""), None),
            ("hint null", with(r#""aGk=""#, "null"), None),
            ("a certificate", with(key, r#""certificate":{"rawBytes":"AAE="}"#), None),
            ("a certificate, URL-safe", with(key, r#""certificate":{"rawBytes":"_-8="}"#), Some("base64")),
            ("a chain in version 0.3", with(key, chain), Some("chain")),
            ("a chain in version 0.2", both(older, chain), None),
            ("an empty chain", both(older, r#""x509CertificateChain":{"certificates":[]}"#), Some("one of them")),
            ("two materials", with(key, &format!(r#"{key},"certificate":{{"rawBytes":"AAE="}}"#)), Some("one of them")),
            ("no material", with(key, ""), Some("one of them")),
            ("material null", with(r#"{"hint":"aGk="}"#, "null"), Some("one of them")),
            ("material missing", with(&format!(r#""verificationMaterial":{{{key}}},"#), ""), Some("missing field")),
            ("material a list", with(&format!("{{{key}}}"), r#"[{"hint":""}]"#), Some("expected an object")),
            ("a message", with(&format!(r#""dsseEnvelope":{envelope}"#), message), None),
            (
                "a message without a digest",
                with(&format!(r#""dsseEnvelope":{envelope}"#), r#""messageSignature":{"signature":"AAE="}"#),
                None,
            ),
            ("two contents", with(r#""dsseEnvelope""#, &format!(r#"{message},"dsseEnvelope""#)), Some("one of them")),
            ("one content null", with(r#""dsseEnvelope""#, r#""messageSignature":null,"dsseEnvelope""#), None),
            ("no content", with(&format!(r#","dsseEnvelope":{envelope}"#), ""), Some("one of them")),
            (
                "an envelope of two signatures",
                with(r#"[{"sig":"AAE="}]"#, r#"[{"sig":"AAE="},{"sig":"AAE="}]"#),
                Some("2 signatures"),
            ),
            ("an envelope of none", with(r#"[{"sig":"AAE="}]"#, "[]"), Some("0 signatures")),
            ("32 entries", entries(32), None),
            ("33 entries", entries(33), Some("33 log entries")),
            ("entries null", with(key, &format!(r#"{key},"tlogEntries":null"#)), None),
            ("32 timestamps", stamps(32), None),
            ("33 timestamps", stamps(33), Some("33 timestamps")),
            (
                "duplicate within an entry",
                with(key, &format!(r#"{key},"tlogEntries":[{{"logIndex":"1","logIndex":"2"}}]"#)),
                Some("twice"),
            ),
            ("unknown field", with(r#""dsseEnvelope""#, r#""more":1,"dsseEnvelope""#), Some("unknown field")),
            (
                "snake case beside",
                with(r#""dsseEnvelope""#, r#""message_signature":{},"dsseEnvelope""#),
                Some("unknown field"),
            ),
            ("unknown field of the material", with(key, &format!(r#"{key},"tlog_entries":[]"#)), Some("unknown field")),
            ("other case beside", with(r#""dsseEnvelope""#, r#""DsseEnvelope":{},"dsseEnvelope""#), Some("taken for")),
            ("other case within the envelope", with(r#""payload""#, r#""PAYLOAD":"","payload""#), Some("taken for")),
            ("duplicate", with(r#""dsseEnvelope""#, r#""mediaType":"","dsseEnvelope""#), Some("twice")),
            ("trailing bytes", format!("{good}0").into(), Some("trailing")),
            ("byte order mark", format!("\u{feff}{good}").into(), Some("not a JSON object")),
        ],
    );
}

#[test]
fn a_public_key() {
    let good = include_str!("golden/key.pub");
    let label = |label: &str| good.replace("PUBLIC KEY", label).into_bytes();
    let oversized = format!(
        "-----BEGIN PUBLIC KEY-----\n{}-----END PUBLIC KEY-----\n",
        format!("{}\n", "A".repeat(64)).repeat(400)
    );
    check(
        |bytes| PublicKey::from_pem(str::from_utf8(bytes).unwrap()),
        &[
            ("as it is", good.into(), None),
            ("lines that end as on Windows", good.replace('\n', "\r\n").into(), None),
            ("no last line feed", good.trim_end().into(), None),
            ("space around", format!("\n\n{good}\n \n").into(), None),
            ("text in front", format!("key of the release team\n{good}").into(), None),
            ("two keys", format!("{good}{good}").into(), Some("more than one PEM")),
            ("text behind", format!("{good}more").into(), Some("no PEM document")),
            ("a private key", label("PRIVATE KEY"), Some("labelled \"PRIVATE KEY\"")),
            ("an encrypted private key", label("ENCRYPTED SIGSTORE PRIVATE KEY"), Some("labelled")),
            ("a certificate", label("CERTIFICATE"), Some("labelled")),
            ("an RSA key that is not SubjectPublicKeyInfo", label("RSA PUBLIC KEY"), Some("labelled")),
            ("labels that differ", good.replacen("PUBLIC KEY", "CERTIFICATE", 1).into(), Some("public key")),
            (
                "headers",
                good.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1).into(),
                Some("no PEM document"),
            ),
            ("empty", Vec::new(), Some("no PEM document")),
            ("no base64", good.replacen("MFkw", "M*kw", 1).into(), Some("no PEM document")),
            ("another length", good.replacen("MFkw", "MFow", 1).into(), Some("not one DER sequence")),
            ("no sequence", good.replacen("MFkw", "BFkw", 1).into(), Some("not one DER sequence")),
            ("too long", oversized.into(), Some("longer than a key")),
        ],
    );
}

#[test]
fn errors_stay_on_one_line_and_short() {
    let text = format!(r#"{{"mediaType":"{}\n\u001b[31m\u2028","verificationMaterial":{{}}}}"#, "x".repeat(5000));
    let error = Bundle::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(error.chars().count() < 400 && error.ends_with('…'), "{error}");
    let error = Bundle::parse(text.replace(&"x".repeat(5000), "x").as_bytes()).unwrap_err().to_string();
    assert!(!error.contains(['\n', '\u{1b}', '\u{2028}']), "{error:?}");
}
