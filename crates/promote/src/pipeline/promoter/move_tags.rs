//! The tags that move: what may have been said meanwhile is asked for once more, and then they move, of all that go together.

use super::apply::Ready;
use super::held::Held;
use super::{PromoteError, Trouble, WrittenTag, standing};
use crate::Error;
use crate::ledger::Chronicle;

/// Why the tags of some did not move.
pub(super) struct Halted {
    pub(super) error: PromoteError,
    /// Of how many all of them have.
    pub(super) moved: usize,
    /// Whether what was begun was taken back, so that there is nothing to go on with.
    pub(super) is_over: bool,
}

/// Moves the tags of all of these, one after the other; gives back those of each. It reads the ledger once before the first,
/// unless every tag is where it is to be.
pub(super) async fn move_tags(ready: &[Ready<'_>], held: &Held) -> Result<Vec<Vec<WrittenTag>>, Halted> {
    match ask_again(ready).await {
        Ok(()) => {}
        Err(error @ PromoteError::Stopped { .. }) => return Err(end(ready, error).await),
        Err(error) => return Err(Halted { error, moved: 0, is_over: false }),
    }
    let (mut floats, mut moved) = (Vec::new(), 0);
    for one in ready {
        let mut own = Vec::new();
        let outcome = one.float(held, &mut own).await;
        floats.push(own);
        match outcome {
            Ok(()) => moved += 1,
            // Somebody was faster: not even the first has moved.
            Err(error @ PromoteError::Copy(Error::Moved { .. })) if !floats.iter().flatten().any(|tag| tag.written) => {
                return Err(end(ready, error).await);
            }
            Err(error) => return Err(Halted { error, moved, is_over: false }),
        }
    }
    Ok(floats)
}

/// Steps before may have run for an hour: has somebody denied one of these since, or does hold where it goes?
async fn ask_again(ready: &[Ready<'_>]) -> Result<(), PromoteError> {
    let Some(first) = ready.iter().find(|one| one.is_news) else { return Ok(()) };
    let promoter = first.promoter();
    let chronicle = Chronicle::of(promoter.ledger.entries(None).await?);
    ready.iter().try_for_each(|one| standing::refuse_stopped(one.passage(), &chronicle, one.time()))
}

/// Takes back what these have begun, of which no tag has moved, so that nothing is left to be gone on with. Where a run before
/// this one has moved some, they stay begun: healing and reverting put those back.
pub(super) async fn end(ready: &[Ready<'_>], error: PromoteError) -> Halted {
    if ready.iter().any(Ready::was_on_its_way) {
        return Halted { error, moved: 0, is_over: false };
    }
    let mut troubles = Vec::new();
    for one in ready.iter().filter(|one| one.is_news) {
        if let Err(untold) = one.take_back(&error.to_string()).await {
            troubles.push(Trouble::new("ledger", untold.to_string()));
        }
    }
    Halted { is_over: troubles.is_empty(), error: error.beside(troubles), moved: 0 }
}
