//! What only the system can install: the browser that opens the status page in the tests.

use std::process::{Command, Stdio};

/// Programs that tests skip without, and the Debian packages that bring them.
const WANTED: [(&str, &[&str]); 1] = [("chromium", &["chromium", "fonts-dejavu-core"])];

/// Installs what is missing where that can be done unasked: as root, with apt. Elsewhere it says what is missing; the
/// tests that need it are then skipped, counted and named.
pub(crate) fn setup() {
    let missing = WANTED.iter().filter(|(program, _)| !succeeds("which", &[program]));
    let packages: Vec<&str> = missing.flat_map(|(_, packages)| packages.iter().copied()).collect();
    if packages.is_empty() || (is_root() && succeeds("which", &["apt-get"]) && install(&packages)) {
        return;
    }
    eprintln!("some tests will be skipped; install for them: {}", packages.join(" "));
}

fn install(packages: &[&str]) -> bool {
    println!("installing {}", packages.join(" "));
    let options = ["install", "--quiet=2", "--yes", "--no-install-recommends"];
    succeeds("apt-get", &["update", "--quiet=2"]) && succeeds("apt-get", &[&options[..], packages].concat())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
