//! The array of all formats: a name, a shape, and numbers or the bytes that a file has for them.

use std::borrow::Cow;
use std::io::{self, Write};

/// The largest number of dimensions that an array in a file may have.
pub(crate) const MAX_DIMENSIONS: usize = 16;

/// The type of an array's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Doubles.
    F64,
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// bfloat16, the upper half of single precision.
    BF16,
    /// Whole numbers of 64 bits, with or without a sign.
    I64,
    /// Whole numbers of 32 bits, with or without a sign.
    I32,
    /// Bytes.
    U8,
    /// Booleans, which are not read as numbers.
    Bool,
    /// Single characters, as code points.
    Character,
    /// One text, as the code points of its characters.
    Text,
    /// A type that is not read.
    Other,
}

impl Kind {
    /// The number of bytes of one entry in a file; 0 if entries are not read as numbers.
    fn size(self) -> usize {
        match self {
            Kind::F64 | Kind::I64 => 8,
            Kind::F32 | Kind::I32 | Kind::Character | Kind::Text => 4,
            Kind::F16 | Kind::BF16 => 2,
            Kind::U8 => 1,
            Kind::Bool | Kind::Other => 0,
        }
    }

    /// Whether entries are floating-point numbers.
    pub fn is_float(self) -> bool {
        self == Kind::F64 || self.is_narrow()
    }

    /// Whether entries are floating-point numbers with fewer digits than a double.
    pub fn is_narrow(self) -> bool {
        matches!(self, Kind::F32 | Kind::F16 | Kind::BF16)
    }
}

/// The entries of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Entries<'a> {
    /// Numbers, row by row.
    Numbers(Cow<'a, [f64]>),
    /// The bytes of a file. Kind and shape give their number.
    Stored {
        /// The bytes.
        bytes: &'a [u8],
        /// Whether the highest byte of an entry comes first.
        big_endian: bool,
        /// Whether a matrix lies column by column.
        by_columns: bool,
    },
}

/// A named array.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<'a> {
    /// Its name.
    pub name: String,
    /// The type of its entries.
    pub kind: Kind,
    /// The name of this type in the file; empty if the array does not come from a file.
    pub type_name: Cow<'a, str>,
    /// Its dimensions. A single number has none.
    pub shape: Vec<usize>,
    /// Its entries.
    pub entries: Entries<'a>,
}

impl<'a> Array<'a> {
    /// Makes an array of numbers, row by row. Characters are given by their code points.
    pub fn new(
        name: impl Into<String>,
        kind: Kind,
        shape: impl Into<Vec<usize>>,
        numbers: impl Into<Cow<'a, [f64]>>,
    ) -> Self {
        Array {
            name: name.into(),
            kind,
            type_name: "".into(),
            shape: shape.into(),
            entries: Entries::Numbers(numbers.into()),
        }
    }

    /// Makes a vector of the code points of some characters.
    pub fn of_characters(
        name: impl Into<String>,
        kind: Kind,
        characters: impl Iterator<Item = char>,
    ) -> Self {
        let points: Vec<f64> = characters.map(|c| u32::from(c).into()).collect();
        Array::new(name, kind, [points.len()], points)
    }

    /// The characters of an array of code points.
    pub fn characters(&self) -> impl Iterator<Item = char> {
        let points = self.numbers().unwrap_or_default().into_owned().into_iter();
        points.map(|point| char::from_u32(point as u32).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// The numbers row by row. They are exact, except for whole numbers beyond 2^53. `None` for a type that is not
    /// read.
    pub fn numbers(&self) -> Option<Cow<'_, [f64]>> {
        match &self.entries {
            Entries::Numbers(numbers) => (self.kind != Kind::Other).then(|| numbers[..].into()),
            Entries::Stored { bytes, .. } => {
                let count = bytes.len().checked_div(self.kind.size())?;
                let mut numbers = vec![0.0; count];
                self.copy_to(&mut numbers);
                Some(numbers.into())
            }
        }
    }

    /// Copies the numbers, row by row.
    ///
    /// # Panics
    /// Panics if `numbers` has another length.
    pub fn copy_to(&self, numbers: &mut [f64]) {
        match (&self.entries, self.kind) {
            (Entries::Numbers(own), _) => numbers.copy_from_slice(own),
            (_, Kind::F64) => self.decode(numbers, f64::from_le_bytes),
            (_, Kind::F32) => self.decode(numbers, |bytes| f32::from_le_bytes(bytes).into()),
            (_, Kind::F16) => self.decode(numbers, |bytes| half(u16::from_le_bytes(bytes))),
            (_, Kind::BF16) => {
                self.decode(numbers, |[low, high]| f32::from_le_bytes([0, 0, low, high]).into())
            }
            // Other programs have signs where code points have none.
            (_, Kind::I64) => self.decode(numbers, |bytes| i64::from_le_bytes(bytes) as f64),
            (_, Kind::I32 | Kind::Character | Kind::Text) => {
                self.decode(numbers, |bytes| i32::from_le_bytes(bytes).into());
            }
            (_, Kind::U8) => self.decode(numbers, |[byte]| byte.into()),
            (_, Kind::Bool | Kind::Other) => assert!(numbers.is_empty(), "no numbers"),
        }
    }

    /// Decodes entries of N bytes.
    fn decode<const N: usize>(&self, numbers: &mut [f64], decode: impl Fn([u8; N]) -> f64) {
        let Entries::Stored { bytes, big_endian, by_columns } = self.entries else {
            return;
        };
        let (entries, _) = bytes.as_chunks::<N>();
        assert_eq!(entries.len(), numbers.len(), "a place for every number");
        for (place, number) in numbers.iter_mut().enumerate() {
            let at = if by_columns { place_by_columns(&self.shape, place) } else { place };
            let mut entry = entries[at];
            if big_endian {
                entry.reverse();
            }
            *number = decode(entry);
        }
    }

    /// The bytes of a file; none for an array of numbers.
    pub fn stored_bytes(&self) -> &'a [u8] {
        match self.entries {
            Entries::Stored { bytes, .. } => bytes,
            Entries::Numbers(_) => &[],
        }
    }

    /// The same array with its own numbers. Its kind becomes F64, but a narrow kind stays, and a text becomes a vector.
    /// An array of a type that is not read keeps the type's name and has no numbers.
    pub fn decoded(self) -> Array<'static> {
        let numbers = self.numbers().map(Cow::into_owned);
        let (kind, type_name) = match &numbers {
            Some(_) if self.kind.is_narrow() => (self.kind, "".into()),
            Some(_) => (Kind::F64, "".into()),
            None => (Kind::Other, self.type_name.into_owned().into()),
        };
        let numbers = numbers.unwrap_or_default();
        let shape = if self.kind == Kind::Text { vec![numbers.len()] } else { self.shape };
        Array { type_name, ..Array::new(self.name, kind, shape, numbers) }
    }

    /// Writes the entries row by row, little-endian.
    ///
    /// Each entry is written alone, so no buffer of the array's size is needed. A file needs a [`std::io::BufWriter`]
    /// around it.
    ///
    /// # Errors
    /// Any error of the output; [`io::ErrorKind::InvalidInput`] for a kind that is not written.
    pub fn write_entries(&self, output: &mut impl Write) -> io::Result<()> {
        let numbers = self.numbers().ok_or(io::ErrorKind::InvalidInput)?;
        for &x in &numbers[..] {
            match self.kind {
                Kind::F64 => output.write_all(&x.to_le_bytes())?,
                Kind::I64 => output.write_all(&(x as i64).to_le_bytes())?,
                Kind::I32 | Kind::Character | Kind::Text => {
                    output.write_all(&(x as i64 as u32).to_le_bytes())?;
                }
                Kind::U8 | Kind::Bool => output.write_all(&[x as u8])?,
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
        Ok(())
    }
}

/// The index in column order of the entry with an index in row order.
fn place_by_columns(shape: &[usize], place: usize) -> usize {
    let mut step: usize = shape.iter().product();
    let (mut rest, mut at) = (place, 0);
    // The last index changes fastest from place to place.
    for &length in shape.iter().rev() {
        step /= length;
        at += rest % length * step;
        rest /= length;
    }
    at
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
        let places = |shape: &[usize]| -> Vec<usize> {
            let count = shape.iter().product();
            (0..count).map(|place| place_by_columns(shape, place)).collect()
        };
        // Entry (i, j, k) of a 2 x 3 x 4 array, at i + 2 j + 6 k.
        let indices = (0..2).flat_map(|i| (0..3).flat_map(move |j| (0..4).map(move |k| (i, j, k))));
        let expected: Vec<usize> = indices.map(|(i, j, k)| i + 2 * j + 6 * k).collect();
        assert_eq!(places(&[2, 3, 4]), expected);
        assert_eq!(places(&[3]), [0, 1, 2]);
        assert_eq!(places(&[]), [0]);
        assert_eq!(places(&[0, 3]), [0usize; 0]);
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

    fn stored(kind: Kind, bytes: &[u8], big_endian: bool) -> Array<'_> {
        Array {
            name: "x".into(),
            kind,
            type_name: "type".into(),
            shape: vec![2],
            entries: Entries::Stored { bytes, big_endian, by_columns: false },
        }
    }

    #[test]
    fn entries_of_every_kind_are_numbers() {
        let bf16 = stored(Kind::BF16, &[0xc0, 0x3f, 0x80, 0xff], false);
        assert_eq!(bf16.numbers().unwrap()[..], [1.5, f64::NEG_INFINITY]);
        for (kind, bytes, numbers) in [
            (Kind::I64, [[0xff; 8], 257u64.to_le_bytes()].concat(), [-1.0, 257.0]),
            (Kind::I32, vec![0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0], [-2.0, 3.0]),
            (Kind::U8, vec![0xff, 3], [255.0, 3.0]),
            (Kind::F64, [1.5f64, -0.0].map(f64::to_le_bytes).concat(), [1.5, -0.0]),
        ] {
            let array = stored(kind, &bytes, false);
            assert_eq!(array.numbers().unwrap()[..], numbers, "{kind:?}");
            let mut written = Vec::new();
            array.write_entries(&mut written).unwrap();
            assert_eq!(written, bytes, "{kind:?}");
            let decoded = array.decoded();
            assert_eq!(decoded, Array::new("x", Kind::F64, [2], &numbers[..]));
        }
        let narrow = stored(Kind::F32, &[0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], true).decoded();
        assert_eq!(narrow, Array::new("x", Kind::F32, [2], &[1.5, -2.0][..]));
        assert!(narrow.write_entries(&mut Vec::new()).is_err());
        for kind in [Kind::Bool, Kind::Other] {
            let array = stored(kind, &[0, 1], false);
            assert_eq!(array.numbers(), None);
            let decoded = array.decoded();
            assert_eq!((decoded.numbers(), &*decoded.type_name), (None, "type"));
        }
    }
}
