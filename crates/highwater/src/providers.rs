//! The providers that this program knows: the only place that names them.

use highwater_core::Registry;
use highwater_extract_mux::Mux;
use highwater_extract_scaleengine::ScaleEngine;
use highwater_extract_wowza::Wowza;

/// All providers.
pub(crate) fn providers() -> Registry {
    Registry::default().with(Mux).with(ScaleEngine).with(Wowza)
}
