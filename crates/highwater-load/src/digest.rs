//! What tells one content of a file from another.

use std::io::{self, Read, Seek, SeekFrom};

use highwater_core::Digester;

/// How much of an object's end tells its version.
const TAIL: u64 = 64 * 1024;

fn content_digest<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digester = Digester::new();
    chunks.into_iter().for_each(|chunk| digester.update(chunk));
    digester.finish()
}

/// What tells one version of a file from all others, read from its end alone where that is enough: the footer of an
/// object holds an id chosen anew for each version, so the rest of a large one need not be looked at.
pub(crate) fn version_tag(file: &mut (impl Read + Seek)) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut tail = Vec::new();
    if length > TAIL {
        file.seek(SeekFrom::Start(length - TAIL))?;
        file.take(TAIL).read_to_end(&mut tail)?;
        if tail.ends_with(b"PAR1") {
            return Ok(content_digest([&length.to_le_bytes()[..], &tail]));
        }
        tail.clear();
    }
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut tail)?;
    Ok(content_digest([&tail[..]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_file_is_told_by_its_content_or_by_its_footer() {
        let tag = |content: &[u8]| version_tag(&mut io::Cursor::new(content)).unwrap();
        let (mut large, mut object) = (vec![0; 100_000], vec![0; 100_000]);
        object[99_996..].copy_from_slice(b"PAR1");
        let (plain, footed) = (tag(&large), tag(&object));
        large[0] = 1;
        assert_ne!(tag(&large), plain);
        object[99_000] = 1;
        assert_ne!(tag(&object), footed);
        object.insert(0, 0);
        assert_ne!(tag(&object), footed);
        assert_ne!(tag(b"a"), tag(b"b"));
    }
}
