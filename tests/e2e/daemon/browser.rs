//! Headless Chromium: what a page is once a browser has it, what it complains of, and how it looks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    place::built,
    process::{Invocation, Outcome},
};

const CHROMIUM: &str = "/usr/bin/chromium";

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) name: &'static str,
    pub(super) dark: bool,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A browser with an empty profile.
pub(super) struct Browser {
    profile: TempDir,
}

impl Browser {
    /// A browser, if this machine has one.
    pub(super) fn new() -> Option<Self> {
        let profile = TempDir::new().expect("a temporary folder can be made");
        Path::new(CHROMIUM).exists().then_some(Self { profile })
    }

    fn run(&self, arguments: &[String]) -> Outcome {
        let common = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            // What the page tells the console goes to standard error.
            "--enable-logging=stderr",
            "--log-level=0",
        ];
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let chromium = Invocation::of(CHROMIUM, self.profile.path()).args(common).args([profile]);
        chromium.args(arguments).run().expect_code(0)
    }

    /// The page at `url` once it is loaded, as HTML, and what it told the console.
    pub(super) fn load(&self, url: &str) -> (String, Vec<String>) {
        let outcome = self.run(&["--dump-dom".to_owned(), url.to_owned()]);
        let told = outcome.stderr.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned);
        (outcome.stdout, told.collect())
    }

    /// A picture of the page at `url`, kept below the target folder.
    pub(super) fn picture(&self, url: &str, look: Look) -> PathBuf {
        let folder = built("status-page");
        fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.join(format!("{}.png", look.name));
        // 0 is dark, 1 is light.
        let scheme = u8::from(!look.dark);
        self.run(&[
            format!("--blink-settings=preferredColorScheme={scheme}"),
            format!("--window-size={},{}", look.width, look.height),
            format!("--screenshot={}", path.display()),
            url.to_owned(),
        ]);
        path
    }
}

#[test]
fn what_a_page_tells_the_console_is_heard() {
    let Some(browser) = Browser::new() else { crate::skip::skip!("chromium is not installed") };
    let page = browser.profile.path().join("page.html");
    fs::write(&page, "<p>here</p><script>console.error('there')</script><script>undefined.x</script>")
        .expect("written");
    let (html, told) = browser.load(&format!("file://{}", page.display()));
    assert!(html.contains("<p>here</p>"), "{html}");
    assert_eq!(told.len(), 2, "{told:?}");
}
