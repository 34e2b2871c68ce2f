//! Views of the rows of a matrix in a slice, with or without gaps between them.

/// Vectors of equal length, one every `stride` entries of a slice: the rows of a matrix, for example.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(super) values: &'a [f64],
    pub(super) count: usize,
    pub(super) length: usize,
    pub(super) stride: usize,
}

impl<'a> Rows<'a> {
    /// `count` rows, each the first `length` entries of `stride`.
    ///
    /// # Panics
    /// Panics if the slice is too short.
    #[inline(always)]
    pub fn new(values: &'a [f64], count: usize, length: usize, stride: usize) -> Self {
        check(values.len(), count, length, stride);
        Rows { values, count, length, stride }
    }

    /// A single vector.
    #[inline(always)]
    pub fn one(x: &'a [f64]) -> Self {
        Rows::new(x, 1, x.len(), x.len())
    }

    /// The rows of a row-major matrix without gaps.
    ///
    /// # Panics
    /// Panics if the slice is too short.
    #[inline(always)]
    pub fn tight(values: &'a [f64], count: usize, length: usize) -> Self {
        Rows::new(values, count, length, length)
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The length of each row.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The number of entries from the start of one row to that of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Row number `row`, from 0.
    ///
    /// # Panics
    /// Panics if there are fewer rows.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &'a [f64] {
        &self.values[row * self.stride..][..self.length]
    }
}

/// [`Rows`] that can be written to.
#[derive(Debug)]
pub struct RowsMut<'a> {
    pub(super) values: &'a mut [f64],
    pub(super) count: usize,
    pub(super) length: usize,
    pub(super) stride: usize,
}

impl<'a> RowsMut<'a> {
    /// `count` rows, each the first `length` entries of `stride`.
    ///
    /// # Panics
    /// Panics if the slice is too short.
    #[inline(always)]
    pub fn new(values: &'a mut [f64], count: usize, length: usize, stride: usize) -> Self {
        check(values.len(), count, length, stride);
        RowsMut { values, count, length, stride }
    }

    /// A single vector.
    #[inline(always)]
    pub fn one(y: &'a mut [f64]) -> Self {
        let length = y.len();
        RowsMut::new(y, 1, length, length)
    }

    /// Row number `row`, from 0.
    ///
    /// # Panics
    /// Panics if there are fewer rows.
    #[inline(always)]
    pub fn row(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.stride..][..self.length]
    }
}

#[inline(always)]
fn check(values: usize, count: usize, length: usize, stride: usize) {
    let needed = match count {
        0 => Some(0),
        _ => (count - 1).checked_mul(stride).and_then(|before| before.checked_add(length)),
    };
    let there = needed.is_some_and(|needed| needed <= values);
    assert!(length <= stride && there, "rows: too few values");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "too few values")]
    fn rows_that_cannot_be_counted_are_not_there() {
        Rows::new(&[0.0; 8], usize::MAX, 2, 4);
    }
}
