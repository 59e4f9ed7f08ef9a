//! Versions by the calendar, after a layout such as `YYYY.0M.MICRO`.

mod error;
mod layout;
mod release;
mod version;

pub use error::CalverError;
pub use layout::CalverLayout;
pub use release::CalverRelease;
pub use version::Calver;
