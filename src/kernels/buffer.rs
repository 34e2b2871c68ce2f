//! Buffers of doubles that begin at a cache line, and matrices whose rows do.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line on most machines.
const LINE: usize = 64;

/// A `Vec<f64>` of fixed length that begins at a multiple of 64 bytes, so a load of eight doubles does not cross a
/// cache line.
#[derive(Debug, Default)]
pub struct Buffer {
    values: Vec<f64>,
    start: usize,
    length: usize,
}

impl Buffer {
    /// A buffer of zeros; `None` if it cannot be allocated.
    pub fn zeros(length: usize) -> Option<Self> {
        let spare = LINE / size_of::<f64>();
        let mut values: Vec<f64> = Vec::new();
        values.try_reserve_exact(length.checked_add(spare)?).ok()?;
        // An allocator may not tell the address; the buffer is only slower then.
        let start = values.as_ptr().align_offset(LINE).min(spare);
        values.resize(start + length, 0.0);
        Some(Buffer { values, start, length })
    }
}

impl Deref for Buffer {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values[self.start..][..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.values[self.start..][..self.length]
    }
}

/// # Panics
/// Panics if the memory cannot be allocated.
impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut clone = Buffer::zeros(self.length).expect("memory for a copy");
        clone.copy_from_slice(self);
        clone
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Buffer) -> bool {
        self[..] == other[..]
    }
}

/// The number of entries from the start of one row of a matrix to the next, for rows of `length` entries. It is a
/// number of whole cache lines. It is not a multiple of 1,024 bytes, because then the same entry of all rows would fall
/// into the same few places of a cache.
///
/// # Panics
/// Panics if the result does not fit a `usize`.
pub fn stride(length: usize) -> usize {
    let rounded = length.next_multiple_of(8);
    match rounded % 128 {
        0 => rounded + 8,
        _ => rounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_and_their_copies_begin_at_a_cache_line() {
        for length in [0, 1, 7, 1000] {
            let mut buffer = Buffer::zeros(length).unwrap();
            buffer.fill(1.5);
            let copy = buffer.clone();
            for buffer in [&buffer, &copy] {
                assert_eq!(buffer.as_ptr() as usize % LINE, 0);
                assert_eq!(buffer[..], vec![1.5; length]);
            }
            assert_eq!(buffer, copy);
        }
        assert_eq!(Buffer::zeros(usize::MAX), None);
    }
}
