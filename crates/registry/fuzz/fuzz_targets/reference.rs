//! Names: what is read prints as what reads the same, and what is refused is said on one line without a password.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use lockage_tagging::{Digest, DigestTag, Host, NameError, Reference, Repository, Tag};

fuzz_target!(|text: &str| {
    if let Some(reference) = told::<Reference>(text) {
        assert_eq!(reference.familiar().parse().as_ref(), Ok(&reference), "{text}");
        let repository = reference.repository();
        assert_eq!(Repository::new(repository.host().clone(), repository.path()).as_ref(), Ok(repository), "{text}");
        assert!(repository.path().len() <= 255 && !repository.path().contains("//"), "{text}");
        assert!(repository.path().split('/').all(|part| !matches!(part, "" | "." | "..")), "{text}");
    }
    if let Some(repository) = told::<Repository>(text) {
        assert_eq!(repository.familiar().parse().as_ref(), Ok(&repository), "{text}");
        // A repository is a reference without tag and digest.
        assert_eq!(text.parse::<Reference>().map(|r| r.repository().clone()).as_ref(), Ok(&repository), "{text}");
    }
    if let Some(host) = told::<Host>(text) {
        assert!(host.port() != Some(0) && !host.name().is_empty(), "{text}");
        assert!(host.as_str().contains(host.name()), "{text}");
        let _ = host.is_loopback();
        let _ = Repository::new(host, "a");
    }
    if let Some(tag) = told::<Tag>(text) {
        assert!(tag.as_str() == text && text.len() <= 128);
        if let Some(about) = DigestTag::parse(&tag) {
            assert_eq!(about.to_tag(), tag);
            assert!(about.digest().is_none_or(|digest| about.matches(&digest)));
        }
    }
    if let Some(digest) = told::<Digest>(text) {
        assert_eq!((digest.as_str(), digest.hex().len()), (text, digest.algorithm().hex_len()));
        assert_eq!(digest.short().len(), 12);
        for kind in lockage_tagging_kinds() {
            assert!(DigestTag::new(&digest, kind).matches(&digest));
        }
    }
    told::<DigestTag>(text);
    hides(text);
});

fn lockage_tagging_kinds() -> [lockage_tagging::DigestTagKind; 2] {
    [lockage_tagging::DigestTagKind::Referrers, lockage_tagging::DigestTagKind::Signature]
}

fn told<T: FromStr<Err = NameError> + Display + Debug + PartialEq>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(value) => {
            let printed = value.to_string();
            assert_eq!(printed.parse::<T>().as_ref(), Ok(&value), "{text}");
            Some(value)
        }
        Err(error) => {
            let said = format!("{error} {}", error.remedy().unwrap_or_default());
            assert!(!said.contains(char::is_control) && !said.contains(['\u{2028}', '\u{202e}']), "{said:?}");
            assert!(said.len() < 4000, "{} bytes", said.len());
            None
        }
    }
}

/// The password of a URL.
fn hides(text: &str) {
    const SECRET: &str = "S3CR3T-w0rd";
    if text.contains(SECRET) || text.contains(['/', '@', ':']) {
        return;
    }
    let url = format!("https://user{text}:{SECRET}{text}@registry.example/a");
    let error = url.parse::<Reference>().unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
}

// What it begins with, a line each (the escapes are those of printf).
//~ alpine:3.20
//~ localhost:5000/app:1.2
//~ [::1]:5000/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//~ https://ghcr.io/acme/app
//~ sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.sig
//~ index.docker.io/library/a__b-c.d
