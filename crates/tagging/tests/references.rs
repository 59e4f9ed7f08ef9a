//! Tables of good and bad references, by the rules of container engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{Host, NameProblem, Reference, Repository};

const HEX: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f70812b2e9270c1f5b3a4d6e7f809";

/// Each row: what is written, its canonical form, its familiar form.
#[test]
fn good_references() {
    let digest = format!("sha256:{HEX}");
    let rows = [
        // A name without a host belongs to docker.io, and there into library/.
        ("alpine", "docker.io/library/alpine", "alpine"),
        ("alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"),
        ("library/alpine", "docker.io/library/alpine", "alpine"),
        ("acme/app", "docker.io/acme/app", "acme/app"),
        ("acme/team/app", "docker.io/acme/team/app", "acme/team/app"),
        ("docker.io/alpine", "docker.io/library/alpine", "alpine"),
        ("docker.io/acme/app", "docker.io/acme/app", "acme/app"),
        ("index.docker.io/alpine", "docker.io/library/alpine", "alpine"),
        ("index.docker.io/acme/app", "docker.io/acme/app", "acme/app"),
        ("Docker.IO/alpine", "docker.io/library/alpine", "alpine"),
        ("library/a/b", "docker.io/library/a/b", "library/a/b"),
        // A dot, a colon or localhost make a host.
        ("ghcr.io/acme/app", "ghcr.io/acme/app", "ghcr.io/acme/app"),
        ("ghcr.io/app", "ghcr.io/app", "ghcr.io/app"),
        ("GHCR.io/app:V1", "ghcr.io/app:V1", "ghcr.io/app:V1"),
        ("localhost/app", "localhost/app", "localhost/app"),
        ("LocalHost/app", "localhost/app", "localhost/app"),
        ("localhost:5000/app:tag", "localhost:5000/app:tag", "localhost:5000/app:tag"),
        ("app:5000/x", "app:5000/x", "app:5000/x"),
        ("app:05000/x", "app:5000/x", "app:5000/x"),
        ("127.0.0.1:5000/app", "127.0.0.1:5000/app", "127.0.0.1:5000/app"),
        ("[::1]/app", "[::1]/app", "[::1]/app"),
        ("[::1]:5000/app:1", "[::1]:5000/app:1", "[::1]:5000/app:1"),
        ("[FE80::1]:5000/app", "[fe80::1]:5000/app", "[fe80::1]:5000/app"),
        ("docker.io:443/app", "docker.io:443/app", "docker.io:443/app"),
        // Without a slash there is no host, so this is a tag.
        ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
        ("ghcr.io", "docker.io/library/ghcr.io", "ghcr.io"),
        // A path on docker.io that would read as a host keeps its host.
        ("docker.io/ghcr.io/app", "docker.io/ghcr.io/app", "docker.io/ghcr.io/app"),
        ("docker.io/localhost/app", "docker.io/localhost/app", "docker.io/localhost/app"),
        // Separators inside of a component.
        ("a.b_c__d-e---f", "docker.io/library/a.b_c__d-e---f", "a.b_c__d-e---f"),
        ("0/1", "docker.io/0/1", "0/1"),
    ];
    for (written, canonical, familiar) in rows {
        for suffix in ["", &format!("@{digest}")] {
            let reference: Reference = format!("{written}{suffix}").parse().unwrap();
            assert_eq!(reference.to_string(), format!("{canonical}{suffix}"), "{written}");
            assert_eq!(reference.familiar(), format!("{familiar}{suffix}"), "{written}");
            assert_eq!(reference.digest().is_some(), !suffix.is_empty());
        }
    }
}

/// Each row: what is written, the message, the remedy.
#[test]
fn bad_references() {
    let hex_tag = format!("{HEX}:1");
    let hex_tag_message = format!(
        r#"reference "{hex_tag}": repository "{HEX}": 64 hexadecimal digits read as an image's identifier, not as a name"#
    );
    let newline = format!("app@sha256:{HEX}\n");
    let newline_message = format!(r#"reference "app@sha256:{HEX}\n": '\n' at byte 75 is not allowed"#);
    let rows = [
        ("", r#"reference "": it is empty"#, None),
        (
            "https://ghcr.io/acme/app",
            r#"reference "https://ghcr.io/acme/app": it starts with a scheme, "https://""#,
            Some("leave the scheme out: ghcr.io/acme/app"),
        ),
        (
            "docker://alpine:3.20",
            r#"reference "docker://alpine:3.20": it starts with a scheme, "docker://""#,
            Some("leave the scheme out: alpine:3.20"),
        ),
        (
            "https://bot:hunter2@ghcr.io/app",
            r#"reference "https://ghcr.io/app": it starts with a scheme, "https://""#,
            Some("leave the scheme out: ghcr.io/app"),
        ),
        ("https://", r#"reference "https://": it starts with a scheme, "https://""#, Some("leave the scheme out")),
        (" app", r#"reference " app": ' ' at byte 0 is not allowed"#, Some("remove the white space")),
        (&newline, &newline_message, Some("remove the white space")),
        ("app:", r#"reference "app:": nothing follows the ':'"#, Some("write a tag after the ':' or leave it out")),
        ("app@", r#"reference "app@": nothing follows the '@'"#, Some("write a digest after the '@' or leave it out")),
        (":tag", r#"reference ":tag": repository "": it is empty"#, None),
        (
            "app:tag@sha256:short",
            r#"reference "app:tag@sha256:short": digest "sha256:short": sha256 takes 64 hexadecimal digits, found 5 characters"#,
            Some("copy the whole digest"),
        ),
        (
            "app@md5:d41d8cd98f00b204e9800998ecf8427e",
            r#"reference "app@md5:d41d8cd98f00b204e9800998ecf8427e": digest "md5:d41d8cd98f00b204e9800998ecf8427e": the algorithm "md5" is not supported"#,
            Some("use sha256 or sha512"),
        ),
        (
            "app@latest",
            r#"reference "app@latest": digest "latest": it is not of the form algorithm:hex"#,
            Some("write sha256: before the hexadecimal digits"),
        ),
        (
            "app:-1",
            r#"reference "app:-1": tag "-1": it cannot start with '-'"#,
            Some("use letters, digits, '_', '.' and '-', and start with a letter, a digit or '_'"),
        ),
        (
            "ghcr.io/Acme/App:1",
            r#"reference "ghcr.io/Acme/App:1": repository "ghcr.io/Acme/App": repository names are lower case"#,
            Some("try ghcr.io/acme/app"),
        ),
        // Engines read an upper-case first component as a host, which is never what was meant.
        ("Acme/app", r#"repository "Acme/app": repository names are lower case"#, Some("try acme/app")),
        ("Alpine", r#"repository "Alpine": repository names are lower case"#, Some("try alpine")),
        (
            HEX,
            &format!(r#"repository "{HEX}": 64 hexadecimal digits read as an image's identifier, not as a name"#),
            Some("write library/<name> for a repository, name@sha256:<hex> for a digest"),
        ),
        (&hex_tag, &hex_tag_message, Some("write library/<name> for a repository, name@sha256:<hex> for a digest")),
        (
            "a!b",
            r#"repository "a!b": '!' at byte 1 is not allowed"#,
            Some("use components of lower-case letters and digits, joined inside by '.', '_', '__' or '-'"),
        ),
        (
            "ghcr.io/a!b",
            r#"repository "ghcr.io/a!b": '!' at byte 9 is not allowed"#,
            Some("use components of lower-case letters and digits, joined inside by '.', '_', '__' or '-'"),
        ),
        (
            "a..b",
            r#"repository "a..b": the component "a..b" is malformed"#,
            Some("use components of lower-case letters and digits, joined inside by '.', '_', '__' or '-'"),
        ),
        ("ghcr.io/", r#"repository "ghcr.io/": nothing follows the '/'"#, Some("write a path after the host")),
        ("app:0/x", r#"reference "app:0/x": host "app:0": the port "0" is not a number from 1 to 65535"#, None),
        ("[::g]/x", r#"reference "[::g]/x": host "[::g]": "[::g]" is not an IPv6 address in brackets"#, None),
        (
            "-a.io/x",
            r#"reference "-a.io/x": host "-a.io": the component "-a" is malformed"#,
            Some("use letters, digits and inner '-', joined by single dots"),
        ),
    ];
    for (written, message, remedy) in rows {
        let error = written.parse::<Reference>().unwrap_err();
        assert_eq!(error.to_string(), message, "{written:?}");
        assert_eq!(error.remedy(), remedy, "{written:?}");
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    for userinfo in ["bot:hunter2", "bot:hunter@hunter2", "hunter2"] {
        for rest in ["ghcr.io/acme/app", "ghcr.io", "ghcr.io/acme/app@sha256:short"] {
            let written = format!("https://{userinfo}@{rest}");
            let error = written.parse::<Reference>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error}");
            assert!(error.to_string().contains(rest), "{error}");
        }
    }
    // What looks like a user before a digest is the name of an image.
    let error = format!("https://alpine@sha256:{HEX}").parse::<Reference>().unwrap_err();
    let remedy = format!("leave the scheme out: alpine@sha256:{HEX}");
    assert_eq!(error.remedy(), Some(remedy.as_str()));
}

#[test]
fn what_else_is_refused() {
    for written in [
        "/app",
        "app/",
        "a//b",
        "-app",
        "app-",
        "a._b",
        "a___b",
        "a/.b",
        "é",
        "app:é",
        "app:a b",
        "app@@",
        "a@b@c",
        "app:1:2",
        "[::1]",
        "[::1/app",
        "::1/app",
        "[::1]5000/app",
        "app:65536/x",
        "app:+80/x",
        "app:/x",
        "a_b.io/x",
        "a..io/x",
        ".io/x",
        "a.io./x",
        "[::ffff:10.0.0.1]/x",
        "[fe80::1%eth0]/x",
        "a\0b",
        "a\u{202e}b",
    ] {
        assert!(written.parse::<Reference>().is_err(), "{written:?}");
    }
}

#[test]
fn the_length_of_a_path_is_bounded() {
    let bound = |path: &str| path.parse::<Reference>().map_err(|error| error.problem().clone());
    assert!(bound(&format!("ghcr.io/{}", "a".repeat(255))).is_ok());
    let too_long = |length| Err(NameProblem::TooLong { length, limit: 255 });
    assert_eq!(bound(&format!("ghcr.io/{}", "a".repeat(256))), too_long(256));
    // library/ counts, because the registry gets to see it.
    assert!(bound(&"a".repeat(247)).is_ok());
    assert_eq!(bound(&"a".repeat(248)), too_long(256));
}

#[test]
fn a_message_stays_one_short_line() {
    for written in ["a".repeat(1 << 20), "\n".repeat(1 << 20), "://".repeat(1 << 20), "[".repeat(1 << 20)] {
        let message = written.parse::<Reference>().unwrap_err().to_string();
        assert!(message.len() < 400 && !message.contains('\n'), "{message}");
    }
}

#[test]
fn repositories_put_together_equal_those_read() {
    let hub = Host::docker_hub();
    assert_eq!(Repository::new(hub.clone(), "alpine"), "alpine".parse());
    assert_eq!(Repository::new(hub.clone(), "acme/app"), "acme/app".parse());
    // An identifier is mistakable only where it stands alone.
    let identifier = Repository::new(hub, HEX).unwrap();
    assert_eq!(identifier.familiar(), format!("library/{HEX}"));
    assert_eq!(identifier.familiar().parse(), Ok(identifier));
}

#[test]
fn a_host_that_would_read_as_a_path_is_refused() {
    let error = Repository::new("registry".parse().unwrap(), "app").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"repository "registry/app": the host "registry" has neither a dot nor a port, it would be read as part of a path on docker.io"#
    );
    assert_eq!(error.remedy(), Some("write the host's full name or its port"));
    assert!(Repository::new("registry:443".parse().unwrap(), "app").is_ok());
}

#[test]
fn tag_and_digest_come_and_go() {
    let digest = format!("sha256:{HEX}");
    let reference: Reference = "alpine".parse().unwrap();
    assert_eq!((reference.tag(), reference.digest()), (None, None));
    let full = reference.clone().with_tag("3.20".parse().unwrap()).with_digest(digest.parse().unwrap());
    assert_eq!(full.to_string(), format!("docker.io/library/alpine:3.20@{digest}"));
    assert_eq!(full.clone().without_digest().familiar(), "alpine:3.20");
    assert_eq!(full.clone().without_tag().familiar(), format!("alpine@{digest}"));
    assert_eq!(full.repository(), reference.repository());
    assert_eq!(full.without_tag().without_digest(), reference);
    assert_eq!(Reference::from("alpine".parse::<Repository>().unwrap()), reference);
}

/// Owners and projects at GitHub have upper case, and repositories of its registry have none.
#[test]
fn a_name_of_github_in_upper_case_is_refused_with_the_one_that_ghcr_has() {
    for (written, legal) in [
        ("ghcr.io/Acme-Corp/My-App", "ghcr.io/acme-corp/my-app"),
        ("ghcr.io/acme/App/Cache", "ghcr.io/acme/app/cache"),
        ("docker.io/Acme/app", "acme/app"),
    ] {
        let error = written.parse::<Repository>().unwrap_err();
        assert_eq!(error.remedy(), Some(format!("try {legal}").as_str()), "{error}");
        assert!(legal.parse::<Repository>().is_ok());
    }
}
