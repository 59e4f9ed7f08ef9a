//! Orders: what may not move, where nothing may, and that it may again. Each is an entry of the ledger, with its reason.

use std::fmt;
use std::time::SystemTime;

use lockage_registry::Digest;
use serde::Serialize;

use super::{PromoteError, Promoter};
use crate::ledger::{Chronicle, Denial, Entry, ImageFacts, Kind, Standing};
use crate::pipeline::Name;
use crate::pipeline::memory::{Wanted, known};
use lockage_tagging::OneLine;

/// An order that stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Ordered {
    /// What was ordered.
    #[serde(flatten)]
    pub kind: Kind,
    /// The image.
    pub image: Name,
    /// The digest.
    pub digest: Digest,
    /// Where; everywhere, unless it says.
    pub environment: Option<Name>,
    /// The entry of the ledger; none where it said so already, in the same words.
    pub entry: Option<Digest>,
}

/// Why an order makes no sense. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderProblem {
    /// Nobody says why.
    #[error("nobody says why")]
    NoReason,
    /// The ledger knows no such image there.
    #[error("{image}: {wanted} has never been {place}, by the ledger")]
    Unknown {
        /// The image.
        image: Name,
        /// What was asked for.
        wanted: Box<Wanted>,
        /// "in prod", "anywhere".
        place: String,
    },
    /// The ledger knows more than one.
    #[error("{image}: {wanted} is more than one image")]
    Ambiguous {
        /// The image.
        image: Name,
        /// What was asked for.
        wanted: Box<Wanted>,
        /// Those that it is.
        found: Vec<Digest>,
    },
    /// Nothing is in the environment, by the ledger.
    #[error("{image}: nothing is in {environment}, by the ledger")]
    Nothing {
        /// The image.
        image: Name,
        /// The environment.
        environment: Name,
    },
    /// There was nothing before what is there, but for what is denied, or was found to be bad by a watch.
    #[error("{image}: {environment} has had nothing else, but for what is denied, or was found to be bad")]
    NoPrevious {
        /// The image.
        image: Name,
        /// The environment.
        environment: Name,
    },
    /// It was rolled back already and is held: asked twice, it goes back once.
    #[error("{image}: {environment} was rolled back to {digest} already, and is held")]
    Back {
        /// The image.
        image: Name,
        /// The environment.
        environment: Name,
        /// What is there.
        digest: Digest,
    },
    /// There is nothing to release.
    #[error("{image}: there is no {what} to release {place}")]
    NotInForce {
        /// The image.
        image: Name,
        /// "denial", "hold".
        what: &'static str,
        /// "in prod", "everywhere".
        place: String,
    },
    /// It is denied everywhere, so that a release in one environment would change nothing.
    #[error("{image}: {digest} is denied everywhere, and not only in {environment}")]
    DeniedEverywhere {
        /// The image.
        image: Name,
        /// The digest.
        digest: Digest,
        /// The environment.
        environment: Name,
    },
    /// A hold until a time that is over would hold nothing.
    #[error("{image}: a hold of {environment} until a time that is over holds nothing")]
    Over {
        /// The image.
        image: Name,
        /// The environment.
        environment: Name,
    },
    /// The ledger has no entry about the image, and no environment has anything of it: it is called otherwise, or is yet to be
    /// built.
    #[error("{image}: the ledger says nothing of it, and no environment has it{}", unasked(.unread))]
    NoSuchImage {
        /// The image.
        image: Name,
        /// Those that the ledger speaks of.
        known: Vec<Name>,
        /// The environments that could not be asked, each with why.
        unread: Vec<String>,
    },
    /// It was denied as another image, and whoever said so is to take it back.
    #[error("{image}: {digest} is denied as {named}, and not as {image}")]
    DeniedAs {
        /// The image.
        image: Name,
        /// The digest.
        digest: Digest,
        /// The image as which it was denied.
        named: Name,
    },
}

impl OrderProblem {
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::NoReason => "Say why; it is recorded.".to_owned(),
            Self::Unknown { .. } => "Name its whole digest, or look where it is.".to_owned(),
            Self::Ambiguous { found, .. } => {
                let found: Vec<_> = found.iter().map(Digest::as_str).collect();
                format!("Name one: {}.", found.join(", "))
            }
            Self::Nothing { .. } => "Look at what runs where; an image that is to come nowhere is denied.".to_owned(),
            Self::Over { .. } => "Name a time to come, or none; nothing was written.".to_owned(),
            Self::Back { .. } => {
                "Nothing was written. To go further back, name where to; or release the hold first.".to_owned()
            }
            Self::NoPrevious { .. } => "Name an image, or promote one.".to_owned(),
            Self::NotInForce { .. } => "Look at what is in force; nothing was written.".to_owned(),
            Self::DeniedEverywhere { .. } => "Release it everywhere.".to_owned(),
            Self::NoSuchImage { known, .. } => {
                let known: Vec<_> = known.iter().map(Name::as_str).collect();
                let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                format!(
                    "Nothing was written. The ledger knows: {there}. To deny what is yet to be built, say so: --new."
                )
            }
            Self::DeniedAs { named, .. } => format!("Release it as {named}; nothing was written."),
        }
    }
}

fn unasked(unread: &[String]) -> String {
    if unread.is_empty() { String::new() } else { format!(" (could not be asked: {})", unread.join("; ")) }
}

pub(super) fn reasoned(reason: &str) -> Result<(), OrderProblem> {
    if reason.trim().is_empty() { Err(OrderProblem::NoReason) } else { Ok(()) }
}

/// "in prod", or the word for no environment in particular.
fn place(environment: Option<&Name>, all: &str) -> String {
    environment.map_or(all.to_owned(), |one| format!("in {one}"))
}

/// The one digest that is meant: of those that were in `environment`, or anywhere. A whole digest need not be known.
pub(super) fn digest_of(
    chronicle: &Chronicle,
    image: &Name,
    environment: Option<&Name>,
    wanted: &Wanted,
) -> Result<Digest, OrderProblem> {
    let mut found: Vec<&Digest> = Vec::new();
    for entry in chronicle.about(image).map(|recorded| &recorded.entry) {
        let is_there = environment.is_none() || (entry.environment.as_ref() == environment && entry.arrives());
        let is_hold = matches!(entry.kind, Kind::Hold { .. } | Kind::Release { of: Standing::Hold, .. });
        if is_there && !is_hold && wanted.is(entry) && !found.contains(&&entry.digest) {
            found.push(&entry.digest);
        }
    }
    match (found.as_slice(), wanted.whole_digest()) {
        // A child knows the index that it is of; who names a digest means that one.
        (found, Some(whole)) if found.is_empty() || found.contains(&&whole) => Ok(whole),
        ([one], _) => Ok((*one).clone()),
        ([], _) => Err(OrderProblem::Unknown {
            image: image.clone(),
            wanted: Box::new(wanted.clone()),
            place: place(environment, "anywhere"),
        }),
        (several, _) => Err(OrderProblem::Ambiguous {
            image: image.clone(),
            wanted: Box::new(wanted.clone()),
            found: several.iter().map(|one| (*one).clone()).collect(),
        }),
    }
}

impl Promoter {
    /// Holds an environment: it keeps what it has of `image` until it is released, or until a time. Whoever wants to promote
    /// into it, by hand too, releases it first; a rollback is not held up.
    ///
    /// # Errors
    /// [`PromoteError::Order`] where no reason is given, where the time is over, and where the ledger knows of nothing that is
    /// there; and where the ledger fails.
    pub async fn hold(
        &self,
        image: &Name,
        environment: &Name,
        reason: &str,
        until: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        reasoned(reason)?;
        self.graph.environment(environment)?;
        if until.is_some_and(|until| until <= now) {
            return Err(OrderProblem::Over { image: image.clone(), environment: environment.clone() }.into());
        }
        let chronicle = self.chronicle(image).await?;
        let Some(current) = chronicle.current(image, environment) else {
            return Err(OrderProblem::Nothing { image: image.clone(), environment: environment.clone() }.into());
        };
        let digest = current.entry.digest.clone();
        let kind = Kind::Hold { reason: reason.to_owned(), until };
        let last = chronicle.there(image, environment).rev().map(|recorded| &recorded.entry.kind);
        let is_said = chronicle.held(image, environment, now).is_some()
            && last.into_iter().find(|kind| matches!(kind, Kind::Hold { .. })) == Some(&kind);
        self.order(&chronicle, kind, image, digest, Some(environment), is_said, now).await
    }

    /// Ends a denial of `image`: everywhere, or what was denied in `environment` alone. What the same digest was denied for as
    /// another image stays: whoever said that is to take it back.
    ///
    /// # Errors
    /// [`PromoteError::Order`] where no reason is given, where there is none, where it was denied as another image, and where it
    /// is denied everywhere and only to be released in one environment; and where the ledger fails.
    pub async fn release_denial(
        &self,
        image: &Name,
        wanted: &Wanted,
        environment: Option<&Name>,
        reason: &str,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        reasoned(reason)?;
        self.known_environment(environment)?;
        let chronicle = self.chronicle(image).await?;
        let digest = digest_of(&chronicle, image, None, wanted)?;
        let (own, others): (Vec<Denial>, Vec<Denial>) =
            chronicle.denials_of(&digest).into_iter().partition(|denial| denial.image == *image);
        let is_everywhere = own.iter().any(|denial| denial.environment.is_none());
        if let (Some(at), true) = (environment, is_everywhere) {
            let (image, environment) = (image.clone(), at.clone());
            return Err(OrderProblem::DeniedEverywhere { image, digest, environment }.into());
        }
        // A release everywhere ends what was denied in single environments as well.
        let is_meant = |denial: &Denial| environment.is_none() || denial.environment.as_ref() == environment;
        if !own.iter().any(is_meant) {
            let image = image.clone();
            let elsewhere = others.into_iter().find(|denial| denial.environment.is_none() || is_meant(denial));
            return Err(match elsewhere {
                Some(denial) => OrderProblem::DeniedAs { image, digest, named: denial.image },
                None => OrderProblem::NotInForce { image, what: "denial", place: place(environment, "anywhere") },
            }
            .into());
        }
        let kind = Kind::Release { of: Standing::Denial, reason: reason.to_owned() };
        self.order(&chronicle, kind, image, digest, environment, false, now).await
    }

    /// Ends the hold of an environment.
    ///
    /// # Errors
    /// [`PromoteError::Order`] where no reason is given, and where nobody holds it; and where the ledger fails.
    pub async fn release_hold(
        &self,
        image: &Name,
        environment: &Name,
        reason: &str,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        reasoned(reason)?;
        self.graph.environment(environment)?;
        let chronicle = self.chronicle(image).await?;
        let held = chronicle.held(image, environment, now);
        let last = chronicle.there(image, environment).rev().map(|recorded| &recorded.entry);
        let hold = last.into_iter().find(|entry| matches!(entry.kind, Kind::Hold { .. }));
        let Some(digest) = hold.filter(|_| held.is_some()).map(|entry| entry.digest.clone()) else {
            let place = place(Some(environment), "");
            return Err(OrderProblem::NotInForce { image: image.clone(), what: "hold", place }.into());
        };
        let kind = Kind::Release { of: Standing::Hold, reason: reason.to_owned() };
        self.order(&chronicle, kind, image, digest, Some(environment), false, now).await
    }

    #[allow(clippy::too_many_arguments, reason = "an entry has as many parts")]
    pub(super) async fn order(
        &self,
        chronicle: &Chronicle,
        kind: Kind,
        image: &Name,
        digest: Digest,
        environment: Option<&Name>,
        is_said: bool,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        let facts = environment.map_or_else(
            || chronicle.about(image).rev().find(|one| one.entry.digest == digest).map(|one| one.entry.facts.clone()),
            |at| Some(known(chronicle, image, at, &digest)),
        );
        let entry = match is_said {
            true => None,
            false => {
                let facts: ImageFacts = facts.unwrap_or_default();
                let entry = Entry::new(kind.clone(), image.clone(), digest.clone(), &self.actor, self.time(now));
                let entry = entry.with_facts(facts);
                let entry = match environment {
                    Some(at) => entry.in_environment(at.clone()),
                    None => entry,
                };
                Some(self.ledger.append(entry).await?)
            }
        };
        Ok(Ordered { kind, image: image.clone(), digest, environment: environment.cloned(), entry })
    }

    pub(super) fn known_environment(&self, environment: Option<&Name>) -> Result<(), PromoteError> {
        environment.map_or(Ok(()), |at| Ok(self.graph.environment(at).map(|_| ())?))
    }
}

impl fmt::Display for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, digest, environment, .. } = self;
        let everywhere = place(environment.as_ref(), "everywhere");
        match &self.kind {
            Kind::Deny { reason } => write!(f, "denied {everywhere}: {image}  {digest}  ({})", OneLine(reason))?,
            Kind::Hold { reason, .. } => {
                write!(f, "held {everywhere}: {image} stays {digest}  ({})", OneLine(reason))?;
            }
            Kind::Release { of: Standing::Denial, reason } => {
                write!(f, "released {everywhere}: {image}  {digest}  ({})", OneLine(reason))?;
            }
            _ => write!(f, "released {everywhere}: {image} may change again")?,
        }
        match &self.entry {
            Some(entry) => write!(f, "\nentry {entry}"),
            None => f.write_str("\nThe ledger says so already."),
        }
    }
}
