//! Losses and updates against the definition: what a loss and a gradient are divided by, for batches and for chunks that
//! are shorter than T, and how updates are counted.

use super::*;
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::reference;
use crate::settings::Initialization;
use crate::text::vocabulary::one_hot;
use std::f64::consts::LN_2;

const TEXT: &str = "the ferry crosses at nine, and the bell rings twice; at ten it rings again. ";

/// Decay rates that differ from the defaults.
const ADAM: Optimizer = Optimizer::Adam { beta1: 0.8, beta2: 0.97 };

fn settings() -> Settings {
    Settings {
        hidden: 6,
        sequence_length: 8,
        epsilon: 1e-2,
        initialization: Initialization::Normal { sigma: 0.3 },
        ..Settings::default()
    }
}

/// Sum and mean, AdaGrad and Adam, with a clip that has an effect and without one.
fn variants(settings: Settings) -> Vec<Settings> {
    let mut all = Vec::new();
    for loss in [Loss::Sum, Loss::Mean] {
        for optimizer in [Optimizer::AdaGrad, ADAM] {
            for clip in [0.05, f64::INFINITY] {
                all.push(Settings { loss, optimizer, clip, ..settings });
            }
        }
    }
    all
}

/// The loss of a chunk of every sequence, and the parameters and the state after the update.
struct Defined {
    loss: f64,
    theta: Vec<f64>,
    memory: Vec<f64>,
    h: Vec<f64>,
}

/// Every sequence alone, then the sums over the sequences, divided by the batch size, and for a mean by the number of
/// steps.
fn defined(model: &Model, chunks: &[&[usize]], h0: &[Vec<f64>]) -> Defined {
    let Settings { optimizer, learning_rate: eta, epsilon, clip, .. } = model.settings;
    let (parameters, K) = (&model.state.rnn.parameters, model.vocabulary.len());
    let (B, T) = (chunks.len() as f64, chunks[0].len() - 1);
    let (mut loss, mut h) = (0.0, Vec::new());
    let mut gradient = vec![0.0; parameters.values().len()];
    for (chunk, h0) in chunks.iter().zip(h0) {
        let (X, Y) = (one_hot(&chunk[..T], K).unwrap(), one_hot(&chunk[1..], K).unwrap());
        let pass = reference::forward(parameters, &X, &Y, h0);
        let of_sequence = reference::backward(parameters, &X, &Y, &pass).concat();
        gradient = reference::plus(&gradient, &of_sequence);
        loss += pass.loss;
        h.extend_from_slice(&pass.h[T]);
    }
    let divisor = match model.settings.loss {
        Loss::Sum => B,
        Loss::Mean => B * T as f64,
    };
    gradient.iter_mut().for_each(|g| *g /= divisor);
    let mut theta = parameters.values().to_vec();
    let memory = model.state.optimizer_state.iter();
    let mut memory: Vec<Vec<f64>> = memory.map(|part| part.values().to_vec()).collect();
    // Updates are counted from 1, over all epochs.
    let rule = Rule { optimizer, eta, epsilon, clip, t: model.state.updates + 1 };
    reference::update(&rule, &mut theta, &mut memory, &gradient);
    Defined { loss: loss / divisor, theta, memory: memory.concat(), h }
}

#[track_caller]
fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (x, y) in found.iter().zip(expected) {
        assert!((x - y).abs() <= 1e-12 * (0.1 + y.abs()), "{x}, not {y}");
    }
}

/// Makes the next update, and compares its results with the definition.
#[track_caller]
fn check_update(training: &mut Training, defined: &Defined) -> Observation {
    let seen = training.update().unwrap();
    close(&[seen.loss], &[defined.loss]);
    let State { rnn, optimizer_state, h, .. } = &training.model().state;
    close(rnn.parameters.values(), &defined.theta);
    let memory: Vec<&[f64]> = optimizer_state.iter().map(|part| part.values()).collect();
    close(&memory.concat(), &defined.memory);
    close(h, &defined.h);
    seen
}

/// Over three epochs and more, with batch sizes that are no power of two.
#[test]
fn an_update_of_a_batch_is_divided_by_its_size() {
    let text = TEXT.repeat(3);
    for (B, usual) in [3, 5, 7]
        .into_iter()
        .flat_map(|B| variants(settings()).into_iter().map(move |usual| (B, usual)))
    {
        let mut training = Training::new(&text, Settings { batch_size: B, ..usual }).unwrap();
        let indices = training.model().vocabulary.encode(&text).unwrap();
        let (T, m, part) = (8, 6, indices.len() / B);
        let (mut position, mut epochs, mut smooth) = (0, 0, None);
        for n in 0..30 {
            let mut h0: Vec<Vec<f64>> =
                training.model().state.h.chunks(m).map(<[f64]>::to_vec).collect();
            if part - position < T + 1 {
                (position, epochs) = (0, epochs + 1);
                h0.fill(vec![0.0; m]);
            }
            let chunks: Vec<&[usize]> =
                (0..B).map(|s| &indices[s * part + position..][..T + 1]).collect();
            let defined = defined(training.model(), &chunks, &h0);
            let seen = check_update(&mut training, &defined);
            let mean = defined.loss;
            smooth = Some(smooth.map_or(mean, |smooth: f64| 0.999 * smooth + 0.001 * mean));
            close(&[seen.smooth_loss], &smooth.map_or([0.0], |smooth| [smooth]));
            assert_eq!([seen.iteration, seen.epoch], [n, epochs]);
            position += T;
        }
        assert!(epochs >= 3);
    }
}

/// The first document is shorter than T, and so are the ends of others.
const DOCUMENTS: &str = "bo\nanna\n\nchristopher\ny\n";
const CHUNKS: [&str; 7] = ["\nbo\n", "\nanna", "a\n", "\nchri", "istop", "pher\n", "\ny\n"];

/// A mean is over the characters of the chunk. A sum over fewer than T characters counts as T in the smooth loss.
#[test]
fn an_update_of_a_short_chunk_is_divided_by_its_own_length() {
    for usual in variants(Settings { sequence_length: 4, documents: true, ..settings() }) {
        let mut training = Training::new(DOCUMENTS, usual).unwrap();
        assert_eq!(training.updates_per_epoch(), 7);
        let mut smooth = None;
        for n in 0..21 {
            let chunk = CHUNKS[n % 7];
            let indices = training.model().vocabulary.encode(chunk).unwrap();
            let starts = chunk.starts_with('\n');
            let h0 = if starts { vec![0.0; 6] } else { training.model().state.h.clone() };
            let defined = defined(training.model(), &[&indices], &[h0]);
            let seen = check_update(&mut training, &defined);
            let whole = match usual.loss {
                Loss::Sum => defined.loss / (indices.len() - 1) as f64 * 4.0,
                Loss::Mean => defined.loss,
            };
            let expected = smooth.map_or(whole, |smooth: f64| 0.999 * smooth + 0.001 * whole);
            close(&[seen.smooth_loss], &[expected]);
            smooth = Some(expected);
        }
    }
}

/// Nats in all, every part from h = 0, and the characters that are predicted.
fn nats(model: &Model, parts: &[&str]) -> (f64, usize) {
    let K = model.vocabulary.len();
    parts.iter().fold((0.0, 0), |(nats, count), part| {
        let indices = model.vocabulary.encode(part).unwrap();
        let steps = indices.len() - 1;
        let (X, Y) = (one_hot(&indices[..steps], K).unwrap(), one_hot(&indices[1..], K).unwrap());
        let h0 = vec![0.0; model.settings.hidden];
        (nats + reference::forward(&model.state.rnn.parameters, &X, &Y, &h0).loss, count + steps)
    })
}

/// For a sum over T characters the loss is nats over T, for a mean nats over one. Documents begin at h = 0, and so does
/// the first chunk of a text.
#[test]
fn a_validation_loss_has_the_unit_of_the_loss() {
    let text = TEXT.repeat(3);
    // 228 characters, floor(0.4 * 228) = 91 of them held out.
    let end = &text[228 - 91..];
    for (loss, T, unit) in [(Loss::Sum, 4, 4.0), (Loss::Mean, 4, 1.0), (Loss::Mean, 7, 1.0)] {
        let usual = Settings { sequence_length: T, loss, ..settings() };
        let documents = Settings { documents: true, validation: 0.7, ..usual };
        let of_text = Settings { validation: 0.4, ..usual };
        let held_out = ["\nchristopher\n", "\ny\n"];
        for (read, usual, updates, parts) in
            [(DOCUMENTS, documents, 20, &held_out[..]), (&text, of_text, 0, &[end])]
        {
            let mut training = Training::new(read, usual).unwrap();
            (0..updates).for_each(|_| _ = training.update().unwrap());
            let (nats, count) = nats(training.model(), parts);
            let nats = nats / count as f64;
            let found = training.validate().unwrap();
            close(&[found.nats, found.loss, found.bits], &[nats, nats * unit, nats / LN_2]);
            let seen = training.observe().unwrap();
            assert_eq!(seen.validation_loss, Some(found.loss));
            assert_eq!(seen.validation_bits, Some(found.bits));
            training.update().unwrap();
            assert_eq!(training.best_validation(), Some(found));
        }
    }
}
