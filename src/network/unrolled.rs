//! The buffers of one update.

use crate::kernels::buffer::{Buffer, stride};
use crate::kernels::{F64x8, Level, Pairs, Panels, Rows};
use crate::network::columns::InputColumns;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Shape, ShapeError, Tensor, buffer, zeros};
use crate::network::parts::Scratch;
use std::fmt;

/// The buffers of one update: a network that is unrolled over T steps of B sequences.
///
/// [`Unrolled::begin`] sets what each sequence reads. [`Rnn::forward`](crate::Rnn::forward) then stores what
/// [`Rnn::backward`](crate::Rnn::backward) needs.
///
/// Row `t B + s` of every matrix belongs to step t of sequence s, so a step of all sequences is one product. Rows begin at
/// cache lines; zeros fill the last line of each.
#[derive(Clone)]
pub struct Unrolled {
    pub(crate) level: Level,
    shape: Shape,
    T: usize,
    batch_size: usize,
    /// T B for the T of [`Unrolled::new`].
    most_rows: usize,
    /// T B: the characters that are read.
    pub(crate) inputs: Vec<usize>,
    /// T B: the characters that come next.
    pub(crate) targets: Vec<usize>,
    /// `U x + b` for each input.
    pub(crate) columns: InputColumns,
    /// (T + 1) B x m: h_0 to h_T.
    pub(crate) h: Buffer,
    /// T B x K: p_t; after the backward pass g_t = p_t - y_t.
    pub(crate) p: Buffer,
    /// T B: `-ln p_t[y_t]`.
    pub(crate) losses: Vec<f64>,
    /// T B x m: dL/da_t.
    pub(crate) da: Buffer,
    pub(crate) packed: Packed,
    /// Whether g_t, h_t and dL/da_t are [ordinary](crate::network::update::is_ordinary); false where that was not checked.
    pub(crate) is_ordinary: bool,
    /// Room for the passes that are public.
    pub(crate) room: Room,
}

/// Room that [`Rnn::forward`](crate::Rnn::forward) and [`Rnn::backward`](crate::Rnn::backward) need. Code that has
/// packed weights and scratch of its own does not need it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    pub weights: PackedWeights,
    pub scratch: Scratch,
}

/// What the sums over steps and sequences read, packed. The steps of a sequence are consecutive.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// (T + 1) B vectors of m: h_0 to h_T of the first sequence, then of the next.
    pub h: Panels,
    /// T B vectors of K.
    pub g: Panels,
    /// T B vectors of m.
    pub da: Panels,
}

impl fmt::Debug for Unrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unrolled")
            .field("shape", &self.shape)
            .field("T", &self.T)
            .field("batch_size", &self.batch_size)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl Unrolled {
    /// Allocates buffers for `T` steps of `batch_size` sequences.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if they cannot be allocated.
    pub fn new(shape: Shape, T: usize, batch_size: usize) -> Result<Self, ShapeError> {
        let mut steps = Unrolled::without_room(shape, T, batch_size)?;
        steps.room.weights = PackedWeights::new(shape)?;
        steps.room.scratch = Scratch::new(shape, T * batch_size)?;
        Ok(steps)
    }

    /// The same as [`Unrolled::new`], without [`Room`].
    pub(crate) fn without_room(
        shape: Shape,
        T: usize,
        batch_size: usize,
    ) -> Result<Self, ShapeError> {
        let (m, K) = (shape.m(), shape.K());
        let too_large = ShapeError::NoMemory { bytes: usize::MAX };
        let rows = T.checked_mul(batch_size).ok_or(too_large)?;
        let matrix = |rows: usize, length: usize| {
            let entries = rows.checked_mul(stride(length)).ok_or(too_large)?;
            buffer(entries)
        };
        let panels = |rows: usize, length: usize| {
            let bytes = rows.saturating_mul(length).saturating_mul(size_of::<f64>());
            Panels::new(rows, length.next_multiple_of(8)).ok_or(ShapeError::NoMemory { bytes })
        };
        Ok(Unrolled {
            level: Level::chosen(),
            shape,
            T,
            batch_size,
            most_rows: rows,
            inputs: zeros(rows)?,
            targets: zeros(rows)?,
            columns: InputColumns::new(shape, rows)?,
            h: matrix(rows.saturating_add(batch_size), m)?,
            p: matrix(rows, K)?,
            losses: zeros(rows)?,
            da: matrix(rows, m)?,
            packed: Packed {
                h: panels(rows.saturating_add(batch_size), m)?,
                g: panels(rows, K)?,
                da: panels(rows, m)?,
            },
            is_ordinary: false,
            room: Room::default(),
        })
    }

    /// Makes the passes over these steps run at `level`.
    pub fn at(self, level: Level) -> Self {
        Unrolled { level, ..self }
    }

    /// Changes the number of steps, to at most the T that it was made for.
    ///
    /// # Panics
    /// Panics if `T` is larger than that.
    pub fn resize(&mut self, T: usize) {
        self.reshape(T, self.batch_size);
    }

    /// Changes the numbers of steps and sequences. There can be at most as many rows, and as many sequences, as at
    /// first.
    pub(crate) fn reshape(&mut self, T: usize, batch_size: usize) {
        let rows = T * batch_size;
        let h = (rows + batch_size) * stride(self.shape.m());
        assert!(rows <= self.most_rows && h <= self.h.len(), "steps: no room for {T}");
        (self.T, self.batch_size) = (T, batch_size);
        self.inputs.resize(rows, 0);
        self.targets.resize(rows, 0);
        self.columns.resize(rows);
        self.losses.resize(rows, 0.0);
        self.packed.h.resize(rows + self.batch_size);
        self.packed.g.resize(rows);
        self.packed.da.resize(rows);
    }

    /// Sets what a sequence reads: T inputs, the target of each input, and the hidden state h_0 before the first.
    ///
    /// # Errors
    /// [`ShapeError`] if the number of inputs is not T, if the number of targets is another, if an index is K or more,
    /// or if `h0` is not m long.
    ///
    /// # Panics
    /// Panics if there is no such sequence.
    pub fn begin(
        &mut self,
        sequence: usize,
        inputs: &[usize],
        targets: &[usize],
        h0: &[f64],
    ) -> Result<(), ShapeError> {
        assert!(sequence < self.batch_size, "steps: sequence {sequence}");
        let (found, T) = (inputs.len(), self.T);
        if found != T {
            return Err(ShapeError::Inputs { found, T });
        }
        self.shape.check_case(inputs, targets, h0)?;
        self.set(sequence, inputs, targets, h0);
        Ok(())
    }

    /// The same as [`Unrolled::begin`], for arguments that are known to fit.
    pub(crate) fn set(&mut self, sequence: usize, inputs: &[usize], targets: &[usize], h0: &[f64]) {
        debug_assert_eq!(self.shape.check_case(inputs, targets, h0), Ok(()));
        for (t, (&input, &target)) in inputs.iter().zip(targets).enumerate() {
            self.inputs[t * self.batch_size + sequence] = input;
            self.targets[t * self.batch_size + sequence] = target;
        }
        let at = sequence * stride(self.shape.m());
        let row = &mut self.h[at..at + stride(self.shape.m())];
        row[..h0.len()].copy_from_slice(h0);
        row[h0.len()..].fill(0.0);
    }

    /// The shape of the network.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// T, the number of steps.
    pub fn steps(&self) -> usize {
        self.T
    }

    /// B, the number of sequences.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// The hidden state of a sequence after `t` steps, from h_0 to h_T, m long.
    ///
    /// # Panics
    /// Panics if there is no such step or sequence.
    pub fn h(&self, t: usize, sequence: usize) -> &[f64] {
        assert!(t <= self.T && sequence < self.batch_size, "steps: h");
        let at = (t * self.batch_size + sequence) * stride(self.shape.m());
        &self.h[at..at + self.shape.m()]
    }

    /// The probabilities p of step `t` of a sequence after the forward pass; after the backward pass it is g = p - y.
    /// Both are K long. Here `t` is counted from 0.
    ///
    /// # Panics
    /// Panics if there is no such step or sequence.
    pub fn p(&self, t: usize, sequence: usize) -> &[f64] {
        assert!(t < self.T && sequence < self.batch_size, "steps: p");
        let at = (t * self.batch_size + sequence) * stride(self.shape.K());
        &self.p[at..at + self.shape.K()]
    }

    /// The losses in nats: those of the T steps of the first sequence, then those of the next.
    pub fn losses(&self) -> impl Iterator<Item = f64> {
        let of_sequence = |s: usize| self.losses.iter().skip(s).step_by(self.batch_size);
        (0..self.batch_size).flat_map(of_sequence).copied()
    }

    /// The vectors that the rows of a gradient are summed from, sequence by sequence: g_t for V and c, otherwise
    /// dL/da_t.
    #[inline(always)]
    pub(crate) fn left(&self, tensor: Tensor) -> &Panels {
        match tensor {
            Tensor::V | Tensor::c => &self.packed.g,
            _ => &self.packed.da,
        }
    }

    /// These vectors, paired with the hidden states that they are multiplied by: h_t for V, otherwise h_{t-1}.
    #[inline(always)]
    pub(crate) fn pairs(&self, tensor: Tensor) -> impl Iterator<Item = Pairs<'_>> + Clone {
        let (T, left) = (self.T, self.left(tensor));
        let later = (tensor == Tensor::V) as usize;
        (0..self.batch_size).map(move |s| Pairs {
            left,
            left_first: s * T,
            right: &self.packed.h,
            right_first: s * (T + 1) + later,
            count: T,
        })
    }

    /// Every input with its dL/da_t, in the order of the sums. Zeros follow dL/da_t to the end of its last cache line.
    pub(crate) fn inputs_with_da(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let (m, row) = (self.shape.m().next_multiple_of(8), stride(self.shape.m()));
        (0..self.batch_size).flat_map(move |s| {
            (0..self.T).map(move |t| {
                let at = t * self.batch_size + s;
                (self.inputs[at], &self.da[at * row..][..m])
            })
        })
    }

    /// Copies the hidden states of `other`, from h_0 to h_t.
    pub(crate) fn copy_hidden(&mut self, other: &Unrolled, t: usize) {
        let entries = (t + 1) * self.batch_size * stride(self.shape.m());
        self.h[..entries].copy_from_slice(&other.h[..entries]);
    }

    /// Packs what the sums over steps and sequences need.
    #[inline(always)]
    pub(crate) fn pack<F: F64x8>(&mut self) {
        let (B, T) = (self.batch_size, self.T);
        if T == 0 {
            return;
        }
        for s in 0..B {
            let rows = |values, steps, length: usize| {
                let (values, row): (&[f64], usize) = (values, stride(length));
                Rows::new(&values[s * row..], steps, length.next_multiple_of(8), B * row)
            };
            let (m, K) = (self.shape.m(), self.shape.K());
            self.packed.h.pack::<F>(s * (T + 1), rows(&self.h, T + 1, m));
            self.packed.da.pack::<F>(s * T, rows(&self.da, T, m));
            self.packed.g.pack::<F>(s * T, rows(&self.p, T, K));
        }
    }
}
