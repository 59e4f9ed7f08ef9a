//! The protocol for a tag that several may write at once, on registries that have no compare-and-swap.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_timer::Delay;
use lockage_tagging::{Digest, Repository, Tag};

use super::{Settled, lane};
use crate::doubt::{Doubt, random};
use crate::{Error, ErrorKind, RawManifest, Result, TagOrDigest, Target};

/// How long the tag has to be quiet after a write, where nobody else was seen to write.
const QUIET: Duration = Duration::from_millis(250);
/// The same where somebody was.
const QUIET_AMONG_OTHERS: Duration = Duration::from_millis(600);
/// The longest that is waited for quiet, however slow the registry is.
const LONGEST: Duration = Duration::from_secs(15);
/// What was read longer ago than this is read again before it is built upon, so many times.
const STALE: Duration = Duration::from_millis(100);
const REREADS: u32 = 3;
/// After so many writes that others have undone it is given up.
const MOST_WRITES: u32 = 30;

/// What has to stay under a tag.
#[async_trait]
pub(super) trait Keep: Send {
    /// What to write so that the tag, which holds `held`, lacks nothing that is known: `None` where it lacks nothing.
    /// What `held` has besides is known from then on.
    async fn lacking(&mut self, held: Option<&RawManifest>) -> Result<Option<RawManifest>>;

    /// The registry has refused what was to be written. True where something that it cannot hold was found and given up, and
    /// it should be tried again; each request is counted.
    async fn give_up(&mut self, _target: &dyn Target, _repo: &Repository, _requests: &mut u64) -> Result<bool> {
        Ok(false)
    }
}

/// Writes until nothing is lacking and the tag has been quiet.
pub(super) async fn settle(target: &dyn Target, repo: &Repository, tag: &Tag, keep: &mut dyn Keep) -> Result<Settled> {
    let at = TagOrDigest::Tag(tag.clone());
    let mut pace = Pace::default();
    let (mut requests, mut writes, mut rereads) = (0, 0, 0);
    let mut last: Option<Digest> = None;
    let mut doubt = Doubt::default();
    loop {
        let lane = lane::enter(target, repo, tag).await;
        let begun = Instant::now();
        requests += 1;
        let held = match target.manifest(repo, &at).await {
            Ok(held) => Some(held),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let read = Instant::now();
        let found = held.as_ref().map(|held| held.digest().clone());
        let lacking = keep.lacking(held.as_ref()).await?;
        match (lacking, found) {
            (None, Some(digest)) if writes == 0 => return Ok(Settled { digest, written: false, requests }),
            (None, found) => {
                if found != last {
                    pace.somebody_wrote();
                    last.clone_from(&found);
                }
                if let Some(digest) = found.filter(|_| pace.is_quiet()) {
                    return Ok(Settled { digest, written: true, requests });
                }
            }
            (Some(_), _) if writes == MOST_WRITES => {
                return Err(Error::new(ErrorKind::Contended, "write", at.after(repo)).given_up_after(writes));
            }
            // Building upon what may be old undoes what others wrote since, and who has left cannot write it again.
            (Some(_), _) if read.elapsed() > STALE && rereads < REREADS => {
                rereads += 1;
                continue;
            }
            (Some(document), _) => {
                if writes > 0 {
                    pace.somebody_wrote();
                }
                (requests, writes, rereads) = (requests + 1, writes + 1, 0);
                match target.put_manifest(repo, &document, &at).await {
                    Err(error) if error.kind() == ErrorKind::Rejected => {
                        if keep.give_up(target, repo, &mut requests).await?
                            || doubt.pause(target, repo, &document, &error, &mut requests).await?
                        {
                            continue;
                        }
                        return Err(error);
                    }
                    put => put?,
                };
                pace.wrote(begun.elapsed());
                last = Some(document.digest().clone());
            }
        }
        drop(lane);
        Delay::new(pace.pause(writes)).await;
    }
}

/// How long to wait: by how long this registry takes from a read to the write that follows, which is how long the write of
/// another may already be on its way.
#[derive(Debug, Default)]
struct Pace {
    window: Duration,
    among_others: bool,
    quiet_since: Option<Instant>,
}

impl Pace {
    fn wrote(&mut self, took: Duration) {
        self.window = self.window.max(took);
        self.quiet_since = Some(Instant::now());
    }

    fn somebody_wrote(&mut self) {
        self.among_others = true;
        self.quiet_since = Some(Instant::now());
    }

    fn quiet(&self) -> Duration {
        let (least, windows) = if self.among_others { (QUIET_AMONG_OTHERS, 8) } else { (QUIET, 4) };
        least.max(self.window.saturating_mul(windows)).min(LONGEST)
    }

    fn is_quiet(&self) -> bool {
        self.quiet_since.is_some_and(|since| since.elapsed() >= self.quiet())
    }

    /// Alone, the next look is the last one; among others, looks are many and spread, the more so the more often what was
    /// written got lost.
    fn pause(&self, writes: u32) -> Duration {
        let (from, to) = if self.among_others { (0.15, 0.6 + 0.1 * f64::from(writes)) } else { (1.0, 1.3) };
        self.quiet().mul_f64(from + (to - from) * random()).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_spread_and_end() {
        let mut pace = Pace::default();
        pace.wrote(Duration::from_millis(1));
        let alone: Vec<_> = (0..100).map(|_| pace.pause(1)).collect();
        assert!(alone.iter().all(|pause| (QUIET..QUIET * 2).contains(pause)));
        assert!(alone.iter().collect::<std::collections::BTreeSet<_>>().len() > 50);
        pace.somebody_wrote();
        pace.wrote(Duration::from_secs(60));
        assert!((0..100).all(|writes| pace.pause(writes) <= LONGEST));
    }
}
