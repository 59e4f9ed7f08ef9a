//! Whether what is in environments has the evidence that its promotion left.

use std::fmt;
use std::time::SystemTime;

use futures::stream::{self, StreamExt as _};
use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::{Lapse, Proof as _, Resident};
use lockage_registry::Digest;
use lockage_tagging::OneLine;
use serde::Serialize;

use crate::promote::Trouble;
use crate::promote::world::World;
use crate::report::Failure;

/// How many images are asked about at once.
const AT_ONCE: usize = 8;

/// What the evidence of an image is worth.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Evidenced {
    pub(crate) image: Name,
    pub(crate) environment: Name,
    pub(crate) digest: Digest,
    pub(crate) evidence: Worth,
    pub(crate) why: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Worth {
    /// Somebody who is believed says that it was promoted there.
    Good,
    /// It was only found there.
    None,
    Missing,
    Expired,
    /// It could not be asked for.
    Unknown,
}

impl Worth {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::None => "none",
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Evidenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  evidence  {}  {}  {}", self.environment, self.image, self.evidence.word())?;
        self.why.iter().try_for_each(|why| write!(f, ": {}", OneLine(why)))
    }
}

/// The exit code: 1 where some is missing or too old, 3 where some could not be asked for.
pub(super) fn code(all: &[Evidenced]) -> u8 {
    let has = |worth| all.iter().any(|one| one.evidence == worth);
    match (has(Worth::Missing) || has(Worth::Expired), has(Worth::Unknown)) {
        (true, _) => 1,
        (false, true) => 3,
        (false, false) => 0,
    }
}

/// Asks, where the document says that promotions leave evidence.
pub(crate) async fn ask(world: &World, residents: &[Resident], now: SystemTime) -> Option<Vec<Evidenced>> {
    let proof = world.proof()?;
    let asked = residents.iter().map(|resident| async move {
        let Resident { image, environment, digest, .. } = resident;
        let of = |evidence, why| Evidenced {
            image: image.clone(),
            environment: environment.clone(),
            digest: digest.clone(),
            evidence,
            why,
        };
        let repository = match world.promoter.graph().repository(image, environment) {
            Ok(repository) => repository,
            Err(error) => return of(Worth::Unknown, Some(error.to_string())),
        };
        match proof.lapses(resident, world.registry(environment), &repository, now).await {
            Err(error) => of(Worth::Unknown, Some(Failure::error(&Trouble::new(error)).line().to_owned())),
            Ok(lapses) => match lapses.into_iter().next() {
                Some(Lapse::Expired { what, .. }) => of(Worth::Expired, Some(format!("{what} is too old"))),
                Some(Lapse::Missing { what }) => of(Worth::Missing, Some(format!("{what} is missing"))),
                Some(_) => of(Worth::Unknown, None),
                None if resident.passed.is_none() => of(Worth::None, Some("it was found there".to_owned())),
                None => of(Worth::Good, None),
            },
        }
    });
    Some(stream::iter(asked).buffered(AT_ONCE).collect().await)
}

/// The same, where it was asked for in so many words.
pub(super) async fn demanded(
    world: &World,
    residents: &[Resident],
    now: SystemTime,
) -> Result<Vec<Evidenced>, Failure> {
    ask(world, residents, now).await.ok_or_else(|| {
        let trouble = Trouble::new("the document does not say that promotions leave evidence");
        Failure::usage(&trouble.remedy("Write [evidence], and sign with promote --key FILE."))
    })
}
