//! `Recheck`: what runs today, asked again by today's gates.

use std::fmt;
use std::time::SystemTime;

use futures::stream::{self, StreamExt as _};
use lockage_registry::Digest;
use serde::Serialize;

use super::ago::{Absolute, Since};
use super::{By, Resident, Unread, running};
use crate::gate::Promoted;
use crate::ledger::{Chronicle, ImageFacts, rfc3339};
use crate::pipeline::output::{ReportedGate, Said, Standing};
use crate::pipeline::promoter::rollback::plan::in_place;
use crate::pipeline::promoter::standing::not_denied;
use crate::pipeline::{Name, Ordered, PromoteError, Promoter};
use crate::promotion::ask;
use crate::{Gate, GateContext, Plan};
use lockage_tagging::OneLine;

/// How many images are asked about at once.
const AT_ONCE: usize = 4;

/// What is in an environment, and what the gates of the edges by which it came say of it today.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Recheck {
    /// The environment.
    pub environment: Name,
    /// When this was asked.
    #[serde(with = "rfc3339")]
    pub asked: SystemTime,
    /// The images.
    pub images: Vec<Rechecked>,
    /// Images that could not be asked about: nothing is known of them.
    pub unread: Vec<Unread>,
}

/// An image, and what the gates say of it today.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Rechecked {
    /// The image.
    pub image: Name,
    /// The digest.
    pub digest: Digest,
    /// What it is known by.
    pub facts: ImageFacts,
    /// Since when it is there without interruption.
    #[serde(with = "rfc3339")]
    pub since: SystemTime,
    /// Who brought it.
    pub by: String,
    /// The digest of the plan by which it came, where it came by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
    /// The edge.
    pub edge: Name,
    /// Ready where no gate says no, refused where one that blocks does, undecided where one cannot tell. That a gate would
    /// wait today, because a window is closed, is nothing against what is there.
    pub standing: Standing,
    /// What every gate said.
    pub gates: Vec<ReportedGate>,
}

impl Promoter {
    /// Asks, without writing, every gate of the edge by which each image came into `environment`, where the image is now,
    /// and whether somebody has denied it. Approvals are those of the plan by which it came.
    ///
    /// # Errors
    /// Where the graph has no such environment, and where the ledger fails. What cannot be read of one image is told of it.
    pub async fn recheck(&self, environment: &Name, now: SystemTime) -> Result<Recheck, PromoteError> {
        self.graph.environment(environment)?;
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let there = running(&chronicle, environment, now).images;
        let asked = there.iter().map(|one| {
            let chronicle = &chronicle;
            async move { (one, self.rechecked(chronicle, one, now).await) }
        });
        let asked: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let (mut images, mut unread) = (Vec::new(), Vec::new());
        for (one, outcome) in asked {
            match outcome {
                Ok(one) => images.push(one),
                Err(error) => unread.push(Unread::of(&one.image, &error)),
            }
        }
        Ok(Recheck { environment: environment.clone(), asked: now, images, unread })
    }

    /// Denies everywhere what today's gates refuse: it moves nowhere from there on, and stays where it is until it is rolled
    /// back. What could not be decided is left alone.
    ///
    /// # Errors
    /// As [`deny`](Self::deny).
    pub async fn revoke(&self, recheck: &Recheck, reason: &str, now: SystemTime) -> Result<Vec<Ordered>, PromoteError> {
        let mut ordered = Vec::new();
        for one in recheck.images.iter().filter(|one| one.standing == Standing::Refused) {
            ordered.push(self.deny(&one.image, &one.digest.clone().into(), None, reason, now).await?);
        }
        Ok(ordered)
    }

    async fn rechecked(
        &self,
        chronicle: &Chronicle,
        one: &Resident,
        now: SystemTime,
    ) -> Result<Rechecked, PromoteError> {
        let chronicle = chronicle.clone().of_image(&one.image);
        let (passage, copy) = in_place(self, &chronicle, &one.image, &one.environment, &one.digest).await?;
        let plan = Plan::draft(copy).along(passage.clone());
        // What was approved was the plan by which it came.
        let id = match &one.passed {
            Some(passed) => passed.plan.clone(),
            None => plan.id()?,
        };
        let edge = self.graph.edge(&passage.edge)?;
        let promoted = Promoted::new(&passage, &chronicle, &id, &self.actor);
        let context = GateContext::new(plan.copy(), self.source(&one.environment)?, now).along(promoted);
        let denied = not_denied();
        let standing: [(&dyn Gate, Option<&str>); 1] = [(&*denied, None)];
        let placed = edge.gates().iter().map(|placed| (&*placed.gate, placed.advisory.as_deref()));
        let opinions = ask(&context, standing.into_iter().chain(placed)).await;
        let gates: Vec<ReportedGate> = opinions.iter().map(ReportedGate::of).collect();
        let blocks = |said: Said| gates.iter().any(|gate| gate.advisory.is_none() && gate.said == said);
        let standing = match (blocks(Said::Fail), blocks(Said::Undecided)) {
            (true, _) => Standing::Refused,
            (false, true) => Standing::Undecided,
            (false, false) => Standing::Ready,
        };
        Ok(Rechecked {
            image: one.image.clone(),
            digest: one.digest.clone(),
            facts: one.facts.clone(),
            since: one.since,
            by: one.by.clone(),
            plan: one.plan().cloned(),
            edge: edge.name().clone(),
            standing,
            gates,
        })
    }
}

impl Recheck {
    /// Refused where one image is, undecided where one is or could not be asked about, and ready else.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let has = |standing| self.images.iter().any(|one| one.standing == standing);
        match (has(Standing::Refused), has(Standing::Undecided) || !self.unread.is_empty()) {
            (true, _) => Standing::Refused,
            (false, true) => Standing::Undecided,
            (false, false) => Standing::Ready,
        }
    }
}

impl fmt::Display for Recheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  asked again at {}", self.environment, Absolute(self.asked))?;
        if self.images.is_empty() && self.unread.is_empty() {
            f.write_str("\n  nothing is there, by the ledger")?;
        }
        for one in &self.images {
            let (word, facts) = (one.standing.word(), super::known_as(&one.facts));
            write!(f, "\n  {word:<9}  {}  {}{facts}", one.image, one.digest)?;
            write!(f, "\n    here  since {} {}", Since(one.since, self.asked), By(&one.by, one.plan.as_ref()))?;
            for gate in &one.gates {
                let note = if gate.advisory.is_some() { " (advisory)" } else { "" };
                write!(
                    f,
                    "\n    {}  {}  {}{note}",
                    gate.said.word(),
                    OneLine(&gate.gate),
                    OneLine(gate.found.join("; "))
                )?;
            }
        }
        self.unread
            .iter()
            .try_for_each(|one| write!(f, "\n  {}  could not be asked about: {}", one.image, OneLine(&one.error)))
    }
}
