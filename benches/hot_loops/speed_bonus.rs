//! What one-hot vectors cost: an update by the equations as they stand, and U x in three ways. The fast path's rows
//! are `training_step` and `training_step_batch_16`.

use crate::measure;
use crate::shared::updates::RULE;
use crate::shared::{K, T, indices, network};
use criterion::Criterion;
use elman::network::reference::{backward, forward, product, transpose, update};
use elman::text::one_hot;
use std::hint::black_box;
use std::slice;

const M: usize = 100;

pub fn speed_bonus(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("speed_bonus");
    let (text, mut rnn) = (indices(), network(M, 0.01));
    let (X, Y) = (one_hot(&text[..T], K).unwrap(), one_hot(&text[1..=T], K).unwrap());

    let mut G = vec![0.0; rnn.shape().entries()];
    measure(&mut group, "update, one-hot", M, T, || {
        let pass = forward(&rnn.parameters, black_box(&X), &Y, &[0.0; M]);
        let gradient = backward(&rnn.parameters, &X, &Y, &pass).concat();
        update(&RULE, rnn.parameters.values_mut(), slice::from_mut(&mut G), &gradient);
    });

    let U = rnn.parameters.tensors().U;
    measure(&mut group, "U x, one-hot, step by step", M, T * K * M, || {
        for x in black_box(&X).chunks(K) {
            black_box(product(U, x, M, K, 1));
        }
    });
    measure(&mut group, "U x, one-hot, all steps at once", M, T * K * M, || {
        black_box(product(U, &transpose(black_box(&X), T, K), M, K, T));
    });
    let mut column = [0.0; M];
    measure(&mut group, "U x, indexed", M, T * M, || {
        for &x in black_box(&text[..T]) {
            for (i, entry) in column.iter_mut().enumerate() {
                *entry = U[i * K + x];
            }
            black_box(&column);
        }
    });
    group.finish();
}
