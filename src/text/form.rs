//! The form of a text: counts by which one sees that it is probably not what was meant.

/// How the lines of a text end, and how it seems to be encoded: counts over its bytes.
///
/// A text is read whatever these counts are. They are for messages: a text whose lines end in carriage returns alone is a
/// single line, and one of whose bytes half are NUL is probably UTF-16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextForm {
    /// The number of bytes. A corpus leaves out a byte-order mark.
    pub bytes: u64,
    /// Newlines (LF), those of CRLF among them.
    pub newlines: u64,
    /// Carriage returns (CR), those of CRLF among them.
    pub returns: u64,
    /// Carriage returns with a newline after them (CRLF).
    pub returns_before_newlines: u64,
    /// U+2028, U+2029 and U+0085 in UTF-8: they end lines elsewhere.
    pub separators: u64,
    /// Bytes that are 0.
    pub nuls: u64,
    /// Sequences that are no UTF-8. Only scoring goes on after one.
    pub invalid: u64,
    /// The first two bytes.
    pub start: [u8; 2],
    /// The last two bytes.
    pub end: [u8; 2],
}

/// Bytes whose counts fit into a byte, so that a vector has as many of them as it can.
const BLOCK: usize = 255;

impl TextForm {
    /// Counts the bytes that come next.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if self.bytes < 2 {
            let from = self.bytes as usize;
            self.start[from..].iter_mut().zip(bytes).for_each(|(place, &byte)| *place = byte);
        }
        self.bytes += bytes.len() as u64;
        // The first two have others before them that came earlier.
        let first = &bytes[..bytes.len().min(2)];
        let mut joined = [self.end[0], self.end[1], 0, 0];
        joined[2..2 + first.len()].copy_from_slice(first);
        self.count(&joined[..2 + first.len()]);
        if bytes.len() >= 2 {
            self.count(bytes);
        }
        let count = first.len();
        self.end = match bytes {
            [.., a, b] => [*a, *b],
            _ => [joined[count], joined[count + 1]],
        };
    }

    /// Counts all bytes but the first two, which are there for those after them.
    fn count(&mut self, bytes: &[u8]) {
        let blocks = bytes[2..].chunks(BLOCK);
        let before = bytes[1..].chunks(BLOCK).zip(bytes.chunks(BLOCK));
        for (block, (before, two_before)) in blocks.zip(before) {
            let [mut newlines, mut returns, mut pairs, mut separators, mut nuls] = [0u8; 5];
            for ((&c, &b), &a) in block.iter().zip(before).zip(two_before) {
                newlines += u8::from(c == b'\n');
                returns += u8::from(c == b'\r');
                pairs += u8::from((b == b'\r') & (c == b'\n'));
                let is_u2028 = (a == 0xe2) & (b == 0x80) & (c & !1 == 0xa8);
                separators += u8::from(is_u2028 | (b == 0xc2) & (c == 0x85));
                nuls += u8::from(c == 0);
            }
            self.newlines += u64::from(newlines);
            self.returns += u64::from(returns);
            self.returns_before_newlines += u64::from(pairs);
            self.separators += u64::from(separators);
            self.nuls += u64::from(nuls);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Generator, Stream};

    /// The counts of a text in one piece, by the patterns themselves.
    fn expected(bytes: &[u8]) -> TextForm {
        let occurrences = |pattern: &[u8]| {
            bytes.windows(pattern.len()).filter(|window| *window == pattern).count() as u64
        };
        let separators = ["\u{2028}", "\u{2029}", "\u{85}"];
        let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
        let (last, before) = (bytes.len().wrapping_sub(1), bytes.len().wrapping_sub(2));
        TextForm {
            bytes: bytes.len() as u64,
            newlines: occurrences(b"\n"),
            returns: occurrences(b"\r"),
            returns_before_newlines: occurrences(b"\r\n"),
            separators: separators.iter().map(|one| occurrences(one.as_bytes())).sum(),
            nuls: occurrences(b"\0"),
            invalid: 0,
            start: [at(0), at(1)],
            end: [at(before), at(last)],
        }
    }

    #[test]
    fn counts_are_those_of_the_patterns_wherever_a_text_is_cut() {
        let mut generator = Generator::new(5, Stream::Passage);
        let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
        let parts = ["\n", "\r", "\0", "\u{2028}", "\u{2029}", "\u{2027}", "\u{85}", "\u{84}", "a"];
        for length in [0, 1, 2, 3, 40, 3000] {
            for most in [1, 2, 3, 7, 254, 255, 256, 300, 5000] {
                let text: String = (0..length).map(|_| parts[below(parts.len())]).collect();
                // A part of a character at the start or the end as well.
                let bytes = &text.as_bytes()[below(2).min(text.len())..];
                let (mut form, mut rest) = (TextForm::default(), bytes);
                while !rest.is_empty() {
                    let (now, later) = rest.split_at((1 + below(most)).min(rest.len()));
                    form.add(now);
                    form.add(&[]);
                    rest = later;
                }
                assert_eq!(form, expected(bytes), "{length} parts, up to {most} bytes at a time");
            }
        }
    }

    /// Every byte of a block may be counted.
    #[test]
    fn a_block_of_one_byte_is_counted_in_full() {
        let mut form = TextForm::default();
        form.add(&vec![0; 100_000]);
        assert_eq!((form.nuls, form.bytes, form.newlines), (100_000, 100_000, 0));
    }
}
