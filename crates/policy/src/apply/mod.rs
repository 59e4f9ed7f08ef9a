//! Deletes and archives what a plan says, and nothing that has changed since.
//!
//! [`Apply`] takes the report of a plan to a registry through a [`Remover`]. Before each delete it looks again: a tag that
//! holds another digest was moved, a manifest that has a tag which the plan does not know was tagged again, and both stay, with
//! everything that they need. Tags go first, then a manifest only after every one that names it is confirmed to be gone, so
//! that a run can end at any moment and leaves nothing broken. What was done is in a [`Journal`], by which a run is resumed and
//! [`undo`] puts back what the registry can still restore.
//!
//! What is archived ([`Caps::archives`]) is looked at in the same way: it is taken from whoever pulls it, by any tag. An index
//! goes before what it names, and an image before what is attached to it, so that what can be pulled is whole and signed at any
//! moment.
//!
//! Most registries have no compare-and-delete: between the last look and the delete is one round trip in which a tag can be
//! moved unseen. There a manifest has to be condemned by two plans that are a while apart, unless that is switched off. For what
//! is archived that holds at every registry.

/// What an attempt comes to that is made again where it may succeed later.
macro_rules! patiently {
    ($settings:expr, $attempt:expr) => {{
        let mut patience = $settings.patience();
        loop {
            match $attempt {
                Err(error) if patience.again(&error).await => {}
                done => break done,
            }
        }
    }};
}

mod archive;
mod bind;
mod book;
mod caps;
mod doomed;
mod entry;
mod error;
mod guards;
mod hosted;
mod journal;
#[cfg(feature = "ledger")]
mod ledger;
mod manifests;
mod outcome;
mod plain;
mod quarantine;
mod remover;
mod run;
mod settings;
mod tags;
mod tries;
mod undo;
mod wanted;
mod work;
mod world;

pub use self::bind::still;
pub use self::caps::{Caps, TagDelete};
pub use self::entry::{Entry, Status, Stored};
pub use self::error::ApplyError;
pub use self::hosted::Hosted;
pub use self::journal::{Audit, FileJournal, Journal, MemoryJournal};
#[cfg(feature = "ledger")]
pub use self::ledger::LedgerAudit;
pub use self::outcome::{Fate, Item, Outcome, Subject, Wait, Way};
pub use self::plain::Plain;
pub use self::remover::{Removed, Remover};
pub use self::run::Apply;
pub use self::settings::{InUseNow, Settings};
pub use self::undo::{Undo, Undone, undo};
