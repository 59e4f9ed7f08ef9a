//! `Queue`: entries that wait for the disk, so that one write takes all that wait.

use std::io;
use std::sync::{Mutex, PoisonError};

use futures::channel::oneshot::{self, Receiver, Sender};
use lockage_registry::Digest;

use crate::ledger::{Entry, LedgerError};

type Answer = Result<Digest, LedgerError>;

/// What waits, and whether somebody is writing.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<(Entry, Sender<Answer>)>,
    is_written: bool,
}

/// Entries that are written together. Dropped before they are, it lets the next who comes write.
pub(super) struct Writing<'q> {
    queue: &'q Queue,
    entries: Vec<(Entry, Sender<Answer>)>,
    is_done: bool,
}

impl Queue {
    /// Lets an entry wait. True where nobody is writing, so that whoever pushed it has to see to it.
    pub(super) fn push(&self, entry: Entry) -> (Receiver<Answer>, bool) {
        let (sender, answer) = oneshot::channel();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push((entry, sender));
        (answer, !std::mem::replace(&mut state.is_written, true))
    }

    /// All that wait; `None` where none does, and then nobody is writing any more.
    pub(super) fn take(&self) -> Option<Writing<'_>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = std::mem::take(&mut state.waiting);
        state.is_written = !entries.is_empty();
        state.is_written.then(|| Writing { queue: self, entries, is_done: false })
    }
}

impl Writing<'_> {
    /// Writes them, and tells everybody who waits.
    pub(super) fn done(mut self, write: impl FnOnce(Vec<Entry>) -> Result<Vec<Digest>, LedgerError>) {
        let (entries, senders): (Vec<_>, Vec<_>) = std::mem::take(&mut self.entries).into_iter().unzip();
        let written = write(entries);
        self.is_done = true;
        let answers: Vec<Answer> = match written {
            Ok(ids) => ids.into_iter().map(Ok).collect(),
            Err(error) => senders.iter().map(|_| Err(again(&error))).collect(),
        };
        for (sender, answer) in senders.into_iter().zip(answers) {
            // Whoever does not wait any more does not want to know.
            drop(sender.send(answer));
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.queue.0.lock().unwrap_or_else(PoisonError::into_inner);
            *state = State::default();
        }
    }
}

/// The same error for everybody whose entry was to be written.
fn again(error: &LedgerError) -> LedgerError {
    match error {
        LedgerError::Entry { id, why } => LedgerError::Entry { id: id.clone(), why: why.clone() },
        LedgerError::Exported { ledger } => LedgerError::Exported { ledger: ledger.clone() },
        LedgerError::Backend { what, source } => {
            let kind = source.downcast_ref::<io::Error>().map_or(io::ErrorKind::Other, io::Error::kind);
            LedgerError::Backend { what, source: io::Error::new(kind, source.to_string()).into() }
        }
        other => LedgerError::Backend { what: "append to", source: other.to_string().into() },
    }
}
