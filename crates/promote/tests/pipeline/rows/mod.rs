//! What the users' documents describe of selection, environments and copying, row by row; DESIGN.md has the table.

mod copying;
mod environments;
mod identity;
