//! Views of the rows of a matrix in a slice, with or without gaps between them.

/// Vectors of equal length, one every `stride` entries of a slice, for example the rows of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(super) values: &'a [f64],
    pub(super) count: usize,
    pub(super) length: usize,
    pub(super) stride: usize,
}

impl<'a> Rows<'a> {
    /// Makes `count` rows, each of the first `length` of `stride` entries.
    ///
    /// # Panics
    /// Panics if the slice is too short, or if `length` is more than `stride`.
    #[inline(always)]
    pub fn new(values: &'a [f64], count: usize, length: usize, stride: usize) -> Self {
        let end = end(values.len(), count, length, stride);
        Rows { values: &values[..end], count, length, stride }
    }

    /// A single vector.
    #[inline(always)]
    pub fn one(x: &'a [f64]) -> Self {
        Rows::new(x, 1, x.len(), x.len())
    }

    /// Makes the rows of a row-major matrix without gaps.
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
    /// Panics if there are fewer rows, unless they are empty.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &'a [f64] {
        &self.values[row * self.stride..][..self.length]
    }
}

/// Mutable [`Rows`].
#[derive(Debug)]
pub struct RowsMut<'a> {
    pub(super) values: &'a mut [f64],
    pub(super) count: usize,
    pub(super) length: usize,
    pub(super) stride: usize,
}

impl<'a> RowsMut<'a> {
    /// Makes `count` rows, each of the first `length` of `stride` entries.
    ///
    /// # Panics
    /// Panics if the slice is too short, or if `length` is more than `stride`.
    #[inline(always)]
    pub fn new(values: &'a mut [f64], count: usize, length: usize, stride: usize) -> Self {
        let end = end(values.len(), count, length, stride);
        RowsMut { values: &mut values[..end], count, length, stride }
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
    /// Panics if there are fewer rows, unless they are empty.
    #[inline(always)]
    pub fn row(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.stride..][..self.length]
    }
}

/// The end of the last row. The entries after it belong to no row.
///
/// # Panics
/// Panics if there are fewer values, or if rows overlap.
#[inline(always)]
fn end(values: usize, count: usize, length: usize, stride: usize) -> usize {
    let end = match count {
        0 => Some(0),
        _ => (count - 1).checked_mul(stride).and_then(|before| before.checked_add(length)),
    };
    let end = end.filter(|&end| length <= stride && end <= values);
    end.expect("rows: too few values")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "too few values")]
    fn rows_that_cannot_be_counted_are_not_there() {
        Rows::new(&[0.0; 8], usize::MAX, 2, 4);
    }

    #[test]
    fn what_comes_after_the_last_row_is_no_row() {
        let mut values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let rows = Rows::new(&values, 2, 2, 3);
        assert_eq!((rows.row(0), rows.row(1)), (&[1.0, 2.0][..], &[4.0, 5.0][..]));
        assert!(std::panic::catch_unwind(|| rows.row(2).len()).is_err());
        let mut rows = RowsMut::new(&mut values, 1, 3, 3);
        let second = std::panic::AssertUnwindSafe(|| rows.row(1).len());
        assert!(std::panic::catch_unwind(second).is_err());
    }
}
