//! The tools of a check: a run that collects results, and the few questions that checks ask.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::future::Future;

use bytes::{Bytes, BytesMut};
use futures::stream::StreamExt as _;
use lockage_tagging::{Repository, Tag};

use super::super::fixtures::Image;
use super::{Capabilities, Capability, Failure, Failures, Report};
use crate::{ByteStream, Error, ErrorKind, Result, Source, TagOrDigest};

/// The outcome of a check.
pub(super) type Check<T = ()> = Result<T, Unmet>;

/// An expectation that was not met.
pub(super) struct Unmet {
    expected: String,
    seen: String,
}

/// Runs a check under the name of its function.
macro_rules! check {
    ($run:expr, $check:ident($($argument:expr),* $(,)?)) => {{
        // The arguments may ask the run for capabilities, which must be done before it is used.
        let check = $check($($argument),*);
        $run.check(stringify!($check), check).await;
    }};
}
pub(super) use check;

/// A run of the suite.
pub(super) struct Run<'a> {
    capabilities: &'a Capabilities,
    checks: Vec<String>,
    shortfalls: BTreeSet<Capability>,
    failures: Vec<Failure>,
}

impl<'a> Run<'a> {
    pub(super) fn new(capabilities: &'a Capabilities) -> Self {
        Self { capabilities, checks: Vec::new(), shortfalls: BTreeSet::new(), failures: Vec::new() }
    }

    /// Whether the next check can expect `capability`; where it cannot, it must expect the shortfall.
    pub(super) fn has(&mut self, capability: Capability) -> bool {
        let has = self.capabilities.has(capability);
        if !has {
            self.shortfalls.insert(capability);
        }
        has
    }

    /// Runs a check; true where it passed.
    pub(super) async fn check(&mut self, name: impl Into<String>, check: impl Future<Output = Check>) -> bool {
        let name = name.into();
        let outcome = check.await;
        let passed = outcome.is_ok();
        if let Err(Unmet { expected, seen }) = outcome {
            self.failures.push(Failure { check: name.clone(), expected, seen });
        }
        self.checks.push(name);
        passed
    }

    pub(super) fn finish(self) -> Result<Report, Failures> {
        if self.failures.is_empty() {
            Ok(Report { checks: self.checks, shortfalls: self.shortfalls })
        } else {
            Err(Failures { failures: self.failures, checks: self.checks.len() })
        }
    }
}

pub(super) fn unmet<T>(expected: impl Display, seen: impl Display) -> Check<T> {
    Err(Unmet { expected: expected.to_string(), seen: seen.to_string() })
}

/// `condition` must hold; what was seen is described by `seen` where it does not.
pub(super) fn must(condition: bool, expected: impl Display, seen: impl Display) -> Check {
    if condition { Ok(()) } else { unmet(expected, seen) }
}

/// `seen` must be `expected`, which is called `what`.
pub(super) fn same<T: PartialEq + Debug + ?Sized>(seen: &T, expected: &T, what: impl Display) -> Check {
    must(seen == expected, format_args!("{what} {}", short(expected)), short(seen))
}

/// The call must succeed.
pub(super) fn ok<T>(result: Result<T>, expected: impl Display) -> Check<T> {
    result.or_else(|error| unmet(expected, told(&error)))
}

/// The call must be refused, with any kind of error.
pub(super) fn refused<T>(result: Result<T>, expected: impl Display) -> Check {
    match result {
        Ok(_) => unmet(format_args!("{expected} to be refused"), "it succeed"),
        Err(_) => Ok(()),
    }
}

/// The call must be refused with this kind.
pub(super) fn fails<T>(result: Result<T>, kind: ErrorKind, expected: impl Display) -> Check {
    match result {
        Ok(_) => unmet(format_args!("{expected} to be {kind:?}"), "it succeed"),
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => unmet(format_args!("{expected} to be {kind:?}"), told(&error)),
    }
}

/// The call must succeed where the capability is there, and be `Unsupported` where it is not: then there is no value.
pub(super) fn supported<T>(has: bool, result: Result<T>, expected: impl Display) -> Check<Option<T>> {
    if has {
        return ok(result, expected).map(Some);
    }
    fails(result, ErrorKind::Unsupported, expected).map(|()| None)
}

/// A check as a whole must fail where the capability that it needs is declared absent.
pub(super) fn falls_short(has: bool, capability: Capability, outcome: Check) -> Check {
    match outcome {
        _ if has => outcome,
        Err(_) => Ok(()),
        Ok(()) => unmet(
            format_args!("no {capability}, which is declared absent"),
            "that it is there: take the declaration back",
        ),
    }
}

fn told(error: &Error) -> String {
    format!("{:?}: {error}", error.kind())
}

/// The `Debug` of a value, on one line that can be read.
fn short(value: &(impl Debug + ?Sized)) -> String {
    const MOST: usize = 400;
    let text = format!("{value:?}");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// All bytes of a stream.
pub(super) async fn drained(mut stream: ByteStream) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(bytes.freeze())
}

/// The bytes must be the same; content is not printed.
pub(super) fn same_bytes(seen: &[u8], expected: &[u8], what: impl Display) -> Check {
    let at = seen.iter().zip(expected).position(|(a, b)| a != b);
    must(
        seen == expected,
        format_args!("{what} to have its {} bytes", expected.len()),
        match at {
            Some(at) => format!("{} bytes, other ones from byte {at} on", seen.len()),
            None => format!("{} bytes", seen.len()),
        },
    )
}

/// A manifest must be served exactly as `image`'s root is, under `at`.
pub(super) async fn serves(source: &dyn Source, repo: &Repository, image: &Image, at: &TagOrDigest) -> Check {
    let root = image.root();
    let served = ok(source.manifest(repo, at).await, format_args!("to pull the manifest {at}"))?;
    same_bytes(served.bytes(), root.bytes(), format_args!("the manifest {at}"))?;
    same(served.descriptor(), root.descriptor(), format_args!("the manifest {at} to be"))
}

/// All tags, none of them twice.
pub(super) async fn tags(source: &dyn Source, repo: &Repository) -> Check<Vec<Tag>> {
    let mut stream = source.tags(repo);
    let mut tags = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(tag) = stream.next().await {
        let tag = ok(tag, "to list the tags")?;
        must(seen.insert(tag.clone()), "each tag once", format_args!("{tag} twice"))?;
        tags.push(tag);
    }
    Ok(tags)
}

/// A digest is the name of nothing that the suite ever stores.
pub(super) fn nowhere() -> Check<lockage_tagging::Digest> {
    ok(crate::digest_of(lockage_tagging::Algorithm::Sha256, b"nothing that is ever stored"), "a digest")
}

/// The repository beside `repo` with `suffix` behind its name.
pub(super) fn beside(repo: &Repository, suffix: &str) -> Check<Repository> {
    Repository::new(repo.host().clone(), &format!("{}-{suffix}", repo.path()))
        .or_else(|error| unmet("a repository whose name can be made longer", error))
}

/// A tag of the suite's own.
pub(super) fn tag(name: impl AsRef<str>) -> Check<Tag> {
    name.as_ref().parse().or_else(|error: lockage_tagging::NameError| unmet("a legal tag", error))
}
