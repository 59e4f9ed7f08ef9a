//! `together`: many jobs, so many at once.

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::Result;

/// Runs all jobs, at most `most` at once; the results are in the order of the jobs, whatever the order in which they end.
/// The first error drops the jobs that are under way.
///
/// The jobs are boxed and collected before the first is polled: a closure in the stream would keep whoever awaits it from
/// being spawned (rust-lang/rust#102211).
pub(super) async fn together<'j, T: Send + 'j>(most: usize, jobs: Vec<BoxFuture<'j, Result<T>>>) -> Result<Vec<T>> {
    let numbered: Vec<BoxFuture<'j, Result<(usize, T)>>> =
        jobs.into_iter().enumerate().map(|(n, job)| job.map(move |done| Ok((n, done?))).boxed()).collect();
    let mut done: Vec<_> = stream::iter(numbered).buffer_unordered(most).try_collect().await?;
    done.sort_unstable_by_key(|(n, _)| *n);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
