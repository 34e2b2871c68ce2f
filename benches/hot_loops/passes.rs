//! What an update consists of, whole updates, synthesis and the gradient check.

use crate::kernels::RULE;
use crate::measure;
use crate::shared::{K, SIZES, T, text};
use criterion::Criterion;
use elman::check::Case;
use elman::check::check_gradients;
use elman::inference::{Sampling, Synthesizer};
use elman::internals::columns::ColumnSums;
use elman::internals::gradient::{GradientSums, RowBlock};
use elman::internals::update::{AdaGrad, UpdateParameters};
use elman::random::{Generator, Stream};
use elman::{Level, Parameters, Rnn, Settings, Shape, Training, Unrolled, Vocabulary};
use std::hint::black_box;
use std::slice;

/// The first characters of the text, as indices: T inputs, and the T targets from the second on.
pub fn characters() -> Vec<usize> {
    let text = text();
    let all = Vocabulary::of(&text).encode(&text);
    all.expect("its own characters")[..=T].to_vec()
}

pub fn network(m: usize, sigma: f64) -> Rnn {
    let shape = Shape::new(m, K).expect("a small shape");
    Rnn::random(shape, sigma, 1).expect("memory")
}

/// A network and the steps of one update of it, after both passes.
fn update(m: usize) -> (Rnn, Unrolled) {
    let (rnn, text) = (network(m, 0.01), characters());
    let steps = Unrolled::new(rnn.shape(), T, 1).expect("memory");
    let mut steps = steps.at(Level::widest());
    steps.begin(0, &text[..T], &text[1..], &vec![0.0; m]);
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
    let mut group = criterion.benchmark_group("sums_with_adagrad");
    for m in SIZES {
        let (mut rnn, steps) = update(m);
        let shape = rnn.shape();
        let mut G = Parameters::zeros(shape).expect("memory");
        let update = AdaGrad::of(&RULE);
        let mut columns = ColumnSums::new(shape, T).expect("memory");
        measure(&mut group, "m", m, T * (m * m + K * m), || {
            let (theta, G) = (rnn.parameters.tensors_mut(), G.tensors_mut());
            Level::widest().run(GradientSums {
                groups: slice::from_ref(black_box(&steps)),
                block: RowBlock::all(shape),
                sinks: UpdateParameters::sinks(update, RULE.clip, theta, [G]),
                columns: &mut columns,
            });
        });
    }
    group.finish();
}

fn training(m: usize, batch_size: usize, level: Level) -> Training {
    let settings = Settings { hidden: m, batch_size, ..Settings::default() };
    let training = Training::new(&text(), settings).expect("a good text");
    training.on(level, 1).expect("memory")
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
        let rnn = network(m, 0.1);
        let synthesizer = Synthesizer::new(&rnn, &vec![0.0; m], Sampling::default());
        let mut synthesizer = synthesizer.at(Level::widest());
        let mut generator = Generator::new(1, Stream::Passage);
        let mut x = 0;
        measure(&mut group, "m", m, 1, || {
            x = synthesizer.next(x, &mut generator);
        });
    }
    group.finish();
}

/// The finite differences of every entry, in the report's own setting.
pub fn gradient_check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gradient_check");
    group.sample_size(10);
    let (rnn, text) = (network(5, 0.01), characters());
    let case = Case { inputs: &text[..T], targets: &text[1..], h0: &[0.0; 5] };
    measure(&mut group, "m", 5, rnn.shape().entries(), || {
        black_box(check_gradients(black_box(&rnn), case).expect("memory"));
    });
    group.finish();
}
