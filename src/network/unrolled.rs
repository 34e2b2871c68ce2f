//! The buffers of one update: a network unrolled over T steps of one or more streams.
//!
//! Row `t B + s` of every matrix belongs to step t of stream s, so that a step of all streams is one
//! product. Rows begin at cache lines.

use crate::kernels::buffer::Buffer;
use crate::kernels::{Level, Panels, Rows};
use crate::network::parameters::{Shape, ShapeError, buffer, zeros};

/// What the forward pass leaves for the backward pass, and the backward pass for the sums.
#[derive(Clone, Debug)]
pub struct Unrolled {
    pub(crate) level: Level,
    shape: Shape,
    T: usize,
    streams: usize,
    /// T B for the T that it was made for.
    most_rows: usize,
    /// T B: the characters that are read.
    pub(crate) inputs: Vec<usize>,
    /// T B: the characters that come next.
    pub(crate) targets: Vec<usize>,
    pub(crate) columns: InputColumns,
    /// (T + 1) B x m: h_0 to h_T.
    pub(crate) h: Buffer,
    /// T B x K: p_t; after the backward pass g_t = p_t - y_t.
    pub(crate) p: Buffer,
    /// T B: -ln p_t[y_t].
    pub(crate) losses: Vec<f64>,
    /// T B x m: dL/da_t.
    pub(crate) da: Buffer,
    pub(crate) packed: Packed,
}

/// The columns of U that the inputs choose, with b added: `U x + b` for every character x that is read.
#[derive(Clone, Debug)]
pub(crate) struct InputColumns {
    /// T B: which row of `values` an input has.
    pub slot: Vec<usize>,
    pub distinct: Distinct,
    /// A row for each distinct character.
    pub values: Buffer,
}

/// Some characters, each once, with the place of each.
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    characters: Vec<usize>,
    /// K: where a character stands; it is there where the entry at its place says so.
    places: Vec<usize>,
}

impl Distinct {
    /// None yet, with room for `count` of K characters.
    pub fn new(count: usize, K: usize) -> Result<Self, ShapeError> {
        let mut characters = zeros(count.min(K))?;
        characters.clear();
        Ok(Distinct {
            characters,
            places: zeros(K)?,
        })
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.characters.clear();
    }

    /// The characters by place.
    pub fn characters(&self) -> &[usize] {
        &self.characters
    }

    /// The place of a character, and whether it is new.
    pub fn place(&mut self, x: usize) -> (usize, bool) {
        let place = self.places[x];
        if self.characters.get(place) == Some(&x) {
            return (place, false);
        }
        self.places[x] = self.characters.len();
        self.characters.push(x);
        (self.places[x], true)
    }
}

/// Matrices packed for the products of the backward pass. In those of steps and streams, the steps of a
/// stream follow one another: row `s T + t`.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// K x m.
    pub V: Panels,
    /// m x m, where there is more than one stream.
    pub W: Option<Panels>,
    /// T B x m: h_{t-1}.
    pub h_before: Panels,
    /// T B x m: h_t.
    pub h: Panels,
    /// T B x K.
    pub g: Panels,
    /// T B x m.
    pub da: Panels,
}

/// Entries from row to row of a matrix with rows of `length`: whole cache lines, and no multiple of 1,024
/// bytes, at which the same entry of all rows would fall into the same few places of a cache.
///
/// # Panics
/// Where that is more than a `usize` holds.
pub fn stride(length: usize) -> usize {
    let rounded = length.next_multiple_of(8);
    match rounded % 128 {
        0 => rounded + 8,
        _ => rounded,
    }
}

impl Unrolled {
    /// Buffers for `T` steps of `streams` streams.
    ///
    /// # Errors
    /// [`ShapeError`] where they cannot be allocated.
    pub fn new(shape: Shape, T: usize, streams: usize) -> Result<Self, ShapeError> {
        let (m, K) = (shape.m(), shape.K());
        let too_large = ShapeError::NoMemory { bytes: usize::MAX };
        let rows = T.checked_mul(streams).ok_or(too_large)?;
        let matrix = |rows: usize, length: usize| {
            let entries = rows.checked_mul(stride(length)).ok_or(too_large)?;
            buffer(entries)
        };
        let panels = |rows: usize, length: usize| {
            let bytes = rows.saturating_mul(length).saturating_mul(size_of::<f64>());
            Panels::new(rows, length).ok_or(ShapeError::NoMemory { bytes })
        };
        Ok(Unrolled {
            level: Level::chosen(),
            shape,
            T,
            streams,
            most_rows: rows,
            inputs: zeros(rows)?,
            targets: zeros(rows)?,
            columns: InputColumns {
                slot: zeros(rows)?,
                distinct: Distinct::new(rows, K)?,
                values: matrix(rows.min(K), m)?,
            },
            h: matrix(rows.saturating_add(streams), m)?,
            p: matrix(rows, K)?,
            losses: zeros(rows)?,
            da: matrix(rows, m)?,
            packed: Packed {
                V: panels(K, m)?,
                W: (streams != 1).then(|| panels(m, m)).transpose()?,
                h_before: panels(rows, m)?,
                h: panels(rows, m)?,
                g: panels(rows, K)?,
                da: panels(rows, m)?,
            },
        })
    }

    /// Bytes that [`Unrolled::new`] would allocate; `None` where that overflows.
    pub(crate) fn bytes(shape: Shape, T: usize, streams: usize) -> Option<usize> {
        let (m, K) = (shape.m(), shape.K());
        let rows = T.checked_add(1)?.checked_mul(streams)?;
        // h, da, and packed h, h before, da; p and packed g; what is one number a step.
        let a_row = 6usize
            .checked_mul(stride(m))?
            .checked_add(2usize.checked_mul(stride(K))?)?
            .checked_add(4)?;
        let once = K.checked_add(m)?.checked_mul(stride(m))?;
        rows.checked_mul(a_row)?
            .checked_add(once)?
            .checked_mul(size_of::<f64>())
    }

    /// The passes over these steps run at `level`.
    pub fn at(self, level: Level) -> Self {
        Unrolled { level, ..self }
    }

    /// Unrolls T steps from now on, at most as many as at first.
    ///
    /// # Panics
    /// Where there are not so many.
    pub fn resize(&mut self, T: usize) {
        let rows = T * self.streams;
        assert!(rows <= self.most_rows, "steps: no room for {T}");
        self.T = T;
        self.inputs.resize(rows, 0);
        self.targets.resize(rows, 0);
        self.columns.slot.resize(rows, 0);
        self.losses.resize(rows, 0.0);
        let Packed {
            h_before, h, g, da, ..
        } = &mut self.packed;
        for panels in [h_before, h, g, da] {
            panels.resize(rows);
        }
    }

    /// What a stream reads, T characters, what is to come after each, and the hidden state that it begins
    /// with.
    ///
    /// # Panics
    /// Where there is no such stream, there are not T of either, an index is K or more, or `h0` is not m
    /// long.
    pub fn begin(&mut self, stream: usize, inputs: &[usize], targets: &[usize], h0: &[f64]) {
        assert!(stream < self.streams, "steps: stream {stream}");
        assert_eq!([inputs.len(), targets.len()], [self.T; 2], "steps: T");
        let K = self.shape.K();
        for (t, (&input, &target)) in inputs.iter().zip(targets).enumerate() {
            assert!(
                input.max(target) < K,
                "character {input} or {target} of {K}"
            );
            self.inputs[t * self.streams + stream] = input;
            self.targets[t * self.streams + stream] = target;
        }
        let at = stream * stride(self.shape.m());
        self.h[at..at + self.shape.m()].copy_from_slice(h0);
    }

    /// The shape of the network.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.T
    }

    /// B.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// The hidden state of a stream after `t` steps, m: h_0 to h_T.
    ///
    /// # Panics
    /// Where there is no such step or stream.
    pub fn h(&self, t: usize, stream: usize) -> &[f64] {
        assert!(t <= self.T && stream < self.streams, "steps: h");
        let at = (t * self.streams + stream) * stride(self.shape.m());
        &self.h[at..at + self.shape.m()]
    }

    /// The probabilities of step `t` of a stream, K, after the forward pass; the backward pass takes the
    /// target from them. Steps are counted from 0 here.
    ///
    /// # Panics
    /// Where there is no such step or stream.
    pub fn p(&self, t: usize, stream: usize) -> &[f64] {
        assert!(t < self.T && stream < self.streams, "steps: p");
        let at = (t * self.streams + stream) * stride(self.shape.K());
        &self.p[at..at + self.shape.K()]
    }

    /// The losses in nats: T of the first stream, then those of the next.
    pub fn losses(&self) -> impl Iterator<Item = f64> {
        let of_stream = |s: usize| self.losses.iter().skip(s).step_by(self.streams);
        (0..self.streams).flat_map(of_stream).copied()
    }

    /// Every character that is read with its dL/da_t, in the order of the sums.
    pub(crate) fn inputs_with_da(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let (m, row) = (self.shape.m(), stride(self.shape.m()));
        (0..self.streams).flat_map(move |s| {
            (0..self.T).map(move |t| {
                let at = t * self.streams + s;
                (self.inputs[at], &self.da[at * row..][..m])
            })
        })
    }

    /// Takes over the hidden states of `other` from h_0 to those after `t` steps.
    pub(crate) fn take_hidden(&mut self, other: &Unrolled, t: usize) {
        let entries = (t + 1) * self.streams * stride(self.shape.m());
        self.h[..entries].copy_from_slice(&other.h[..entries]);
    }

    /// The columns of U that the inputs choose, with b added.
    pub(crate) fn gather_columns(&mut self, U: &[f64], b: &[f64]) {
        let (K, row) = (self.shape.K(), stride(self.shape.m()));
        let InputColumns {
            slot,
            distinct,
            values,
        } = &mut self.columns;
        distinct.clear();
        for (slot, &x) in slot.iter_mut().zip(&self.inputs) {
            let (place, is_new) = distinct.place(x);
            *slot = place;
            if is_new {
                let column = values[place * row..].iter_mut();
                for ((value, U), b) in column.zip(U.chunks_exact(K)).zip(b) {
                    *value = U[x] + b;
                }
            }
        }
    }

    /// Packs what the sums over steps and streams need.
    pub(crate) fn pack(&mut self) {
        let (m, K, B, T) = (self.shape.m(), self.shape.K(), self.streams, self.T);
        let (long, wide) = (stride(m), stride(K));
        for s in 0..B {
            let first = s * T;
            let rows = |values, at: usize, length, row| {
                let values: &[f64] = values;
                Rows::new(&values[at * row..], T, length, B * row)
            };
            self.packed.h_before.pack(first, rows(&self.h, s, m, long));
            self.packed.h.pack(first, rows(&self.h, B + s, m, long));
            self.packed.da.pack(first, rows(&self.da, s, m, long));
            self.packed.g.pack(first, rows(&self.p, s, K, wide));
        }
    }
}
