//! `Sink`: who is told, and for how long that may take.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{self, Either};

use super::Happening;
use crate::pipeline::Trouble;
use crate::pipeline::step::Pace;

/// Any error of a sink.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Is told what happens.
///
/// ```
/// use lockage_promote::pipeline::events::{Happening, Sink, SinkError, slack};
///
/// #[derive(Debug)]
/// struct Log;
///
/// #[async_trait::async_trait]
/// impl Sink for Log {
///     fn id(&self) -> &str {
///         "log"
///     }
///     async fn tell(&self, happening: &Happening) -> Result<(), SinkError> {
///         eprintln!("{}", slack(happening));
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// The sink's name, by which receipts call it.
    fn id(&self) -> &str;

    /// Tells it.
    ///
    /// # Errors
    /// Whatever keeps it from being told.
    async fn tell(&self, happening: &Happening) -> Result<(), SinkError>;
}

/// All who are told, and how long each may take.
#[derive(Clone, Debug)]
#[must_use]
pub struct Sinks {
    sinks: Vec<Arc<dyn Sink>>,
    pace: Arc<dyn Pace>,
    at_most: Duration,
}

impl Sinks {
    /// Tells nobody yet, and waits at most five seconds for each.
    pub fn new(pace: impl Pace + 'static) -> Self {
        Self { sinks: Vec::new(), pace: Arc::new(pace), at_most: Duration::from_secs(5) }
    }

    /// Tells `sink` too.
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Arc::new(sink));
        self
    }

    /// Waits at most so long for each, which are all told at once.
    pub fn at_most(self, at_most: Duration) -> Self {
        Self { at_most, ..self }
    }

    /// Tells all of them, one thing after the other; says who could not be told.
    pub async fn tell(&self, happenings: &[Happening]) -> Vec<Trouble> {
        let told = self.sinks.iter().map(|sink| async move {
            for happening in happenings {
                let telling = sink.tell(happening);
                match future::select(telling, self.pace.sleep(self.at_most)).await {
                    Either::Left((Ok(()), _)) => {}
                    Either::Left((Err(error), _)) => return Some(Trouble::new(sink.id(), chain(&*error))),
                    Either::Right(_) => {
                        let waited = crate::human::duration(self.at_most);
                        return Some(Trouble::new(sink.id(), format!("it gave no answer in {waited}")));
                    }
                }
            }
            None
        });
        future::join_all(told).await.into_iter().flatten().collect()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        text = format!("{text}: {below}");
        source = below.source();
    }
    text
}
