//! From the engine's bytes to an input.
//!
//! Bytes that begin as text does are the input. All others are a script: which sample to take, and what to do to it. So
//! blind bytes reach deep into a parser too, and a coverage-guided engine can change structure and not only letters.

use std::borrow::Cow;
use std::path::Path;

use serde_json::Value;

use crate::words;

/// A script builds no input that is larger.
const LARGEST: usize = 1 << 20;

/// The samples of a target: the files of its corpus that have an extension, by name.
#[derive(Debug)]
pub struct Samples(Vec<Vec<u8>>);

impl Samples {
    /// Reads the samples of a folder.
    ///
    /// # Panics
    /// There are none: then a target would test next to nothing.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = files.map(|file| file.path()).filter(|path| path.extension().is_some()).collect();
        paths.sort();
        let samples: Vec<Vec<u8>> = paths.iter().filter_map(|path| std::fs::read(path).ok()).collect();
        assert!(!samples.is_empty(), "there are no samples in {}", folder.display());
        Self(samples)
    }

    /// The input that the bytes stand for.
    #[must_use]
    pub fn input<'a>(&'a self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match bytes.first() {
            Some(first) if is_script(*first) => Cow::Owned(self.edited(&mut Script(bytes))),
            _ => Cow::Borrowed(bytes),
        }
    }

    /// Feeds a function with the input that the bytes stand for. Tells the input when the function fails over it.
    pub fn feed(&self, bytes: &[u8], function: impl FnOnce(&[u8])) {
        let input = self.input(bytes);
        let told = Told(&input);
        function(&input);
        drop(told);
    }

    /// All samples as they are.
    pub fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    fn any(&self, script: &mut Script<'_>) -> &[u8] {
        let number = script.below(self.0.len());
        self.0.get(number).map(Vec::as_slice).unwrap_or_default()
    }

    fn edited(&self, script: &mut Script<'_>) -> Vec<u8> {
        script.byte();
        let mut text = self.any(script).to_vec();
        let (structural, textual) = (script.below(6), script.below(3));
        if structural > 0 {
            text = self.restructured(&text, structural, script).unwrap_or(text);
        }
        for _ in 0..textual {
            self.edit_text(&mut text, script);
        }
        text.truncate(LARGEST);
        text
    }

    /// Edits one of the JSON values in a text.
    fn restructured(&self, text: &[u8], edits: usize, script: &mut Script<'_>) -> Option<Vec<u8>> {
        let parts: Vec<&[u8]> = split(text);
        let chosen = script.below(parts.len());
        let (head, mut value) = json_at_end(parts.get(chosen)?)?;
        for _ in 0..edits {
            self.edit(&mut value, script, 0);
        }
        let mut whole = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                whole.extend_from_slice(crate::answer::SEPARATOR);
            }
            if number == chosen {
                whole.extend_from_slice(head);
                whole.extend(serde_json::to_vec(&value).ok()?);
            } else {
                whole.extend_from_slice(part);
            }
        }
        Some(whole)
    }

    fn edit(&self, value: &mut Value, script: &mut Script<'_>, depth: usize) {
        // Mostly somewhere below, sometimes here.
        if depth < 12 && script.below(4) > 0 && self.edit_below(value, script, depth) {
            return;
        }
        match (script.below(7), value) {
            (0, Value::Object(members)) => {
                let name = nth(members.keys(), script).cloned().unwrap_or_default();
                members.remove(&name);
            }
            (0, Value::Array(items)) if !items.is_empty() => drop(items.remove(script.below(items.len()))),
            (1 | 2, Value::Object(members)) => {
                let name = script.pick(words::KEYS).to_string();
                members.insert(name, words::value(script.number()));
            }
            (1, Value::Array(items)) => items.push(words::value(script.number())),
            (2, Value::Array(items)) if !items.is_empty() => {
                let item = items.get(script.below(items.len())).cloned().unwrap_or_default();
                let copies = 1 + script.below(1_200) * usize::from(script.below(8) == 0);
                items.extend(std::iter::repeat_n(item, copies));
            }
            (3, Value::Object(members)) => {
                let name = nth(members.keys(), script).cloned().unwrap_or_default();
                if let Some(moved) = members.remove(&name) {
                    members.insert(script.pick(words::KEYS).to_string(), moved);
                }
            }
            (4, value) => {
                if let Some((_, mut other)) = json_at_end(self.any(script)) {
                    *value = std::mem::take(any_below(&mut other, script));
                }
            }
            (5, Value::Array(items)) if items.len() > 1 => {
                let (one, other) = (script.below(items.len()), script.below(items.len()));
                items.swap(one, other);
            }
            (_, value) => *value = words::value(script.number()),
        }
    }

    /// Edits something in a value, also in JSON that is the text of another.
    fn edit_below(&self, value: &mut Value, script: &mut Script<'_>, depth: usize) -> bool {
        match value {
            Value::Object(members) if !members.is_empty() => {
                let number = script.below(members.len());
                members.values_mut().nth(number).map(|child| self.edit(child, script, depth + 1)).is_some()
            }
            Value::Array(items) if !items.is_empty() => {
                let number = script.below(items.len());
                items.get_mut(number).map(|child| self.edit(child, script, depth + 1)).is_some()
            }
            Value::String(text) if text.starts_with('{') => match serde_json::from_str::<Value>(text) {
                Ok(mut inner) => {
                    self.edit(&mut inner, script, depth + 1);
                    *text = inner.to_string();
                    true
                }
                Err(_) => false,
            },
            _ => false,
        }
    }

    fn edit_text(&self, text: &mut Vec<u8>, script: &mut Script<'_>) {
        let at = script.below(text.len() + 1);
        match script.below(6) {
            0 => text.truncate(at),
            1 | 2 => drop(text.splice(at..at, script.pick(words::SNIPPETS).bytes())),
            3 => {
                let end = (at + 1 + script.below(40)).min(text.len());
                text.drain(at.min(end)..end);
            }
            4 => {
                let byte = script.byte();
                if let Some(place) = text.get_mut(at) {
                    *place = byte;
                }
            }
            _ => {
                let other = self.any(script);
                let from = script.below(other.len() + 1);
                text.truncate(at);
                text.extend_from_slice(other.get(from..).unwrap_or_default());
            }
        }
    }
}

/// Tells an input when a panic passes by: as a file it is a sample of what went wrong.
struct Told<'a>(&'a [u8]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input was:\n{}\n", String::from_utf8_lossy(self.0));
        }
    }
}

/// Text begins with a letter, a sign, white space, or a byte order mark.
const fn is_script(first: u8) -> bool {
    first < 0x09 || (first >= 0x80 && first != 0xEF)
}

/// The parts between separators.
fn split(text: &[u8]) -> Vec<&[u8]> {
    crate::answer::parts(text).collect()
}

/// The JSON object or array that ends a text, and what stands before it.
fn json_at_end(text: &[u8]) -> Option<(&[u8], Value)> {
    let starts = text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'{' | b'['));
    let (start, _) = starts.take(3).find(|(at, _)| *at == 0 || text.get(at - 1) == Some(&b'\n'))?;
    let (head, json) = text.split_at_checked(start)?;
    Some((head, serde_json::from_slice(json).ok()?))
}

fn any_below<'v>(value: &'v mut Value, script: &mut Script<'_>) -> &'v mut Value {
    let count = match &*value {
        Value::Object(members) => members.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if count == 0 || script.below(3) == 0 {
        return value;
    }
    let number = script.below(count);
    match value {
        Value::Object(members) => any_below(members.values_mut().nth(number).expect("counted"), script),
        Value::Array(items) => any_below(items.get_mut(number).expect("counted"), script),
        other => other,
    }
}

fn nth<'k, K>(mut keys: impl ExactSizeIterator<Item = &'k K>, script: &mut Script<'_>) -> Option<&'k K> {
    let count = keys.len();
    keys.nth(script.below(count))
}

/// Bytes that are read as decisions. Where they end, every decision is the first.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// A number below `most`; 0 where that is 0.
    fn below(&mut self, most: usize) -> usize {
        let number = if most <= 256 { usize::from(self.byte()) } else { self.number() };
        number.checked_rem(most).unwrap_or_default()
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}
