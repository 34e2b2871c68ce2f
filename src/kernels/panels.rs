//! Vectors packed for products of many of them: eight entries at a time lie side by side.

use super::level::fours;
use super::rows::Rows;

/// Eight neighbouring entries of a vector, as two groups of four: one cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Eight(pub [[f64; 4]; 2]);

/// Some vectors of equal length in panels: the first eight entries of every vector one after another,
/// then the next eight of every vector, and so on; zeros fill the last panel. A tile of a product then
/// reads what it needs from start to end, whatever the stride of the matrix was.
#[derive(Clone, Debug)]
pub struct Panels {
    values: Vec<Eight>,
    count: usize,
    length: usize,
}

impl Panels {
    /// Room for `count` vectors of `length` entries, all zero; `None` where the memory cannot be had.
    pub fn new(count: usize, length: usize) -> Option<Self> {
        let entries = count.checked_mul(length.div_ceil(8))?;
        let mut values = Vec::new();
        values.try_reserve_exact(entries).ok()?;
        values.resize(entries, Eight::default());
        Some(Panels {
            values,
            count,
            length,
        })
    }

    /// Is for `count` vectors from now on, at most as many as at first; what was packed is lost.
    ///
    /// # Panics
    /// Where there is no room for them.
    pub fn resize(&mut self, count: usize) {
        let room = self.values.len() / self.length.div_ceil(8).max(1);
        assert!(count <= room, "panels: room for {room}, not {count}");
        self.count = count;
    }

    /// How many vectors there is room for.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How long they are.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Packs some vectors: they become those from `first` on.
    ///
    /// # Panics
    /// Where there is no room for them, or their length is another.
    #[inline(always)]
    pub fn pack(&mut self, first: usize, rows: Rows) {
        assert!(
            rows.length() == self.length && first + rows.count() <= self.count,
            "panels: shapes"
        );
        for k in 0..rows.count() {
            let panels = self.values.iter_mut().skip(first + k).step_by(self.count);
            for (columns, entries) in panels.zip(rows.row(k).chunks(8)) {
                match fours(entries) {
                    [low, high] => columns.0 = [*low, *high],
                    _ => {
                        *columns = Eight::default();
                        let places = columns.0.as_flattened_mut().iter_mut();
                        places
                            .zip(entries)
                            .for_each(|(place, entry)| *place = *entry);
                    }
                }
            }
        }
    }

    /// Entries `8 panel` to `8 panel + 7` of every vector.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> &[Eight] {
        &self.values[panel * self.count..][..self.count]
    }
}
