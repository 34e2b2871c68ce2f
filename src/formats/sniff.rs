//! The format of a file, by its first bytes.

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A zip archive: NumPy's `.npz`, or what `torch.save` writes.
    Zip,
    /// Safetensors.
    SafeTensors,
    /// A JSON object, with or without a byte-order mark.
    Json,
    /// A text in UTF-16 or UTF-32 with a byte-order mark.
    Utf16,
    /// Anything else.
    Other,
}

/// The kind of file that begins with these bytes.
pub fn sniff(start: &[u8]) -> Sniffed {
    // An archive without entries has an end alone.
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Sniffed::Zip;
    }
    // The header begins after its length, a number of 8 bytes. The upper half of a length is 0, or all ones where
    // the file is damaged; no text has either.
    if let [_, _, _, _, 0, 0, 0, 0, b'{', ..] | [_, _, _, _, 255, 255, 255, 255, b'{', ..] = start {
        return Sniffed::SafeTensors;
    }
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Sniffed::Utf16;
    }
    let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    if text.trim_ascii_start().starts_with(b"{") {
        return Sniffed::Json;
    }
    Sniffed::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_first_bytes() {
        for (start, kind) in [
            (&b"PK\x03\x04"[..], Sniffed::Zip),
            (b"PK\x05\x06rest", Sniffed::Zip),
            (b"PK", Sniffed::Other),
            (b"\x02\0\0\0\0\0\0\0{}", Sniffed::SafeTensors),
            (b"{{{{\0\0\0\0{", Sniffed::SafeTensors),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff{", Sniffed::SafeTensors),
            (b"\x02\0\0\0\0\0\0\0", Sniffed::Other),
            (b"{\"abcde\"{", Sniffed::Json),
            (b" \r\n\t{", Sniffed::Json),
            ("\u{feff}\r\n{}".as_bytes(), Sniffed::Json),
            ("\u{feff}\u{feff}{}".as_bytes(), Sniffed::Other),
            ("\u{feff}[1]".as_bytes(), Sniffed::Other),
            (b"[1]", Sniffed::Other),
            (b"\xff\xfea\0", Sniffed::Utf16),
            (b"\xfe\xff\0a", Sniffed::Utf16),
            (b"\xff\xff", Sniffed::Other),
            (b"", Sniffed::Other),
        ] {
            assert_eq!(sniff(start), kind, "{}", start.escape_ascii());
        }
    }
}
