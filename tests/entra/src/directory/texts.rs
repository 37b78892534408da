//! Storage for the texts of a directory: every value is a number that stands for a text.
//!
//! Half a million people have some ten million values, most of them from a few thousand different ones (departments,
//! cities, given names). Pooled texts are stored once; the others are stored without an allocation of their own.

use std::collections::HashMap;

const CHUNK_BYTES: usize = 1 << 20;

/// A stored text. [`NULL`] stands for a property that was set once and then cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol(u32);

/// A property that was cleared.
pub const NULL: Symbol = Symbol(0);

/// All texts of one directory.
#[derive(Debug)]
pub struct Texts {
    chunks: Vec<String>,
    entries: Vec<Entry>,
    pool: HashMap<Box<str>, Symbol>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    chunk: u32,
    start: u32,
    length: u32,
}

impl Default for Texts {
    fn default() -> Self {
        let mut texts = Self { chunks: Vec::new(), entries: Vec::new(), pool: HashMap::new() };
        texts.append("");
        texts
    }
}

impl Texts {
    /// Stores a text; a pooled one that is already there is not stored again.
    pub fn store(&mut self, text: &str, pooled: bool) -> Symbol {
        if !pooled {
            return self.append(text);
        }
        if let Some(symbol) = self.pool.get(text) {
            return *symbol;
        }
        let symbol = self.append(text);
        self.pool.insert(text.into(), symbol);
        symbol
    }

    /// The text of a symbol; `None` for a cleared value.
    pub fn get(&self, symbol: Symbol) -> Option<&str> {
        if symbol == NULL {
            return None;
        }
        let entry = self.entries.get(usize::try_from(symbol.0).ok()?)?;
        let start = usize::try_from(entry.start).ok()?;
        let end = start + usize::try_from(entry.length).ok()?;
        self.chunks.get(usize::try_from(entry.chunk).ok()?)?.get(start..end)
    }

    fn append(&mut self, text: &str) -> Symbol {
        if self.chunks.last().is_none_or(|chunk| chunk.len() + text.len() > CHUNK_BYTES) {
            self.chunks.push(String::with_capacity(CHUNK_BYTES.max(text.len())));
        }
        let chunk_number = self.chunks.len() - 1;
        let Some(chunk) = self.chunks.last_mut() else { return NULL };
        let entry = Entry { chunk: narrow(chunk_number), start: narrow(chunk.len()), length: narrow(text.len()) };
        chunk.push_str(text);
        let symbol = Symbol(narrow(self.entries.len()));
        self.entries.push(entry);
        symbol
    }
}

/// A count as 32 bits: a directory stays far below four thousand million of anything.
pub(crate) fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_texts_are_stored_once_and_others_each_time() {
        let mut texts = Texts::default();
        assert_eq!(texts.store("Sales", true), texts.store("Sales", true));
        assert_ne!(texts.store("ann@x", false), texts.store("ann@x", false));
        let symbol = texts.store("Ωmega", false);
        assert_eq!(texts.get(symbol), Some("Ωmega"));
        assert_eq!(texts.get(NULL), None);
    }

    #[test]
    fn the_empty_text_is_not_null() {
        let mut texts = Texts::default();
        let empty = texts.store("", true);
        assert_eq!(texts.get(empty), Some(""));
    }

    #[test]
    fn a_text_longer_than_a_chunk_is_kept_whole() {
        let mut texts = Texts::default();
        let long = "x".repeat(CHUNK_BYTES + 5);
        let symbol = texts.store(&long, false);
        assert_eq!(texts.get(symbol).map(str::len), Some(CHUNK_BYTES + 5));
    }
}
