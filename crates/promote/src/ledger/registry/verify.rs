//! `verify`: every original is read again, and everything is asked of it.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use lockage_registry::{Digest, Tag, TagOrDigest};

use super::RegistryLedger;
use super::artifact::{self, at_once};
use super::name::{CheckpointTag, EntryTag};
use super::original::Shelf;
use crate::ledger::LedgerError;
use crate::ledger::audit::{Finding, LedgerReport, Structure};

/// So many places may answer with an error before it is the registry that fails, and no place in it.
const MOST_UNREAD: usize = 16;

impl RegistryLedger {
    /// Reads every entry and every checkpoint again, whatever is known of them, and tells what is wrong: each entry is under
    /// the tag of its digest and time, is signed for this ledger by somebody who is trusted, stands behind entries that are
    /// there and are not younger; each checkpoint is signed and covers nothing but entries that are there. It goes on past what
    /// is wrong with one, and past what cannot be read while the rest can.
    ///
    /// `expected` are entries that must be there, such as those of an earlier export: by them it is found that the last
    /// entries were deleted.
    ///
    /// It costs a listing and a request an entry, three where it is large.
    ///
    /// # Errors
    /// Where the tags cannot be listed, or more than a few places could not be read or decided, which is no finding.
    pub async fn verify(&self, expected: &[Digest]) -> Result<LedgerReport, LedgerError> {
        self.verify_all(expected, false).await
    }

    /// The same, and reads the content of entries, checkpoints and their seals too where a manifest has it as well, which
    /// nobody else would miss before the ledger is copied. It costs two more requests for each of these.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn verify_content(&self, expected: &[Digest]) -> Result<LedgerReport, LedgerError> {
        self.verify_all(expected, true).await
    }

    async fn verify_all(&self, expected: &[Digest], has_content: bool) -> Result<LedgerReport, LedgerError> {
        let tags = artifact::tags(&*self.shelf.target, &self.shelf.repository).await;
        let tags = tags.map_err(|error| LedgerError::registry("read", error))?;
        let mut report = LedgerReport { ledger: Some(self.shelf.name.clone()), ..LedgerReport::default() };
        let structure = self.examine(&tags, &mut report).await?;
        report.findings.extend(structure.judge(self.skew));
        report.findings.extend(structure.lost(expected));
        self.examine_checkpoints(&tags, &structure, &mut report).await?;
        if has_content {
            self.examine_content(&tags, &mut report).await?;
        }
        report.heads = structure.heads();
        report.conclude(&self.shelf.trust);
        Ok(report)
    }

    async fn examine(&self, tags: &[Tag], report: &mut LedgerReport) -> Result<Structure, LedgerError> {
        let mut structure = Structure::default();
        let mut tags: Vec<EntryTag> = tags.iter().filter_map(EntryTag::parse).collect();
        tags.sort_by(|a, b| a.tag.cmp(&b.tag));
        let mut read = at_once(tags.iter().map(|tag| async move { (tag, self.shelf.original(tag).await) }));
        while let Some((tag, original)) = read.next().await {
            match original {
                Ok(Ok(original)) => {
                    let id = original.written.id().clone();
                    report.count(&original.word);
                    let bones = (&*original.written.recorded.entry).into();
                    if structure.entries.insert(id.clone(), bones).is_some() {
                        report.entries -= 1;
                        report.findings.push(Finding::Repeated { id, place: tag.tag.to_string() });
                    }
                }
                Ok(Err(finding)) => {
                    structure.broken.insert(tag.id.clone());
                    report.findings.push(finding);
                }
                Err(error) => {
                    structure.broken.insert(tag.id.clone());
                    unread(report, &tag.tag, error)?;
                }
            }
        }
        Ok(structure)
    }

    async fn examine_checkpoints(
        &self,
        tags: &[Tag],
        structure: &Structure,
        report: &mut LedgerReport,
    ) -> Result<(), LedgerError> {
        let mut checkpoints: Vec<_> = tags.iter().filter_map(CheckpointTag::parse).collect();
        checkpoints.sort();
        // Checkpoints share pieces, and each is read once.
        let mut pieces: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
        let mut missing = BTreeMap::new();
        for tag in &checkpoints {
            let place = tag.tag.to_string();
            match self.covered(tag, &mut pieces).await {
                Err(error) => unread(report, &tag.tag, error)?,
                Ok(Err(why)) => report.findings.push(Finding::Checkpoint { place, why }),
                Ok(Ok((covered, heads))) => {
                    let lost = covered.iter().filter(|id| !structure.knows(id));
                    missing.extend(lost.map(|id| (id.clone(), place.clone())));
                    if structure.heads_within(&covered) == heads {
                        report.checkpoints += 1;
                    } else if covered.iter().all(|id| structure.entries.contains_key(id)) {
                        let why = "the last of the entries that it covers are others".to_owned();
                        report.findings.push(Finding::Checkpoint { place, why });
                    }
                }
            }
        }
        let told: Vec<Digest> = report
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Missing { id, .. } => Some(id.clone()),
                _ => None,
            })
            .collect();
        missing.retain(|id, _| !told.contains(id));
        let lost = missing.into_iter();
        let lost =
            lost.map(|(id, place)| Finding::Missing { id, known_from: format!("the checkpoint {place} covers it") });
        report.findings.extend(lost);
        Ok(())
    }

    async fn examine_content(&self, tags: &[Tag], report: &mut LedgerReport) -> Result<(), LedgerError> {
        let is_own = |tag: &&Tag| EntryTag::parse(tag).is_some() || CheckpointTag::parse(tag).is_some();
        let mut tags: Vec<Tag> = tags.iter().filter(is_own).cloned().collect();
        // What could not be read is told already.
        tags.retain(|tag| report.unread.iter().all(|unread| unread.place != tag.as_str()));
        tags.sort();
        let Shelf { target, repository, .. } = &self.shelf;
        let mut read = at_once(tags.iter().map(|tag| async move {
            (tag, artifact::content(&**target, repository, &TagOrDigest::Tag(tag.clone())).await)
        }));
        while let Some((tag, found)) = read.next().await {
            match found {
                Ok(Ok(())) => {}
                Ok(Err(why)) => report.findings.push(Finding::Content { place: tag.to_string(), why }),
                Err(error) => unread(report, tag, LedgerError::registry("read", error))?,
            }
        }
        Ok(())
    }

    /// The entries that a checkpoint covers, and those of them that it calls the last.
    async fn covered(
        &self,
        tag: &CheckpointTag,
        pieces: &mut BTreeMap<Digest, Vec<Digest>>,
    ) -> Result<Result<(Vec<Digest>, Vec<Digest>), String>, LedgerError> {
        let document = match self.shelf.checkpoint(tag).await? {
            Ok(document) => document,
            Err(why) => return Ok(Err(why)),
        };
        let mut covered = Vec::new();
        for piece in &document.pieces {
            if !pieces.contains_key(&piece.digest) {
                match self.shelf.piece(piece, true).await? {
                    Ok(entries) => {
                        pieces.insert(piece.digest.clone(), entries.into_iter().map(|entry| entry.id).collect())
                    }
                    Err(why) => return Ok(Err(why)),
                };
            }
            covered.extend(pieces.get(&piece.digest).into_iter().flatten().cloned());
        }
        Ok(Ok((covered, document.heads)))
    }
}

/// Notes what could not be read; gives it back where that is not of the place any more.
fn unread(report: &mut LedgerReport, tag: &Tag, error: LedgerError) -> Result<(), LedgerError> {
    if report.unread.len() >= MOST_UNREAD {
        return Err(error);
    }
    report.leave_unread(tag.to_string(), &error);
    Ok(())
}
