//! Events: who is told that images move, and how.
//!
//! A promoter tells its sinks that a promotion begins, is done, has failed or waits, and that an image was rolled back. Nobody
//! who cannot be told fails a promotion, nor holds it up for longer than was allowed; what went wrong is in the receipt.

mod cdevents;
mod happening;
#[cfg(feature = "http")]
mod http;
mod sink;
mod text;

pub use cdevents::cdevents;
pub use happening::{Happening, What};
#[cfg(feature = "http")]
pub use http::{CloudEvents, Mode, Webhook};
pub use sink::{Sink, SinkError, Sinks};
pub use text::slack;
