//! Buffers of doubles that begin at a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line of the usual machines.
const LINE: usize = 64;

/// A `Vec<f64>` of fixed length whose first entry lies at a multiple of 64 bytes, so that a load of four
/// doubles does not straddle two cache lines.
#[derive(Debug)]
pub struct Buffer {
    values: Vec<f64>,
    start: usize,
    length: usize,
}

impl Buffer {
    /// All zero; `None` where it cannot be allocated.
    pub fn zeros(length: usize) -> Option<Self> {
        let spare = LINE / size_of::<f64>();
        let mut values: Vec<f64> = Vec::new();
        values.try_reserve_exact(length.checked_add(spare)?).ok()?;
        // Where the address cannot be told, the buffer is only slower.
        let start = values.as_ptr().align_offset(LINE).min(spare);
        values.resize(start + length, 0.0);
        Some(Buffer {
            values,
            start,
            length,
        })
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
/// Where the memory cannot be had, as `Vec::clone` does.
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
