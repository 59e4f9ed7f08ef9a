//! A plan as a document, written row by row: that of a large registry is several times as large as what it is made of.

use std::fmt;

use serde::ser::{Serialize, SerializeMap as _, SerializeStruct, Serializer};

use super::id::{Document, FIELDS};
use super::words::Words;
use super::{Plan, Verdict};
use crate::retain::graph::{Layer, Reason};
use crate::retain::listed::{Listed, Shown};
use crate::retain::{DigestKey, ManifestId, Snapshot, TagId};

/// What [`Plan::report`] says, in the same order.
impl Serialize for Plan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Report", FIELDS)?;
        document.serialize_field("plan", &Shown(self.id()))?;
        self.fields(&mut document)?;
        document.end()
    }
}

impl Document for Plan<'_> {
    fn fields<S: SerializeStruct>(&self, document: &mut S) -> Result<(), S::Error> {
        let snapshot = self.snapshot();
        let manifests = |is: fn(Verdict) -> bool| snapshot.manifests().filter(move |id| is(self.manifest(*id).0));
        let tags = |is: fn(Verdict) -> bool| snapshot.tags().filter(move |id| is(self.tag(*id).0));
        let manifest = |id: ManifestId| Shown(Name::Manifest(snapshot, id));
        let tag = |id: TagId| Shown(Name::Tag(snapshot, id));

        document.serialize_field("snapshot", &Shown(snapshot.digest()))?;
        document.serialize_field("policy", &Shown(self.policy()))?;
        document.serialize_field("now", &self.now())?;
        document.serialize_field("faithful", &self.is_faithful())?;
        document.serialize_field("delete", &Listed(self.deletes().iter(), |id: &ManifestId| manifest(*id)))?;
        document
            .serialize_field("would_delete", &Listed(self.would_delete().iter(), |id: &ManifestId| manifest(*id)))?;
        let stays = |verdict| !matches!(verdict, Verdict::Delete | Verdict::Archive);
        document.serialize_field("keep", &Listed(manifests(stays), manifest))?;
        let goes = |verdict| matches!(verdict, Verdict::Delete | Verdict::Untag);
        document.serialize_field("delete_tags", &Listed(tags(goes), tag))?;
        document
            .serialize_field("keep_tags", &Listed(tags(|it| !matches!(it, Verdict::Delete | Verdict::Untag)), tag))?;
        document.serialize_field("untag", &Listed(tags(|verdict| verdict == Verdict::Untag), tag))?;
        document.serialize_field("archive", &Listed(manifests(|verdict| verdict == Verdict::Archive), manifest))?;
        let blocked = |verdict| verdict == Verdict::Blocked;
        let of_manifests = manifests(blocked).map(|id| Name::Manifest(snapshot, id));
        let of_tags = tags(blocked).map(|id| Name::Tag(snapshot, id));
        document.serialize_field("blocked", &Listed(of_manifests.chain(of_tags), Shown))?;
        document.serialize_field("reasons", &Reasons(self))?;
        document.serialize_field("actions", &Listed(self.steps(), |step| self.written(step)))?;
        document.serialize_field("bytes", &self.bytes())?;
        document.serialize_field("refusals", self.refusals())?;
        document.serialize_field("warnings", self.warnings())
    }
}

/// `repository@digest`, `repository@name`, or `repository:tag`.
#[derive(Clone, Copy)]
enum Name<'a> {
    Manifest(&'a Snapshot, ManifestId),
    Tag(&'a Snapshot, TagId),
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Manifest(snapshot, id) => {
                f.write_str(snapshot.repository_name(snapshot.repository_of(id)))?;
                f.write_str("@")?;
                match snapshot.given_name(id) {
                    Some(name) => f.write_str(name),
                    None => fmt::Display::fmt(&snapshot.key(id), f),
                }
            }
            Self::Tag(snapshot, id) => {
                f.write_str(snapshot.repository_name(snapshot.repository_of_tag(id)))?;
                f.write_str(":")?;
                f.write_str(snapshot.tag_name(id))
            }
        }
    }
}

/// Why, for every tag and every manifest, by their names.
struct Reasons<'a>(&'a Plan<'a>);

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plan = self.0;
        let snapshot = plan.snapshot();
        // By their names as a whole: `app-x:1` is before `app:1`.
        let mut repositories: Vec<_> = snapshot.repositories().collect();
        repositories.sort_by_cached_key(|id| format!("{}:", snapshot.repository_name(*id)));
        let mut reasons = serializer.serialize_map(None)?;
        for repository in repositories {
            let mut tags = snapshot.tags_of(repository).peekable();
            while let Some(id) = tags.next() {
                // What was listed at two manifests, as it was moved meanwhile, has one line.
                if tags.peek().is_some_and(|next| snapshot.tag_name(*next) == snapshot.tag_name(id)) {
                    continue;
                }
                reasons.serialize_entry(&Shown(Name::Tag(snapshot, id)), &plan.told(plan.tag(id)))?;
            }
            let mut manifests: Vec<_> = snapshot.manifests_of(repository).collect();
            // A name of its own stands elsewhere than the digest.
            if manifests.iter().any(|id| snapshot.given_name(*id).is_some()) {
                manifests.sort_by_cached_key(|id| snapshot.manifest_name(*id));
            }
            for id in manifests {
                reasons.serialize_entry(&Shown(Name::Manifest(snapshot, id)), &plan.told(plan.manifest(id)))?;
            }
        }
        reasons.end()
    }
}

/// A [`Line`](super::Line).
#[derive(serde::Serialize)]
struct Told<'a> {
    verdict: Verdict,
    layer: Layer,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    words: Shown<Words<'a>>,
}

/// An [`Action`](super::Action).
#[derive(serde::Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
enum Written<'a> {
    Untag {
        repository: &'a str,
        tag: &'a str,
        expect: Shown<DigestKey>,
    },
    DeleteManifest {
        repository: &'a str,
        digest: Shown<DigestKey>,
        expect_tags: Vec<&'a str>,
    },
    Archive {
        repository: &'a str,
        digest: Shown<DigestKey>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        expect_tags: Vec<&'a str>,
    },
}

/// What is to be done with what.
#[derive(Clone, Copy)]
enum Step {
    Untag(TagId),
    Archive(ManifestId),
    Delete(ManifestId),
}

impl Plan<'_> {
    fn told(&self, (verdict, reason): (Verdict, Reason)) -> Told<'_> {
        let (layer, rule) = self.rule_of(reason);
        Told { verdict, layer, rule, words: Shown(Words(self, reason)) }
    }

    fn steps(&self) -> impl Iterator<Item = Step> + Clone {
        let snapshot = self.snapshot();
        let untags = snapshot.tags().filter(|id| self.tag(*id).0 == Verdict::Untag).map(Step::Untag);
        let archives = snapshot.manifests().filter(|id| self.manifest(*id).0 == Verdict::Archive).map(Step::Archive);
        untags.chain(archives).chain(self.deletes().iter().copied().map(Step::Delete))
    }

    fn written(&self, step: Step) -> Written<'_> {
        let snapshot = self.snapshot();
        let repository = |id| snapshot.repository_name(snapshot.repository_of(id));
        let tags_of = |id| snapshot.tags_at(id).map(|tag| snapshot.tag_name(tag)).collect();
        match step {
            Step::Untag(id) => Written::Untag {
                repository: snapshot.repository_name(snapshot.repository_of_tag(id)),
                tag: snapshot.tag_name(id),
                expect: Shown(snapshot.key(snapshot.target(id))),
            },
            Step::Archive(id) => Written::Archive {
                repository: repository(id),
                digest: Shown(snapshot.key(id)),
                expect_tags: tags_of(id),
            },
            Step::Delete(id) => Written::DeleteManifest {
                repository: repository(id),
                digest: Shown(snapshot.key(id)),
                expect_tags: tags_of(id),
            },
        }
    }
}
