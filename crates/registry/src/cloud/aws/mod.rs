//! Amazon: an identity token for the keys of a role, and those for a login to ECR.

mod login;
mod role;

pub use login::EcrLogin;
pub use role::AssumedRole;
