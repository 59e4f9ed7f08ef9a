//! When an environment is open for changes: freezes, working hours, a kill switch, and the ways around them.
//!
//! It is open unless a window that denies is active, and unless there are windows that allow, of which none is. So a freeze
//! beats working hours, and an environment without windows is always open.
//!
//! ```
//! use lockage_policy::window::{Action, Window, Windows};
//!
//! let windows = Windows::new().with(
//!     Window::deny("year-end", "2026-12-18T18:00", "2027-01-04", "Europe/Berlin")?.because("nobody is on call").except(Action::Rollback),
//! );
//! let status = windows.evaluate(Action::Promotion, None, None, "2026-12-24T12:00:00Z".parse()?);
//! assert!(!status.open);
//! assert_eq!(status.next_open, Some("2027-01-04T23:00:00Z".parse()?), "the last day is a whole one");
//! assert!(windows.evaluate(Action::Rollback, None, None, "2026-12-24T12:00:00Z".parse()?).open);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evaluate;
mod rule;
mod span;
mod status;

pub use self::evaluate::Windows;
pub use self::rule::{Action, Effect, Weekday, Window, WindowError};
pub use self::status::{KillSwitch, Override, WindowStatus};
