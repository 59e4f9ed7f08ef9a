//! Judge: what has to hold of a copy that went through faults, and of those that follow it without any.

use std::time::Duration;

use lockage_promote::{CopyPlan, Error, ImageCopy, Receipt};
use lockage_registry::{Digest, ErrorKind, Reference, Source, TagOrDigest, Target};

use crate::check::{Checked, Look};
use crate::place::Store;
use crate::scenario::{Again, Scenario, Way};
use crate::watch::{Errand, Watch};

/// No copy takes this long, however busy the machine is.
pub(crate) const LIMIT: Duration = Duration::from_secs(100);

/// A copy, and everything that looks at it from outside.
pub(crate) struct World<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) errand: &'a Errand,
    pub(crate) target: &'a Store,
    pub(crate) watches: Vec<&'a Watch>,
}

/// The two sides as the copy has them.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) target: &'a dyn Target,
    pub(crate) from: &'a Reference,
    pub(crate) to: &'a Reference,
}

pub(crate) struct Attempt {
    pub(crate) plan: Option<CopyPlan>,
    pub(crate) result: Result<Receipt, Error>,
}

impl World<'_> {
    fn copy<'e>(&self, ends: Ends<'e>) -> ImageCopy<'e> {
        let copy =
            ImageCopy::new(ends.source, ends.from).to(ends.target, ends.to).concurrency(self.scenario.concurrency);
        if !self.scenario.expects_current {
            return copy;
        }
        copy.expect_current(self.errand.before.image.as_ref().map(|image| image.root().digest().clone()))
    }

    pub(crate) async fn attempt(&self, ends: Ends<'_>) -> Checked<Attempt> {
        limited("the copy", async {
            let copy = self.copy(ends);
            match copy.plan().await {
                Ok(plan) => Attempt { result: copy.apply(&plan).await, plan: Some(plan) },
                Err(error) => Attempt { plan: None, result: Err(error) },
            }
        })
        .await
    }

    fn look(&self) -> Look<'_> {
        Look { registry: &*self.target.registry, repo: &self.errand.to, api: self.errand.api }
    }

    async fn held(&self) -> Checked<Option<Digest>> {
        self.look().tagged(&TagOrDigest::Tag(self.errand.tag.clone())).await
    }

    /// The tag holds what it held, or the whole new image. True where it moved and nobody was told.
    pub(crate) async fn judge(&self, first: &Attempt, lost: bool) -> Checked<bool> {
        let errand = self.errand;
        let root = errand.freight.root().digest();
        let (held, look) = (self.held().await?, self.look());
        let early: Vec<_> = self.watches.iter().flat_map(|watch| watch.wrong()).collect();
        if !early.is_empty() {
            return Err(format!("when the tag was written: {}", early.join("; ")));
        }
        let moved = held.as_ref() == Some(root);
        if moved {
            look.complete(&errand.freight, &errand.before).await.map_err(|e| format!("under the new tag: {e}"))?;
        }
        look.kept(&errand.before).await?;
        match &first.result {
            Ok(receipt) => {
                self.receipt(receipt)?;
                if moved { Ok(false) } else { Err(format!("it succeeded, and the tag holds {held:?}")) }
            }
            Err(_) if moved && lost => Ok(true),
            Err(_) if moved => Err("it failed, and the tag has moved".to_owned()),
            Err(_) if held.as_ref() == errand.before.image.as_ref().map(|image| image.root().digest()) => Ok(false),
            Err(_) => Err(format!("it failed, and the tag holds {held:?}")),
        }
    }

    fn receipt(&self, receipt: &Receipt) -> Checked {
        let (found, there) = (receipt.attachments().found().len(), self.errand.freight.attached.len());
        if receipt.digest() != self.errand.freight.root().digest() {
            return Err(format!("the receipt is for {}", receipt.digest()));
        }
        match self.scenario.way {
            Way::Retag => Ok(()),
            _ if found == there => Ok(()),
            _ => Err(format!("the receipt has {found} attachments, and there are {there}")),
        }
    }

    /// Without faults it completes: by the plan that was made, or planned anew.
    pub(crate) async fn afterwards(&self, ends: Ends<'_>, plan: Option<&CopyPlan>) -> Checked {
        let old = match (self.scenario.again, plan) {
            (Again::Planned, _) | (_, None) => None,
            (Again::OldPlan, Some(plan)) => Some(plan.clone()),
            (Again::Document, Some(plan)) => {
                let text = serde_json::to_string(plan).map_err(|e| e.to_string())?;
                Some(serde_json::from_str(&text).map_err(|e| e.to_string())?)
            }
        };
        match old {
            Some(plan) => {
                let again = limited("the same plan", async { self.copy(ends).apply(&plan).await }).await?;
                self.completed("the same plan", again).await
            }
            None => self.completed("the re-run", self.attempt(ends).await?.result).await,
        }
    }

    async fn completed(&self, what: &str, result: Result<Receipt, Error>) -> Checked {
        let result = result.map_err(|error| format!("{what}, without faults: {}", full(&error)))?;
        self.receipt(&result).map_err(|why| format!("{what}: {why}"))?;
        let held = self.held().await?;
        if held.as_ref() != Some(self.errand.freight.root().digest()) {
            return Err(format!("after {what} the tag holds {held:?}"));
        }
        let complete = self.look().complete(&self.errand.freight, &self.errand.before).await;
        complete.map_err(|why| format!("after {what}: {why}"))
    }
}

async fn limited<T>(what: &str, work: impl Future<Output = T>) -> Checked<T> {
    tokio::time::timeout(LIMIT, work).await.map_err(|_| format!("{what} hangs: nothing after {} s", LIMIT.as_secs()))
}

pub(crate) fn must_succeed(first: &Attempt) -> Checked {
    match &first.result {
        Ok(_) => Ok(()),
        Err(_) => Err("what it met is to be got over, and it failed".to_owned()),
    }
}

/// A part that is not the one that was asked for is refused as such. That its bytes do not fit would show later, too.
pub(crate) fn must_not_splice(first: &Attempt) -> Checked {
    let kind = first.result.as_ref().err().and_then(Error::port).map(lockage_registry::Error::kind);
    match kind {
        Some(ErrorKind::DigestMismatch | ErrorKind::SizeMismatch) => Err("a wrong part was taken".to_owned()),
        _ => Ok(()),
    }
}

pub(crate) fn full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
