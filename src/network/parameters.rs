//! The parameters U, W, V, b and c, and everything of their shape: gradients, the state of the optimizer.

use crate::digest::Digest;
use crate::kernels::buffer::Buffer;
use std::fmt;
use std::ops::Range;

/// m and K, the sizes that determine all other shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    m: usize,
    K: usize,
}

/// The largest number of bytes that an allocation may have.
const MAX_BYTES: usize = isize::MAX as usize;

impl Shape {
    /// Makes the shape of a network with `m` hidden units and `K` characters.
    ///
    /// # Errors
    /// [`ShapeError`] if m or K is 0, or if the parameters do not fit into one allocation.
    pub fn new(m: usize, K: usize) -> Result<Self, ShapeError> {
        if m == 0 {
            return Err(ShapeError::NoHiddenUnits);
        }
        if K == 0 {
            return Err(ShapeError::NoCharacters);
        }
        let entries = || {
            let U = m.checked_mul(K)?;
            let W = m.checked_mul(m)?;
            let all = U.checked_mul(2)?.checked_add(W)?;
            let all = all.checked_add(m)?.checked_add(K)?;
            (all <= MAX_BYTES / size_of::<f64>()).then_some(all)
        };
        entries().map(|_| Shape { m, K }).ok_or(ShapeError::TooLarge { m, K })
    }

    /// m, the number of hidden units.
    pub fn m(self) -> usize {
        self.m
    }

    /// K, the size of the vocabulary.
    pub fn K(self) -> usize {
        self.K
    }

    /// The number of parameters: `2 m K + m^2 + m + K`.
    pub fn entries(self) -> usize {
        2 * self.m * self.K + self.m * self.m + self.m + self.K
    }

    /// Refuses an index of K or more.
    pub(crate) fn check_index(self, index: usize) -> Result<(), ShapeError> {
        if index < self.K { Ok(()) } else { Err(ShapeError::Index { index, K: self.K }) }
    }

    /// Refuses a hidden state that is not m long.
    pub(crate) fn check_hidden_state(self, h: &[f64]) -> Result<(), ShapeError> {
        let (found, m) = (h.len(), self.m);
        if found == m { Ok(()) } else { Err(ShapeError::HiddenState { found, m }) }
    }

    /// Refuses a hidden state that is not m long, or has a number that is NaN or infinite.
    pub(crate) fn check_start(self, h: &[f64]) -> Result<(), ShapeError> {
        self.check_hidden_state(h)?;
        let wild = h.iter().position(|h| !h.is_finite());
        wild.map_or(Ok(()), |entry| Err(ShapeError::NotFinite { entry }))
    }

    /// Refuses inputs and targets of different numbers, indices of K or more, and a hidden state that is not m long.
    pub(crate) fn check_case(
        self,
        inputs: &[usize],
        targets: &[usize],
        h0: &[f64],
    ) -> Result<(), ShapeError> {
        let counts = ShapeError::Targets { inputs: inputs.len(), targets: targets.len() };
        if inputs.len() != targets.len() {
            return Err(counts);
        }
        inputs.iter().chain(targets).try_for_each(|&index| self.check_index(index))?;
        self.check_hidden_state(h0)
    }

    /// The number of entries of each tensor.
    pub(crate) fn lengths(self) -> Tensors<usize> {
        let Shape { m, K } = self;
        Tensors { U: m * K, W: m * m, V: K * m, b: m, c: K }
    }

    /// The tensor of an entry, by the index of the entry in all parameters; and the range of the entry's row in this
    /// tensor.
    ///
    /// # Panics
    /// Panics if there are fewer entries.
    pub(crate) fn row_of(self, entry: usize) -> (Tensor, Range<usize>) {
        use Tensor::{U, V, W, b, c};
        let mut at = entry;
        for (tensor, (_, rows, columns)) in [U, W, V, b, c].into_iter().zip(self.tensors()) {
            if at < rows * columns {
                let first = at / columns * columns;
                return (tensor, first..first + columns);
            }
            at -= rows * columns;
        }
        panic!("there is no entry {entry}");
    }

    /// The name, rows and columns of U, W, V, b and c, in the order in which they are drawn, stored and digested.
    pub fn tensors(self) -> [(&'static str, usize, usize); 5] {
        let Shape { m, K } = self;
        [("U", m, K), ("W", m, m), ("V", K, m), ("b", m, 1), ("c", K, 1)]
    }
}

/// Why a size, an index or a length is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// m is 0.
    NoHiddenUnits,
    /// K is 0.
    NoCharacters,
    /// The parameters do not fit the address space.
    TooLarge {
        /// The number of hidden units.
        m: usize,
        /// The size of the vocabulary.
        K: usize,
    },
    /// The number of entries of a tensor does not fit m and K.
    Entries {
        /// `U`, `W`, `V`, `b` or `c`.
        tensor: &'static str,
        /// Its number of entries.
        found: usize,
        /// The number of hidden units.
        m: usize,
        /// The size of the vocabulary.
        K: usize,
    },
    /// The index of a character is K or more.
    Index {
        /// The index.
        index: usize,
        /// The size of the vocabulary.
        K: usize,
    },
    /// A hidden state is not m long.
    HiddenState {
        /// Its length.
        found: usize,
        /// The number of hidden units.
        m: usize,
    },
    /// An entry of a hidden state is NaN or infinite.
    NotFinite {
        /// The index of the entry.
        entry: usize,
    },
    /// The number of inputs is not the number of steps.
    Inputs {
        /// The number of inputs.
        found: usize,
        /// The number of steps.
        T: usize,
    },
    /// The number of targets is not the number of inputs.
    Targets {
        /// The number of inputs.
        inputs: usize,
        /// The number of targets.
        targets: usize,
    },
    /// The memory cannot be allocated.
    NoMemory {
        /// The number of bytes that were requested.
        bytes: usize,
    },
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShapeError::NoHiddenUnits => {
                write!(f, "the network has no hidden units: m must be at least 1")
            }
            ShapeError::NoCharacters => {
                write!(f, "the vocabulary is empty: K must be at least 1")
            }
            ShapeError::TooLarge { m, K } => write!(
                f,
                "m = {m} hidden units with K = {K} characters are more than this machine can address: \
                 choose fewer hidden units"
            ),
            ShapeError::Entries { tensor, found, m, K } => write!(
                f,
                "{tensor} has {found} entries, which do not fit m = {m} (the length of b) and K = {K} (that of c)"
            ),
            ShapeError::Index { index, K } => {
                write!(
                    f,
                    "there is no character {index}: the indices go from 0 to K - 1, and K = {K}"
                )
            }
            ShapeError::HiddenState { found, m } => {
                write!(
                    f,
                    "the hidden state has {found} numbers, but there are m = {m} hidden units"
                )
            }
            ShapeError::NotFinite { entry } => {
                write!(f, "the hidden state has a number that is not finite at entry {entry}")
            }
            ShapeError::Inputs { found, T } => write!(f, "{found} inputs for T = {T} steps"),
            ShapeError::Targets { inputs, targets } => {
                write!(f, "{targets} targets for {inputs} inputs: each input needs one")
            }
            ShapeError::NoMemory { bytes } => write!(
                f,
                "not enough memory: {bytes} bytes cannot be allocated; choose fewer hidden units, a smaller batch or shorter \
                 sequences"
            ),
        }
    }
}

impl std::error::Error for ShapeError {}

/// One number for every parameter: the parameters themselves, their gradient, or a part of the optimizer's state.
///
/// One flat buffer holds U, W, V, b and c, one after another, each row by row.
#[derive(Clone, PartialEq)]
pub struct Parameters {
    shape: Shape,
    values: Buffer,
}

/// Shows the shape and the digest.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters")
            .field("m", &self.shape.m)
            .field("K", &self.shape.K)
            .field("digest", &format_args!("{:016x}", self.digest()))
            .finish_non_exhaustive()
    }
}

/// Which of the five tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, non_camel_case_types)]
pub enum Tensor {
    U,
    W,
    V,
    b,
    c,
}

impl Tensor {
    /// The names of all five, in the order in which they are stored.
    pub(crate) const NAMES: [&str; 5] = ["U", "W", "V", "b", "c"];
    /// The names of U, W, V, b and c in Andrej Karpathy's program, in this order.
    pub(crate) const OTHER_NAMES: [&str; 5] = ["Wxh", "Whh", "Why", "bh", "by"];
}

/// One value for each of U, W, V, b and c. For example, `Tensors<&[f64]>` has their entries, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Tensors<T> {
    /// Input to hidden, m x K.
    pub U: T,
    /// Hidden to hidden, m x m.
    pub W: T,
    /// Hidden to output, K x m.
    pub V: T,
    /// Bias of the hidden units, m.
    pub b: T,
    /// Bias of the output, K.
    pub c: T,
}

impl<T> Tensors<T> {
    /// Applies a function to each value, in the order U, W, V, b, c.
    pub fn map<R>(self, mut function: impl FnMut(T) -> R) -> Tensors<R> {
        let Tensors { U, W, V, b, c } = self;
        Tensors { U: function(U), W: function(W), V: function(V), b: function(b), c: function(c) }
    }

    /// The value of one tensor.
    pub(crate) fn of(self, tensor: Tensor) -> T {
        match tensor {
            Tensor::U => self.U,
            Tensor::W => self.W,
            Tensor::V => self.V,
            Tensor::b => self.b,
            Tensor::c => self.c,
        }
    }

    /// U, W, V, b and c, in this order.
    pub fn into_array(self) -> [T; 5] {
        [self.U, self.W, self.V, self.b, self.c]
    }
}

impl Parameters {
    /// Makes parameters that are all 0.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if the buffer cannot be allocated.
    pub fn zeros(shape: Shape) -> Result<Self, ShapeError> {
        Ok(Parameters { shape, values: buffer(shape.entries())? })
    }

    /// Makes parameters from your own numbers, each tensor row by row. m is the length of b, and K is the length of c.
    ///
    /// ```
    /// use elman::Parameters;
    /// use elman::network::Tensors;
    ///
    /// // m = 1, K = 2.
    /// let (U, W, V, b, c) = ([0.5, -0.5], [0.1], [1.0, -1.0], [0.0], [0.0, 0.2]);
    /// let parameters = Parameters::from_tensors(Tensors { U: &U[..], W: &W, V: &V, b: &b, c: &c })?;
    /// assert_eq!((parameters.shape().m(), parameters.shape().K()), (1, 2));
    /// # Ok::<(), elman::ShapeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ShapeError`] if b or c is empty, if the number of entries of U, W or V does not fit m and K, or if there is no
    /// memory.
    pub fn from_tensors(tensors: Tensors<&[f64]>) -> Result<Self, ShapeError> {
        let shape = Shape::new(tensors.b.len(), tensors.c.len())?;
        let mut parameters = Parameters::zeros(shape)?;
        let parts = parameters.tensors_mut().into_array();
        for ((to, from), (tensor, ..)) in
            parts.into_iter().zip(tensors.into_array()).zip(shape.tensors())
        {
            let (found, Shape { m, K }) = (from.len(), shape);
            if found != to.len() {
                return Err(ShapeError::Entries { tensor, found, m, K });
            }
            to.copy_from_slice(from);
        }
        Ok(parameters)
    }

    /// Empty parameters, to put in the place of some that are lent.
    pub(crate) fn none() -> Self {
        Parameters { shape: Shape { m: 0, K: 0 }, values: Buffer::default() }
    }

    /// Makes a copy. Unlike `clone`, it returns an error if there is no memory.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if it cannot be allocated.
    pub fn try_clone(&self) -> Result<Self, ShapeError> {
        let mut copy = Parameters::zeros(self.shape)?;
        copy.values.copy_from_slice(&self.values);
        Ok(copy)
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// All entries: U, W, V, b and c, each row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All entries, mutable.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// A checksum of the parameters: FNV-1a with 64 bits over the little-endian bytes of every entry, in order.
    ///
    /// Parameters with the same bits have the same digest. Others almost certainly have another digest.
    pub fn digest(&self) -> u64 {
        let digest = self
            .values
            .iter()
            .fold(Digest::new(), |digest, x| digest.with(&x.to_bits().to_le_bytes()));
        digest.value()
    }

    /// The entries of each of the five tensors, row by row.
    pub fn tensors(&self) -> Tensors<&[f64]> {
        let mut rest = &self.values[..];
        self.shape.lengths().map(|length| {
            let tensor;
            (tensor, rest) = rest.split_at(length);
            tensor
        })
    }

    /// The entries of each of the five tensors, row by row, mutable.
    pub fn tensors_mut(&mut self) -> Tensors<&mut [f64]> {
        let lengths = self.shape.lengths();
        let mut rest = &mut self.values[..];
        lengths.map(|length| rest.split_off_mut(..length).expect("the lengths of all entries"))
    }

    /// The entries of one tensor, row by row, mutable.
    pub(crate) fn tensor_mut(&mut self, tensor: Tensor) -> &mut [f64] {
        self.tensors_mut().of(tensor)
    }

    /// The five tensors with their names, rows and columns, in the order U, W, V, b, c.
    pub fn named(&self) -> impl Iterator<Item = NamedTensor<'_>> {
        let named = self.shape.tensors().into_iter().zip(self.tensors().into_array());
        named.map(|((name, rows, columns), values)| NamedTensor { name, rows, columns, values })
    }
}

/// One of the five tensors, with its name and shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedTensor<'a> {
    /// `U`, `W`, `V`, `b` or `c`.
    pub name: &'static str,
    /// The number of rows.
    pub rows: usize,
    /// The number of columns; 1 for b and c.
    pub columns: usize,
    /// The entries, row by row.
    pub values: &'a [f64],
}

/// Makes a buffer of zeros that begins at a cache line.
pub(crate) fn buffer(entries: usize) -> Result<Buffer, ShapeError> {
    Buffer::zeros(entries)
        .ok_or(ShapeError::NoMemory { bytes: entries.saturating_mul(size_of::<f64>()) })
}

/// Makes a vector of zeros.
pub(crate) fn zeros<N: Clone + Default>(entries: usize) -> Result<Vec<N>, ShapeError> {
    let mut values = room(entries)?;
    values.resize(entries, N::default());
    Ok(values)
}

/// Makes an empty vector with room for so many entries.
pub(crate) fn room<N>(entries: usize) -> Result<Vec<N>, ShapeError> {
    let mut values = Vec::new();
    let bytes = entries.saturating_mul(size_of::<N>());
    values.try_reserve_exact(entries).map_err(|_| ShapeError::NoMemory { bytes })?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_lie_one_after_another() {
        let mut parameters = Parameters::zeros(Shape::new(2, 3).unwrap()).unwrap();
        for (i, value) in parameters.values_mut().iter_mut().enumerate() {
            *value = i as f64;
        }
        let Tensors { U, W, V, b, c } = parameters.tensors();
        assert_eq!(U, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(W, [6.0, 7.0, 8.0, 9.0]);
        assert_eq!(V, [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
        assert_eq!(b, [16.0, 17.0]);
        assert_eq!(c, [18.0, 19.0, 20.0]);
        let named: Vec<NamedTensor> = parameters.named().collect();
        assert_eq!(named.map_names(), "UWVbc");
        assert_eq!([named[0].rows, named[0].columns], [2, 3]);
        assert_eq!([named[2].rows, named[2].columns], [3, 2]);
        for (named, values) in named.iter().zip([U, W, V, b, c]) {
            assert_eq!(named.values, values);
            assert_eq!(named.rows * named.columns, values.len());
        }
        let parts = parameters.tensors_mut();
        assert_eq!(parts.b.first(), Some(&16.0));
        assert_eq!(parts.V.last(), Some(&15.0));
    }

    trait Names {
        fn map_names(&self) -> String;
    }

    impl Names for Vec<NamedTensor<'_>> {
        fn map_names(&self) -> String {
            self.iter().map(|named| named.name).collect()
        }
    }

    #[test]
    fn impossible_shapes_are_refused() {
        assert_eq!(Shape::new(0, 5), Err(ShapeError::NoHiddenUnits));
        assert_eq!(Shape::new(5, 0), Err(ShapeError::NoCharacters));
        let huge = usize::MAX / 2;
        assert_eq!(Shape::new(huge, 2), Err(ShapeError::TooLarge { m: huge, K: 2 }));
        // Fits the address space, but no machine; the address space of 32 bits is smaller than a machine.
        if cfg!(target_pointer_width = "64") {
            let large = Shape::new(1 << 28, 2).unwrap();
            assert!(matches!(Parameters::zeros(large), Err(ShapeError::NoMemory { .. })));
        }
    }

    #[test]
    fn every_bit_of_every_parameter_counts() {
        let shape = Shape::new(2, 2).unwrap();
        let mut parameters = Parameters::zeros(shape).unwrap();
        let mut seen = vec![parameters.digest()];
        for i in 0..shape.entries() {
            parameters.values_mut()[i] = f64::from_bits(1);
            seen.push(parameters.digest());
            parameters.values_mut()[i] = 0.0;
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
