//! `Passage`: what a promotion along an edge does beside the copy: the tags, and from where to where.

use std::fmt;

use lockage_registry::{Digest, Tag};
use serde::{Deserialize, Serialize};

use super::{Name, Pinned};
use lockage_tagging::OneLine;

/// An image on its way along an edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Passage {
    /// The image.
    pub pinned: Pinned,
    /// The edge.
    pub edge: Name,
    /// Where it comes from.
    pub from: Name,
    /// Where it goes.
    pub to: Name,
    /// The index that the promoted child is of, where a platform is taken alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Digest>,
    /// The tags that are created once, and come first.
    pub pins: Vec<PlannedTag>,
    /// The tags that move, and come last.
    pub floats: Vec<PlannedTag>,
}

/// A tag to write, and what it holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PlannedTag {
    /// The tag.
    pub tag: Tag,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Digest>,
}

impl fmt::Display for Passage {
    /// The image, the way, and a line a tag: `+` is created, `~` moves, `=` stays.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{} → {}", self.pinned, self.from, self.to)?;
        let digest = self.digest();
        for (word, planned) in self.tags() {
            let PlannedTag { tag, now } = planned;
            match now {
                None => write!(f, "\n  + {word:<5}  {tag}  create")?,
                Some(now) if now == digest => write!(f, "\n  = {word:<5}  {tag}  holds it")?,
                Some(now) => write!(f, "\n  ~ {word:<5}  {tag}  {} → {}", now.short(), digest.short())?,
            }
        }
        self.pinned.notes.iter().try_for_each(|note| write!(f, "\n  note   {}", OneLine(note)))
    }
}

impl Passage {
    /// The digest that is tagged: that of the image, or of its child for the one platform that the environment takes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        match (&self.parent, self.pinned.platforms.first()) {
            // Narrowed to the platform that is taken.
            (Some(_), Some(only)) => &only.manifest,
            _ => self.pinned.digest(),
        }
    }

    /// Whether every tag holds the image already.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.tags().all(|(_, planned)| planned.now.as_ref() == Some(self.digest()))
    }

    /// What an approval is bound to: not by what the image was selected, nor where it was found. A pin holds nothing or
    /// this very image, which is no difference that anybody could object to. The version is: it is what the image will be
    /// called from here on.
    pub(crate) fn named(&self) -> impl Serialize {
        let pins: Vec<_> = self.pins.iter().map(|pin| &pin.tag).collect();
        let version = &self.pinned.facts.version;
        (&self.pinned.image, &self.edge, &self.from, &self.to, &self.parent, pins, &self.floats, version)
    }

    fn tags(&self) -> impl Iterator<Item = (&'static str, &PlannedTag)> {
        let pins = self.pins.iter().map(|planned| ("pin", planned));
        pins.chain(self.floats.iter().map(|planned| ("float", planned)))
    }
}
