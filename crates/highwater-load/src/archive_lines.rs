//! Reading a file of the raw archive, of any format that was ever written.

use std::io::{self, BufRead, BufReader, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highwater_core::{Error, ErrorKind, RawPage, Result};
use object_store::path::Path;
use serde::Deserialize;

use crate::archive_file::{ARCHIVE_FORMAT, Line};
use crate::object_record::newer_format;
use crate::pulled_pages::is_pull_digest;

/// The pages of the file at `path`, in the order of their requests.
///
/// # Errors
/// `Storage` when they cannot be read or are not those of `digest`; `NewerFormat`.
pub(crate) fn decode(bytes: &[u8], digest: &str, path: &Path) -> Result<Vec<RawPage>> {
    let broken = |error: Broken| {
        Error::new(ErrorKind::Storage, format!("a file of the raw archive cannot be read key=`{path}`"))
            .with_source(error)
    };
    let file = zstd::Decoder::with_buffer(bytes).map_err(|error| broken(error.into()))?;
    let mut lines = Lines(BufReader::new(file));
    let format = lines.format().map_err(broken)?;
    if format > ARCHIVE_FORMAT {
        return Err(newer_format(path.as_ref(), format, ARCHIVE_FORMAT));
    }
    let mut pages = Vec::new();
    while let Some(page) = lines.page().map_err(broken)? {
        pages.push(page);
    }
    pages.sort_by(|a, b| a.request.cmp(&b.request));
    if !is_pull_digest(digest, &pages) {
        return Err(broken("its pages are not those that its name says".into()));
    }
    Ok(pages)
}

/// Why a file cannot be read.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// What is left of a file.
struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    fn format(&mut self) -> std::result::Result<u32, Broken> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let line = self.line()?.unwrap_or_default();
        Ok(serde_json::from_str::<Format>(&line)?.format)
    }

    fn page(&mut self) -> std::result::Result<Option<RawPage>, Broken> {
        let Some(line) = self.line()? else { return Ok(None) };
        let Line { request, fetched_at, body, body_base64, body_bytes } = serde_json::from_str(&line)?;
        let body = match (body, body_base64, body_bytes) {
            (Some(text), ..) => Bytes::from(text.into_owned()),
            (_, Some(text), _) => Bytes::from(STANDARD.decode(text)?),
            (.., Some(bytes)) => self.body(bytes)?,
            _ => return Err("a page without a body".into()),
        };
        Ok(Some(RawPage { request: request.into_owned(), body, fetched_at }))
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        Ok((self.0.read_line(&mut line)? > 0).then_some(line))
    }

    /// The next line, which is so many bytes long.
    fn body(&mut self, bytes: u64) -> io::Result<Bytes> {
        let mut body = Vec::new();
        self.0.by_ref().take(bytes).read_to_end(&mut body)?;
        self.0.read_exact(&mut [0])?;
        Ok(Bytes::from(body))
    }
}
