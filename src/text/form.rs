//! The form of a text: counts that show when it is probably not the text that was meant.

/// Counts over the bytes of a text: how its lines end, and signs of another encoding.
///
/// The counts do not change how a text is read. They are for messages: a text whose lines end in carriage returns alone
/// is one single line, and a text with half of its bytes NUL is probably UTF-16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextForm {
    /// The number of bytes, in a corpus without a byte-order mark.
    pub bytes: u64,
    /// The number of newlines (LF), including those of CRLF.
    pub newlines: u64,
    /// The number of carriage returns (CR), including those of CRLF.
    pub returns: u64,
    /// The number of carriage returns with a newline after them (CRLF).
    pub returns_before_newlines: u64,
    /// The number of U+2028, U+2029 and U+0085 in UTF-8. They are line ends in some other programs.
    pub separators: u64,
    /// The number of bytes that are 0.
    pub nuls: u64,
    /// The number of sequences that are not UTF-8. Only scoring continues after the first.
    pub invalid: u64,
    /// The first two bytes.
    pub start: [u8; 2],
    /// The last two bytes.
    pub end: [u8; 2],
}

/// The number of bytes whose counts fit into a byte, so that a vector has as many counts as possible.
const BLOCK: usize = 255;

impl TextForm {
    /// Counts the next bytes.
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

    /// Counts all bytes but the first two. The first two only show what comes before the others.
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
