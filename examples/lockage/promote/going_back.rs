//! `promote --auto-rollback`: back to what was there before, where a watch after the promotion says that the image is bad.

use std::time::SystemTime;

use lockage_promote::pipeline::{Name, PromoteError, RollbackReceipt};
use serde_json::json;

use super::world::World;
use super::{Trouble, ends};
use crate::report::{Failure, describe, say, say_json};

/// What becomes of a promotion to `to` that ended in `error`. What could not be looked at is no reason to go back.
pub(super) async fn after(world: &World, image: &Name, to: &Name, error: PromoteError, as_json: bool) -> Failure {
    match roll_back(world, image, to, &error).await {
        Ok(None) => ends::failure(error),
        Ok(Some(receipt)) => {
            let told = match as_json {
                true => say_json(&json!({ "result": "rolled-back", "error": error.to_string(), "rollback": receipt })),
                false => say(&receipt),
            };
            let back = format!("It was rolled back to {}, and {to} is held until released.", receipt.digest.short());
            told.err().unwrap_or_else(|| Failure::refused(&Trouble::new(&error).remedy(back)))
        }
        Err(back) => {
            // Both are to be known: that the image is bad, and that it is still there.
            eprint!("{}", describe(&error));
            Failure::error(&Trouble::new("it could not be rolled back").because(back))
        }
    }
}

async fn roll_back(
    world: &World,
    image: &Name,
    to: &Name,
    error: &PromoteError,
) -> Result<Option<RollbackReceipt>, PromoteError> {
    let (promoter, now) = (&world.promoter, SystemTime::now());
    let Some(plan) = promoter.plan_rollback_after(image, to, error, now).await? else { return Ok(None) };
    let cleared = promoter.clear_rollback(plan, now).await?;
    promoter.apply_rollback(cleared, now).await.map(Some)
}
