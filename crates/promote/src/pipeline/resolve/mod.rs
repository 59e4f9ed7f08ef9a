//! Resolving: from what was asked for to one digest, once.

mod branch;
mod commit;
mod error;
mod image;
mod recorded;
mod version;

use lockage_registry::{Digest, Repository, Source, Tag, TagOrDigest};
use lockage_tagging::branches::BranchTable;

use super::{Name, Pinned, Select};
use crate::Flights;
use crate::ledger::{Chronicle, ImageFacts};

pub use error::ResolveError;

/// How a team names what it builds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conventions {
    /// What stands before the number in the tag of a pull request; `pr-`.
    pub pull_request: String,
    /// What stands before the commit in a tag; `sha-`.
    pub commit: String,
    /// What the names of branches say; git-flow's.
    pub branches: BranchTable,
    /// What becomes of a commit that was built twice; it is refused.
    pub rebuilds: Rebuilds,
}

/// What becomes of a commit that two digests were built from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rebuilds {
    /// The selection is refused, and names them.
    #[default]
    Refuse,
    /// The one that the tag holds now is taken, and the others are noted.
    Report,
}

impl Default for Conventions {
    fn default() -> Self {
        Self {
            pull_request: "pr-".to_owned(),
            commit: "sha-".to_owned(),
            branches: BranchTable::git_flow(),
            rebuilds: Rebuilds::default(),
        }
    }
}

/// Where to look.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Place<'a> {
    /// The image.
    pub image: &'a Name,
    /// The environment.
    pub environment: &'a Name,
    /// The repository of the image there.
    pub repository: &'a Repository,
    /// The registry.
    pub source: &'a dyn Source,
    /// What the ledger says.
    pub chronicle: &'a Chronicle,
    /// Copies to which what is read here is of use.
    pub sharing: Option<&'a Flights>,
}

impl<'a> Place<'a> {
    /// A place to look.
    #[must_use]
    pub fn new(
        image: &'a Name,
        environment: &'a Name,
        repository: &'a Repository,
        source: &'a dyn Source,
        chronicle: &'a Chronicle,
    ) -> Self {
        Self { image, environment, repository, source, chronicle, sharing: None }
    }

    /// The same; copies that share these need not read again what is read here.
    #[must_use]
    pub fn sharing(self, flights: &'a Flights) -> Self {
        Self { sharing: Some(flights), ..self }
    }
}

/// The image that is meant, read whole: one request for a tag or digest, one for each manifest, one for the config of its
/// first platform; one or two for the tags of its commit, whether they hold the same. A commit without a `sha-` tag, and a
/// version, list the tags. What no tag says of a pull request or a commit, the ledger may know of what has arrived there.
///
/// # Errors
/// [`ResolveError`] where nothing, or more than one image, is meant; where the image is not whole; and where a registry fails.
pub async fn resolve(place: Place<'_>, select: &Select, conventions: &Conventions) -> Result<Pinned, ResolveError> {
    let found = find(place, select, conventions).await?;
    let mut pinned = image::read(place, select, &found).await?;
    if let Some(commit) = &found.commit {
        commit::agrees(&pinned, commit)?;
        pinned.facts.commit.get_or_insert_with(|| commit.clone());
    }
    if let Select::PullRequest(number) = select {
        pinned.facts.pull_request = Some(*number);
    }
    // What it was promoted as, it is: labels know no more than the build did.
    pinned.facts.version = found.known.version.clone().or(pinned.facts.version);
    pinned.facts.pull_request = found.known.pull_request.or(pinned.facts.pull_request);
    pinned.facts.commit = pinned.facts.commit.or_else(|| found.known.commit.clone());
    pinned.facts.version = found.version.or(pinned.facts.version);
    let tagged = commit::tagged_otherwise(place, &pinned, &found.by, conventions).await?;
    commit::rebuilds(place, &mut pinned, tagged, conventions.rebuilds)?;
    Ok(pinned)
}

/// The digest that a selection names now; the image is not read.
pub(super) async fn named(
    place: Place<'_>,
    select: &Select,
    conventions: &Conventions,
) -> Result<Option<Digest>, ResolveError> {
    match find(place, select, conventions).await {
        Ok(found) => Ok(Some(found.digest)),
        Err(ResolveError::None { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an image says of itself.
pub(super) async fn facts_of(place: Place<'_>, digest: &Digest) -> Result<ImageFacts, ResolveError> {
    let select = Select::Digest(digest.clone());
    Ok(image::read(place, &select, &Found::new(digest.clone(), "its digest")).await?.facts)
}

/// What a selection names.
#[derive(Clone, Debug)]
struct Found {
    digest: Digest,
    /// In words.
    by: String,
    /// The commit that was asked for.
    commit: Option<String>,
    /// The version that was asked for.
    version: Option<String>,
    /// What the ledger knows of it, where that named it.
    known: ImageFacts,
}

async fn find(place: Place<'_>, select: &Select, conventions: &Conventions) -> Result<Found, ResolveError> {
    let none = || ResolveError::None { select: select.clone(), repository: place.repository.clone() };
    match select {
        Select::Digest(digest) => Ok(Found::new(digest.clone(), "its digest")),
        Select::Tag(tag) => by_tag(place, tag).await?.ok_or_else(none),
        Select::PullRequest(number) => {
            let tag = tag(&format!("{}{number}", conventions.pull_request), select)?;
            let tagged = by_tag(place, &tag).await?;
            tagged.or_else(|| recorded::pull_request(place, *number)).ok_or_else(none)
        }
        Select::Commit(commit) => match commit::find(place, select, commit, conventions).await? {
            Some(tagged) => Ok(tagged),
            None => recorded::commit(place, select, commit)?.ok_or_else(none),
        },
        Select::Version(version) => version::find(place, select, version).await?.ok_or_else(none),
        Select::CurrentIn(environment) => {
            let not_in = || ResolveError::NotIn { image: place.image.clone(), environment: environment.clone() };
            recorded::current(place, environment).ok_or_else(not_in)
        }
        Select::Branch(branch) => branch::find(place, select, branch, None, conventions).await?.ok_or_else(none),
        Select::BranchAt { branch, head } => {
            branch::find(place, select, branch, Some(head), conventions).await?.ok_or_else(none)
        }
    }
}

async fn by_tag(place: Place<'_>, tag: &Tag) -> Result<Option<Found>, ResolveError> {
    match place.source.resolve(place.repository, &TagOrDigest::Tag(tag.clone())).await {
        Ok(held) => Ok(Some(Found::new(held.digest, in_words(tag)))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The one of them, if any; several are refused.
fn only(place: Place<'_>, select: &Select, mut found: Vec<Found>) -> Result<Option<Found>, ResolveError> {
    if found.len() > 1 {
        return Err(ResolveError::Ambiguous {
            select: select.clone(),
            repository: place.repository.clone(),
            found: found.into_iter().map(|one| (one.digest, one.by)).collect(),
        });
    }
    Ok(found.pop())
}

fn in_words(tag: &Tag) -> String {
    format!("tag {tag}")
}

fn tag(text: &str, select: &Select) -> Result<Tag, ResolveError> {
    text.parse().map_err(|source| ResolveError::Tag { select: select.clone(), source: Box::new(source) })
}

impl Found {
    fn new(digest: Digest, by: impl Into<String>) -> Self {
        Self { digest, by: by.into(), commit: None, version: None, known: ImageFacts::default() }
    }
}
