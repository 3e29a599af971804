//! Digests: what tells one content from another, and the forms in which that is written down.

use std::fmt::Write as _;

use sha2::Digest as _;

/// What a digest of today's form begins with.
const TODAY: &str = "b3-";

/// BLAKE3 takes so much at once fastest, from a multiple of it on.
const GATHERED_BYTES: usize = 64 * 1024;

/// Takes content piece by piece and gives its digest: 128 bits as lowercase hex. How content is cut into pieces makes no
/// difference.
///
/// There are two forms. Today's is `b3-` and the first 16 bytes of BLAKE3. The older one is the first 16 bytes of SHA-256
/// and nothing before them; it is no longer written, and compared with wherever it was.
#[derive(Clone, Debug)]
pub struct Digester {
    hash: Hash,
    /// What was added and not yet hashed.
    gathered: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Hash {
    Blake3(Box<blake3::Hasher>),
    Sha256(sha2::Sha256),
}

impl Default for Digester {
    fn default() -> Self {
        Self::new()
    }
}

impl Digester {
    fn of(hash: Hash) -> Self {
        Self { hash, gathered: Vec::new() }
    }

    /// No content yet, for a digest of today's form.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Hash::Blake3(Box::default()))
    }

    /// The digest, of today's form, of `content` alone.
    #[must_use]
    pub fn of_whole(content: &[u8]) -> String {
        hex(TODAY, &blake3::hash(content).as_bytes()[..16])
    }

    /// No content yet, for a digest of the older form.
    #[must_use]
    pub fn older() -> Self {
        Self::of(Hash::Sha256(sha2::Sha256::new()))
    }

    /// No content yet, for a digest of the form that `digest` has.
    #[must_use]
    pub fn like(digest: &str) -> Self {
        if Self::is_older(digest) { Self::older() } else { Self::new() }
    }

    /// Whether `digest` is not of today's form.
    #[must_use]
    pub fn is_older(digest: &str) -> bool {
        !digest.starts_with(TODAY)
    }

    /// Adds `content` to what came before.
    #[inline]
    pub fn update(&mut self, content: &[u8]) {
        if content.len() < GATHERED_BYTES - self.gathered.len() {
            self.gathered.extend_from_slice(content);
        } else {
            self.update_hash(content);
        }
    }

    fn update_hash(&mut self, content: &[u8]) {
        let (first, rest) = content.split_at(GATHERED_BYTES - self.gathered.len());
        self.gathered.extend_from_slice(first);
        self.hash.update(&self.gathered);
        let (whole, rest) = rest.split_at(rest.len() / GATHERED_BYTES * GATHERED_BYTES);
        self.hash.update(whole);
        self.gathered.clear();
        self.gathered.extend_from_slice(rest);
    }

    /// The digest of all content.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.hash.update(&self.gathered);
        match self.hash {
            Hash::Blake3(hash) => hex(TODAY, &hash.finalize().as_bytes()[..16]),
            Hash::Sha256(hash) => hex("", &hash.finalize()[..16]),
        }
    }
}

impl Hash {
    fn update(&mut self, content: &[u8]) {
        match self {
            Self::Blake3(hash) => drop(hash.update(content)),
            Self::Sha256(hash) => hash.update(content),
        }
    }
}

fn hex(form: &str, bytes: &[u8]) -> String {
    bytes.iter().fold(form.to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text grows");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(mut digester: Digester, pieces: &[&str]) -> String {
        pieces.iter().for_each(|piece| digester.update(piece.as_bytes()));
        digester.finish()
    }

    /// Both as published: the first vector of BLAKE3, and the one for `abc` of FIPS 180.
    #[test]
    fn the_forms_of_digests_never_change() {
        assert_eq!(digest(Digester::new(), &[]), "b3-af1349b9f5f9a1a6a0404dea36dcc949");
        let older = "ba7816bf8f01cfea414140de5dae2223";
        assert_eq!(digest(Digester::older(), &["a", "bc"]), older);
    }

    #[test]
    fn how_content_is_cut_into_pieces_makes_no_difference() {
        let content: Vec<u8> = (0..3 * GATHERED_BYTES + 5).map(|at| (at % 251) as u8).collect();
        let whole = blake3::hash(&content);
        for sizes in [&[content.len()][..], &[1, 65_534, 2], &[65_535, 65_537], &[100_000], &[65_536], &[777]]
        {
            let (mut digester, mut rest, mut sizes) = (Digester::new(), &content[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, left) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                digester.update(piece);
                rest = left;
            }
            assert_eq!(digester.finish(), hex(TODAY, &whole.as_bytes()[..16]));
            assert_eq!(Digester::of_whole(&content), hex(TODAY, &whole.as_bytes()[..16]));
        }
    }

    #[test]
    fn a_digest_is_compared_with_in_its_own_form() {
        for form in ["", "b3-"] {
            let known = digest(Digester::like(form), &["content"]);
            assert_eq!(digest(Digester::like(&known), &["con", "tent"]), known);
            assert_eq!(Digester::is_older(&known), form.is_empty());
        }
    }
}
