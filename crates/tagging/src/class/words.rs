//! The words that a lookup knows: channels and variants, and what can stand around them.

/// What stands between the parts of a tag.
pub(super) const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// Names of channels and environments, in lower case.
pub(super) const CHANNELS: [&str; 38] = [
    "alpha",
    "beta",
    "canary",
    "current",
    "dev",
    "devel",
    "develop",
    "development",
    "edge",
    "experimental",
    "ga",
    "insiders",
    "latest",
    "lts",
    "mainline",
    "milestone",
    "next",
    "nightly",
    "pre",
    "preprod",
    "preview",
    "prod",
    "production",
    "qa",
    "rc",
    "release",
    "rolling",
    "sandbox",
    "snapshot",
    "stable",
    "stage",
    "staging",
    "test",
    "testing",
    "uat",
    "unstable",
    "weekly",
    "daily",
];

/// Names of variants, in lower case; a number can follow each, as in `alpine3.19`.
pub(super) const VARIANTS: [&str; 60] = [
    "alma",
    "almalinux",
    "alpine",
    "amazonlinux",
    "amd",
    "amd64",
    "apache",
    "arm",
    "arm64",
    "armhf",
    "armv",
    "bookworm",
    "bullseye",
    "busybox",
    "buster",
    "centos",
    "chainguard",
    "cpu",
    "cuda",
    "debian",
    "debug",
    "distroless",
    "fips",
    "focal",
    "fpm",
    "full",
    "gnu",
    "gpu",
    "i386",
    "jammy",
    "jdk",
    "jre",
    "linux",
    "ltsc",
    "minimal",
    "musl",
    "nanoserver",
    "noble",
    "nonroot",
    "onbuild",
    "otel",
    "perl",
    "photon",
    "ppc64le",
    "riscv64",
    "rocky",
    "rocm",
    "rootless",
    "s390x",
    "scratch",
    "slim",
    "static",
    "trixie",
    "ubi",
    "ubuntu",
    "windows",
    "windowsservercore",
    "wolfi",
    "x86",
    "x86_64",
];

/// The word that a prerelease starts with: `rc` of `rc.1` and of `rc1`; `None` when it starts with a number.
pub(crate) fn channel_of(prerelease: &str) -> Option<&str> {
    let identifier = prerelease.split(['.', '-']).next()?;
    let word = identifier.trim_end_matches(|digit: char| digit.is_ascii_digit());
    (!word.is_empty()).then_some(word)
}

/// Whether `text` is 7 to 64 lower-case hexadecimal digits, as git prints a commit or the start of one.
pub(super) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `text` is a commit that is neither a word nor a number: it has both letters and digits, or all 40 or 64.
pub(super) fn is_plainly_commit(text: &str) -> bool {
    let mixed = text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_lowercase());
    is_commit(text) && (mixed || matches!(text.len(), 40 | 64))
}

/// Whether `text` is a point in time: `20240309`, `2024-03-09`, `20240309164109`, `20240309T164109Z`, or the seconds or
/// milliseconds since 1970 of the years 2001 to 2286.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let others = text.chars().filter(|character| !character.is_ascii_digit()).collect::<String>();
    let clock = |from: usize, limit: u8| {
        let number = digits.get(from..from + 2).and_then(|number| number.parse::<u8>().ok());
        number.is_some_and(|number| number < limit)
    };
    let day = || {
        let (year, month, day) = (digits.get(..4), digits.get(4..6), digits.get(6..8));
        let text = format!("{}-{}-{}", year.unwrap_or(""), month.unwrap_or(""), day.unwrap_or(""));
        year.is_some_and(|year| ("1970".."2200").contains(&year)) && text.parse::<crate::Date>().is_ok()
    };
    match (digits.len(), others.as_str()) {
        (8, "") => day(),
        (8, "--") => day() && text.len() == 10 && text.as_bytes().get(4) == Some(&b'-'),
        (12, "" | "T" | "-" | ".") => day() && clock(8, 24) && clock(10, 60),
        (14, "" | "T" | "-" | ".") => day() && clock(8, 24) && clock(10, 60) && clock(12, 61),
        (10 | 13, "") => !text.starts_with('0'),
        _ => false,
    }
}
