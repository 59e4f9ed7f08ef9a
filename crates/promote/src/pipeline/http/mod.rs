//! JSON over HTTP: one API, its token, and answers that are read whole or not at all.

mod api;
mod fields;
mod probe;
mod token;

pub use api::Api;
pub use probe::{HttpProbe, Limit};
pub use token::Token;

pub(crate) use api::Answer;
pub(crate) use fields::{read, segment};
