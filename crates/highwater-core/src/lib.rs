//! The vocabulary and the contracts of Highwater: windows, datasets, tables, the [`Extractor`] and its [`Sink`],
//! errors, settings, checkpoints. No I/O and no async runtime.

pub mod checkpoint;
pub mod clock;
pub mod column;
pub mod costs;
pub mod dataset;
pub mod digest;
pub mod error;
pub mod extractor;
pub mod grain;
pub mod ids;
pub mod provider;
pub mod seconds;
pub mod secret;
pub mod settings;
pub mod sink;
pub mod table;
pub mod traffic;
pub mod window;
pub mod window_set;
pub mod wire;

pub use checkpoint::{CHECKPOINT_FORMAT, Checkpoint, FailedWindow, HeldWindow, SealedUnit, WindowRecord};
pub use clock::{Clock, ManualClock, ShiftedClock};
pub use column::{Additivity, Column, ColumnDef, ColumnType};
pub use costs::{Costs, PullCost, UnitCost};
pub use dataset::{DatasetSpec, Duplicates, TableFeed};
pub use digest::Digester;
pub use error::{Disposition, Error, ErrorKind, Result};
pub use extractor::{
    Extractor, Figure, Listing, OperationSpec, PageFacts, PageRequest, Probe, RawPage, Relation, Role,
};
pub use grain::Grain;
pub use ids::{DatasetName, RunId, SourceName, Unit};
pub use provider::{Context, Provider, Registry};
pub use seconds::{NotSeconds, Seconds};
pub use secret::Secret;
pub use settings::{Finding, SettingDef, SettingKind, SettingValue, Settings};
pub use sink::Sink;
pub use table::{Table, TableDef, TableKind};
pub use traffic::{Traffic, TrafficCount};
pub use window::{Window, format_instant};
pub use window_set::WindowSet;
