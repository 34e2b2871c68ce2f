//! Arrays of other programs: numbers of several types and orders, decoded exactly.

use super::exchange::ExchangeError;

/// What the entries of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F64,
    F32,
    F16,
    BF16,
    U8,
    U32,
    U64,
    /// Anything else, which no model has.
    Other,
}

impl Kind {
    /// Bytes of one entry; 0 for what is not decoded.
    fn bytes(self) -> usize {
        match self {
            Kind::F64 | Kind::U64 => 8,
            Kind::F32 | Kind::U32 => 4,
            Kind::F16 | Kind::BF16 => 2,
            Kind::U8 => 1,
            Kind::Other => 0,
        }
    }

    /// Whether its numbers have fewer digits than a double.
    pub fn is_narrow(self) -> bool {
        self.is_float() && self != Kind::F64
    }

    fn is_float(self) -> bool {
        matches!(self, Kind::F64 | Kind::F32 | Kind::F16 | Kind::BF16)
    }
}

/// A named array, its bytes as many as shape and kind ask for.
#[derive(Clone, Debug)]
pub(crate) struct Array<'a> {
    pub name: String,
    pub kind: Kind,
    /// The type as the file calls it, for messages.
    pub type_name: String,
    pub big_endian: bool,
    /// Whether a matrix lies column by column.
    pub by_columns: bool,
    pub shape: Vec<usize>,
    pub bytes: &'a [u8],
}

impl Array<'_> {
    /// Refuses an array of another shape, or one without floating-point numbers. A vector may be a column.
    pub fn require(&self, rows: usize, columns: Option<usize>) -> Result<(), ExchangeError> {
        if !self.kind.is_float() {
            return Err(ExchangeError::WrongType {
                name: self.name.clone(),
                found: self.type_name.clone(),
                need: "F64, F32, F16 or BF16",
            });
        }
        let fits = match columns {
            Some(columns) => self.shape == [rows, columns],
            None => self.shape == [rows] || self.shape == [rows, 1],
        };
        if fits {
            Ok(())
        } else {
            Err(ExchangeError::WrongShape {
                name: self.name.clone(),
                found: self.shape.clone(),
                need: [Some(rows), columns].into_iter().flatten().collect(),
            })
        }
    }

    /// The two dimensions of a matrix.
    pub fn matrix(&self) -> Result<[usize; 2], ExchangeError> {
        self.shape[..]
            .try_into()
            .map_err(|_| ExchangeError::NoMatrix {
                name: self.name.clone(),
                found: self.shape.clone(),
            })
    }

    /// The number at a row and a column; a vector has one column.
    ///
    /// # Errors
    /// Where it is not finite.
    pub fn number(&self, row: usize, column: usize) -> Result<f64, ExchangeError> {
        let (rows, columns) = match self.shape[..] {
            [rows, columns] => (rows, columns),
            _ => (self.shape.iter().product(), 1),
        };
        let index = if self.by_columns {
            column * rows + row
        } else {
            row * columns + column
        };
        let number = self.decoded(index);
        if number.is_finite() {
            Ok(number)
        } else {
            Err(ExchangeError::NotFinite {
                name: self.name.clone(),
                row,
                column,
            })
        }
    }

    /// All numbers row by row, whole ones and those that are not finite among them; none where they are of no
    /// type that is decoded.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let count = self.bytes.len().checked_div(self.kind.bytes())?;
        Some(if self.by_columns {
            by_rows(&self.shape, count)
                .map(|index| self.decoded(index))
                .collect()
        } else {
            (0..count).map(|index| self.decoded(index)).collect()
        })
    }

    fn decoded(&self, index: usize) -> f64 {
        let bits = self.bits(index);
        match self.kind {
            Kind::F64 => f64::from_bits(bits),
            Kind::F32 => f64::from(f32::from_bits(bits as u32)),
            Kind::BF16 => f64::from(f32::from_bits((bits as u32) << 16)),
            Kind::F16 => half(bits as u16),
            // Other programs have signs where code points have none.
            Kind::U64 => bits as i64 as f64,
            Kind::U32 => f64::from(bits as i32),
            Kind::U8 => bits as f64,
            Kind::Other => f64::NAN,
        }
    }

    /// The bits of all entries, where they are whole numbers.
    pub fn whole_numbers(&self) -> Option<impl Iterator<Item = u64>> {
        let count = self.bytes.len().checked_div(self.kind.bytes())?;
        (!self.kind.is_float()).then(|| (0..count).map(|index| self.bits(index)))
    }

    /// The bits of an entry in the lowest places.
    fn bits(&self, index: usize) -> u64 {
        let size = self.kind.bytes();
        let bytes = &self.bytes[index * size..][..size];
        let add = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        }
    }
}

/// Where the entries of an array that lies with its first index changing fastest are, row by row.
fn by_rows(shape: &[usize], count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| {
        // The last index changes fastest from place to place.
        let (mut rest, mut at, mut step) = (place, 0, count);
        for &length in shape.iter().rev() {
            step /= length;
            at += rest % length * step;
            rest /= length;
        }
        at
    })
}

/// Half precision: one bit of sign, five of exponent (bias 15), ten of fraction.
fn half(bits: u16) -> f64 {
    let exponent = (bits >> 10) & 0x1f;
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction / 16_777_216.0,
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        // 2^(exponent - 25) times the fraction with its hidden bit: no rounding anywhere.
        _ => (fraction + 1024.0) * f64::from_bits(u64::from(exponent + 1023 - 25) << 52),
    };
    match bits >> 15 {
        0 => magnitude,
        _ => -magnitude,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        // Entry (i, j, k) of a 2 x 3 x 4 array, at i + 2 j + 6 k.
        let found: Vec<usize> = by_rows(&[2, 3, 4], 24).collect();
        let indices = (0..2).flat_map(|i| (0..3).flat_map(move |j| (0..4).map(move |k| (i, j, k))));
        let expected: Vec<usize> = indices.map(|(i, j, k)| i + 2 * j + 6 * k).collect();
        assert_eq!(found, expected);
        assert_eq!(by_rows(&[3], 3).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(by_rows(&[], 1).collect::<Vec<_>>(), [0]);
        assert_eq!(by_rows(&[0, 3], 0).count(), 0);
    }

    /// From the definition in IEEE 754.
    #[test]
    fn every_half_is_exact() {
        for (bits, value) in [
            (0x0001, 1.0 / 16_777_216.0),
            (0x03ff, 1023.0 / 16_777_216.0),
            (0x0400, 1.0 / 16_384.0),
            (0x3555, 1365.0 / 4096.0),
            (0x3c00, 1.0),
            (0x3c01, 1025.0 / 1024.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#06x}");
        }
        assert_eq!(half(0x8000).to_bits(), (-0.0f64).to_bits());
        assert!(half(0x7e00).is_nan());
        // Larger bits, larger number: with the values above, no exponent is off.
        for bits in 0..0x7c00 {
            assert!(half(bits) < half(bits + 1), "{bits:#06x}");
            assert_eq!(half(bits | 0x8000), -half(bits));
        }
    }
}
