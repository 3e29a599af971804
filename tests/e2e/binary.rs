//! The real binary, in a folder of its own.

use std::{
    env,
    env::consts::EXE_SUFFIX,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use tempfile::TempDir;

use crate::{
    place::{built, root},
    process::Invocation,
    warehouse::Warehouse,
};

/// The binary under test: the one that `cargo xtask test` has built, or else one built now, so that it is never stale.
fn highwater() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| match env::var_os("HIGHWATER_BIN") {
        Some(path) => PathBuf::from(path),
        None => build(),
    });
    assert!(BINARY.exists(), "{} does not exist", BINARY.display());
    &BINARY
}

fn build() -> PathBuf {
    // The whole workspace is selected so that cargo settles on the features that it tests with.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(["build", "--quiet", "--workspace", "--bin", "highwater"]);
    assert!(command.status().expect("cargo runs").success(), "highwater does not build");
    built("debug").join(format!("highwater{EXE_SUFFIX}"))
}

/// A folder to run Highwater in; it disappears with this.
#[derive(Debug)]
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder can be made") }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Writes a file, making the folders on its way.
    pub(crate) fn write(&self, relative: &str, text: &str) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("the path is below the folder"))
            .expect("folders can be made");
        fs::write(&path, text).expect("the sandbox can be written");
        path
    }

    /// Writes `highwater.toml`.
    pub(crate) fn configure(&self, toml: &str) -> PathBuf {
        self.write("highwater.toml", toml)
    }

    /// The warehouse at a path in the folder.
    pub(crate) fn warehouse(&self, relative: &str) -> Warehouse {
        Warehouse::at(self.path(relative))
    }

    /// `highwater ARGUMENTS`, to be run in the folder.
    pub(crate) fn highwater(&self, arguments: &[&str]) -> Invocation {
        Invocation::of(highwater(), self.folder.path()).args(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_tells_its_name_and_version() {
        let outcome = Sandbox::new().highwater(&["--version"]).run().expect_code(0);
        assert_eq!(outcome.stdout, format!("highwater {}\n", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn a_sandbox_keeps_what_is_written_into_it() {
        let sandbox = Sandbox::new();
        let path = sandbox.configure("[warehouse]\n");
        assert_eq!(path, sandbox.path("highwater.toml"));
        assert_eq!(fs::read_to_string(path).expect("it was written"), "[warehouse]\n");
    }
}
