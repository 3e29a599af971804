//! Secrets: text that cannot be printed or serialized by accident.

use std::fmt;
use std::sync::Arc;

/// A credential. It has no `Display` and no `Serialize`, and its `Debug` says nothing of its content or length.
///
/// ```compile_fail
/// println!("{}", highwater_core::Secret::new("s3cr3t".to_owned()));
/// ```
/// ```compile_fail
/// serde_json::to_string(&highwater_core::Secret::new("s3cr3t".to_owned())).unwrap();
/// ```
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a credential read at the edge.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::from(text))
    }

    /// The credential itself: only for signing, or for a header that goes to its provider.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing_of_the_content() {
        assert_eq!(format!("{:?}", Secret::new("canary".to_owned())), "Secret");
    }
}
