//! Vectors that are packed for products of many of them.

use super::rows::Rows;

/// CacheLine neighbouring entries of a vector, as two groups of four.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct CacheLine(pub [[f64; 4]; 2]);

/// Vectors of equal length in panels: the first eight entries of every vector one after another, then the next
/// eight of every vector, and so on. Zeros fill the last panel. A tile of a product reads a panel from start to
/// end, whatever the stride of the matrix was.
#[derive(Clone, Debug)]
pub struct Panels {
    values: Vec<CacheLine>,
    count: usize,
    length: usize,
}

impl Panels {
    /// `count` vectors of `length` zeros; `None` if the memory cannot be allocated.
    pub fn new(count: usize, length: usize) -> Option<Self> {
        let entries = count.checked_mul(length.div_ceil(8))?;
        let mut values = Vec::new();
        values.try_reserve_exact(entries).ok()?;
        values.resize(entries, CacheLine::default());
        Some(Panels { values, count, length })
    }

    /// Changes the number of vectors, up to as many as at first. What was packed is lost.
    ///
    /// # Panics
    /// Panics if there is no room for so many.
    pub fn resize(&mut self, count: usize) {
        let room = self.values.len() / self.length.div_ceil(8).max(1);
        assert!(count <= room, "panels: room for {room}, not {count}");
        self.count = count;
    }

    /// The number of vectors.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The length of each vector.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Packs `rows` as the vectors from `first` on.
    ///
    /// # Panics
    /// Panics if there is no room for them, or if their length is another.
    #[inline(always)]
    pub fn pack(&mut self, first: usize, rows: Rows) {
        assert!(
            rows.length() == self.length && first + rows.count() <= self.count,
            "panels: shapes"
        );
        for k in 0..rows.count() {
            let panels = self.values.iter_mut().skip(first + k).step_by(self.count);
            for (columns, entries) in panels.zip(rows.row(k).chunks(8)) {
                match entries.as_chunks().0 {
                    [low, high] => columns.0 = [*low, *high],
                    _ => {
                        *columns = CacheLine::default();
                        let places = columns.0.as_flattened_mut().iter_mut();
                        places.zip(entries).for_each(|(place, entry)| *place = *entry);
                    }
                }
            }
        }
    }

    /// Entries `8 panel` to `8 panel + 7` of every vector.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> &[CacheLine] {
        &self.values[panel * self.count..][..self.count]
    }
}
