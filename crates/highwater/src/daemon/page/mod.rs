//! The status page: one glance says whether all is well, the rest says why not. Server-rendered, without script and
//! without anything from elsewhere.

mod calendar;
mod layout;
mod model;
mod story;
mod tables;

pub(super) use layout::page;
pub(super) use model::{About, PageModel};
