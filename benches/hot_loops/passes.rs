//! What an update consists of, whole updates, synthesis and the gradient check.

use crate::measure;
use crate::shared::updates::Sums;
use crate::shared::{K, SIZES, T, indices, network, training};
use criterion::Criterion;
use elman::check::Case;
use elman::check::check_gradients;
use elman::inference::Writer;
use elman::internals::parameters::Tensor;

use elman::{Level, Model, Rnn, Unrolled, Vocabulary};
use std::hint::black_box;

/// A network and the steps of one update of it, after both passes.
fn update(m: usize) -> (Rnn, Unrolled) {
    let (rnn, text) = (network(m, 0.01), indices());
    let mut steps = Unrolled::new(rnn.shape(), T, 1).expect("memory");
    steps.begin(0, &text[..T], &text[1..=T], &vec![0.0; m]).unwrap();
    rnn.forward(&mut steps);
    rnn.propagate(&mut steps);
    (rnn, steps)
}

pub fn forward(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward");
    for m in SIZES {
        let (rnn, mut steps) = update(m);
        measure(&mut group, "m", m, T * (m * m + K * m), || {
            black_box(rnn.forward(black_box(&mut steps)));
        });
    }
    group.finish();
}

pub fn propagate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("propagate");
    for m in SIZES {
        let (rnn, mut steps) = update(m);
        // g loses 1 each time, which changes the numbers and not the work.
        measure(&mut group, "m", m, (T - 1) * m * m + T * K * m, || {
            rnn.propagate(black_box(&mut steps));
        });
    }
    group.finish();
}

/// The sums over all steps, which update the parameters.
pub fn sums(criterion: &mut Criterion) {
    use Tensor::{U, V, W, b, c};
    let mut group = criterion.benchmark_group("sums_with_adagrad");
    for m in SIZES {
        let (mut rnn, steps) = update(m);
        let mut sums = Sums::new(rnn.shape(), 1);
        measure(&mut group, "m", m, T * (m * m + K * m), || {
            sums.update(&mut rnn.parameters, black_box(&steps), &[U, W, V, b, c]);
        });
    }
    group.finish();
}

/// The whole update, as the program makes it, at every level: what the wider one gains shows.
pub fn training_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training_step");
    for level in Level::available() {
        for m in SIZES {
            let mut training = training(m, 1, level);
            measure(&mut group, level.name(), m, T, || {
                training.update().expect("a finite loss");
            });
        }
    }
    group.finish();
}

/// The whole update with a batch size of 16.
pub fn batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training_step_batch_16");
    for level in Level::available() {
        for m in [100, 512] {
            let mut training = training(m, 16, level);
            measure(&mut group, level.name(), m, 16 * T, || {
                training.update().expect("a finite loss");
            });
        }
    }
    group.finish();
}

pub fn synthesis(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("synthesis");
    for m in SIZES {
        let vocabulary = Vocabulary::of(&(' '..).take(K).collect::<String>());
        let model = Model::from_parameters(vocabulary, network(m, 0.1).parameters).unwrap();
        let mut writer = Writer::new(model).unwrap();
        measure(&mut group, "m", m, 1, || _ = writer.next_index());
    }
    group.finish();
}

/// The finite differences of every entry, in the report's own setting.
pub fn gradient_check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gradient_check");
    group.sample_size(10);
    let (rnn, text) = (network(5, 0.01), indices());
    let case = Case { inputs: &text[..T], targets: &text[1..=T], h0: &[0.0; 5] };
    measure(&mut group, "m", 5, rnn.shape().entries(), || {
        black_box(check_gradients(black_box(&rnn), case).expect("memory"));
    });
    group.finish();
}
