//! Progress: a bar on a terminal, a line every ten seconds elsewhere, nothing for what is done at once.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lockage_promote::{Event, Observer, Outcome};
use tokio::task::JoinHandle;

/// What takes less is over before a bar would be read.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_secs(10);

/// One bar over all copies, in bytes of blobs.
pub(crate) struct Progress {
    bar: ProgressBar,
    show: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn start() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let template = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let show = tokio::spawn(show(bar.clone()));
        Self { bar, show }
    }

    /// Sees one copy; `name` is shown while it moves bytes.
    pub(crate) fn observer(&self, name: String) -> Arc<dyn Observer> {
        let bar = self.bar.clone();
        Arc::new(move |event: &Event<'_>| match event {
            Event::Planned { plan } => bar.inc_length(plan.bytes()),
            Event::BlobMoved { bytes, .. } => {
                bar.inc(*bytes);
                bar.set_message(name.clone());
            }
            Event::BlobDone { blob, outcome } if *outcome != Outcome::Uploaded => bar.inc(blob.size),
            _ => {}
        })
    }

    pub(crate) fn finish(self) {
        self.show.abort();
        self.bar.finish_and_clear();
    }
}

async fn show(bar: ProgressBar) {
    tokio::time::sleep(PATIENCE).await;
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        return;
    }
    loop {
        tokio::time::sleep(INTERVAL).await;
        let (done, all, rate) = (bar.position(), bar.length().unwrap_or(0), bar.per_sec());
        eprintln!("{done} of {all} bytes, {rate:.0} bytes/s, {} s left  {}", bar.eta().as_secs(), bar.message());
    }
}
