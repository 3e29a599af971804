//! Where this workspace is, and what cargo knows of it.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use cargo_metadata::{Metadata, MetadataCommand};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand one folder below the root")
}

/// Every crate of the workspace and all that they build on, resolved for all platforms.
pub(crate) fn metadata() -> &'static Metadata {
    static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
        let manifest = root().join("Cargo.toml");
        MetadataCommand::new().manifest_path(manifest).exec().expect("cargo metadata answers")
    });
    &METADATA
}

/// A path below the folder that cargo builds into.
pub(crate) fn built(relative: &str) -> PathBuf {
    metadata().target_directory.join(relative).into_std_path_buf()
}
