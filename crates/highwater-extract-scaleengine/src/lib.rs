//! All that is known about ScaleEngine's legacy API: signed requests, and what its answers mean in our terms.

pub mod failure;
pub mod php_json;
pub mod signature;
