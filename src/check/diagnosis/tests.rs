//! A right program and its mistakes, written as a student would write them: dense, through
//! [`crate::network::reference`].

use super::inputs::CaseInputs;
use super::subject::{Sizes, Subject};
use super::*;
use crate::check::worked_case::worked_case;
use crate::files::arrays::{self, Form};
use crate::formats::array::{Array, Entries, Kind};
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::reference::{self, Pass, plus, product, transpose};
use crate::text::vocabulary::one_hot;
use crate::{Initialization, Parameters, STORY, Settings, Training};
use std::sync::OnceLock;

/// What stands in the case, and what a student has of it.
struct Lesson {
    known: WorkedCase,
    parameters: Parameters,
    X: Vec<f64>,
    Y: Vec<f64>,
    pass: Pass,
    G: Parameters,
}

/// AdaGrad's, with its usual numbers.
fn rule(clip: f64) -> Rule {
    let settings = Settings { clip, ..Settings::default() };
    settings.rule(1)
}

/// Hidden units, steps, sigma, updates before, and the clip: from the assignment's first update to a trained
/// network.
const STATES: [(usize, usize, f64, u64, f64); 5] = [
    (5, 25, 0.01, 0, 5.0),
    (5, 25, 0.5, 1, 5.0),
    (3, 4, 0.01, 0, 5.0),
    (7, 10, 0.3, 20, 0.1),
    (12, 30, 0.1, 200, 1.0),
];

const NAMED: [&str; 5] = ["dU", "dW", "dV", "db", "dc"];

/// One for each state; made once for all tests.
fn lessons() -> &'static [Lesson] {
    static LESSONS: OnceLock<Vec<Lesson>> = OnceLock::new();
    LESSONS.get_or_init(|| STATES.into_iter().map(lesson).collect())
}

fn lesson(
    (hidden, sequence_length, sigma, updates, clip): (usize, usize, f64, u64, f64),
) -> Lesson {
    let settings = Settings {
        hidden,
        sequence_length,
        initialization: Initialization::Normal { sigma },
        clip,
        seed: updates + 1,
        ..Settings::default()
    };
    let (training, known) = case_after(settings, updates);
    let (inputs, targets) = training.chunk();
    let state = &training.model().state;
    let (rnn, G) = (&state.rnn, &state.optimizer_state[0]);
    let K = rnn.shape().K();
    let (X, Y) = (one_hot(inputs, K).unwrap(), one_hot(targets, K).unwrap());
    Lesson {
        known,
        pass: reference::forward(&rnn.parameters, &X, &Y, training.h0()),
        parameters: rnn.parameters.clone(),
        X,
        Y,
        G: G.clone(),
    }
}

/// The case of the update after some, as it comes back from a file.
fn case_after(settings: Settings, updates: u64) -> (Training, WorkedCase) {
    let mut training = Training::new(STORY, settings).unwrap();
    (0..updates).for_each(|_| _ = training.update().unwrap());
    training.observe().unwrap();
    let (inputs, targets) = training.chunk();
    let model = training.model();
    let case = crate::check::case::Case { inputs, targets, h0: training.h0() };
    let mut file = Vec::new();
    let case = worked_case(model, case).unwrap();
    arrays::write_to(&mut file, Form::Json, model.vocabulary.symbols(), &case).unwrap();
    let known = WorkedCase::from_arrays(arrays::read(&file).unwrap()).unwrap();
    (training, known)
}

impl Lesson {
    fn T(&self) -> usize {
        self.pass.p.len()
    }

    fn m(&self) -> usize {
        self.parameters.shape().m()
    }

    fn K(&self) -> usize {
        self.parameters.shape().K()
    }

    fn row<'a>(&self, matrix: &'a [f64], t: usize) -> &'a [f64] {
        &matrix[t * self.K()..(t + 1) * self.K()]
    }

    fn right(&self) -> [Vec<f64>; 5] {
        reference::backward(&self.parameters, &self.X, &self.Y, &self.pass)
    }

    /// Backpropagation as a student writes it, with a mistake by name.
    fn backward(&self, mistake: &str) -> [Vec<f64>; 5] {
        let (m, K, T) = (self.m(), self.K(), self.T());
        let parts = self.parameters.tensors();
        let (V, W) = (parts.V, parts.W);
        let h = &self.pass.h;
        let [mut dU, mut dW, mut dV, mut db, mut dc] =
            [m * K, m * m, K * m, m, K].map(|length| vec![0.0; length]);
        let mut da_next = vec![0.0; m];
        for t in (0..T).rev() {
            let y = match mistake {
                "targets are inputs" => self.row(&self.X, t),
                _ => self.row(&self.Y, t),
            };
            let g: Vec<f64> = self.pass.p[t].iter().zip(y).map(|(p, y)| p - y).collect();
            let back = match mistake {
                "W as it is" => W.to_vec(),
                _ => transpose(W, m, m),
            };
            let mut dh = product(&transpose(V, K, m), &g, m, K, 1);
            if mistake != "direct term only" {
                dh = plus(&dh, &product(&back, &da_next, m, m, 1));
            }
            let slope_at = match mistake {
                "slope of h_prev" => &h[t],
                _ => &h[t + 1],
            };
            let slope = |h: &f64| match mistake {
                "no slope" => 1.0,
                _ => 1.0 - h * h,
            };
            let da: Vec<f64> = dh.iter().zip(slope_at).map(|(dh, h)| dh * slope(h)).collect();
            let (of_V, of_W) = match mistake {
                "h and h_prev swapped" => (&h[t], &h[t + 1]),
                "h_prev of the last step at the first" if t == 0 => (&h[1], &h[T]),
                _ => (&h[t + 1], &h[t]),
            };
            let x = match mistake {
                "x of the next step" => self.row(&self.Y, t),
                "x of the step before" => self.row(&self.X, (t + T - 1) % T),
                _ => self.row(&self.X, t),
            };
            if mistake == "one step only" {
                for sum in [&mut dU, &mut dW, &mut dV, &mut db, &mut dc] {
                    sum.fill(0.0);
                }
            }
            if !(mistake == "without the first step" && t == 0) {
                dV = plus(&dV, &product(&g, of_V, K, 1, m));
                dc = plus(&dc, &g);
                dW = plus(&dW, &product(&da, of_W, m, 1, m));
                dU = plus(&dU, &product(&da, x, m, 1, K));
                db = plus(&db, &da);
            }
            da_next = da;
        }
        [dU, dW, dV, db, dc]
    }

    /// dL/da_t of every step, T x m: what each adds to the gradient of b.
    fn terms(&self) -> Vec<f64> {
        let (m, K, T) = (self.m(), self.K(), self.T());
        let parts = self.parameters.tensors();
        let mut terms = vec![0.0; T * m];
        let mut da = vec![0.0; m];
        for t in (0..T).rev() {
            let y = self.row(&self.Y, t);
            let g: Vec<f64> = self.pass.p[t].iter().zip(y).map(|(p, y)| p - y).collect();
            let dh = plus(
                &product(&transpose(parts.V, K, m), &g, m, K, 1),
                &product(&transpose(parts.W, m, m), &da, m, m, 1),
            );
            let slopes = self.pass.h[t + 1].iter().map(|h| 1.0 - h * h);
            da = dh.iter().zip(slopes).map(|(dh, slope)| dh * slope).collect();
            terms[t * m..(t + 1) * m].copy_from_slice(&da);
        }
        terms
    }

    /// What is found in an array of this shape.
    fn finding(&self, name: &str, shape: &[usize], values: Vec<f64>) -> Finding {
        let mine = Array::new(name, Kind::F64, shape, values);
        self.known.compare(&mine)
    }

    fn shape(&self, name: &str) -> Vec<usize> {
        let (m, K) = (self.m(), self.K());
        match name {
            "dU" => vec![m, K],
            "dW" => vec![m, m],
            "dV" => vec![K, m],
            "db" => vec![m],
            _ => vec![K],
        }
    }

    /// The reason for a gradient of the right shape; none where it is right.
    fn reason(&self, name: &str, values: Vec<f64>) -> Option<Reason> {
        reason_of(self.finding(name, &self.shape(name), values))
    }

    /// The same for all five.
    fn reasons(&self, gradient: [Vec<f64>; 5]) -> Vec<Option<Reason>> {
        let parts = ["dU", "dW", "dV", "db", "dc"].into_iter().zip(gradient);
        parts.map(|(name, values)| self.reason(name, values)).collect()
    }
}

/// The first reason; none for an array that is right, in whatever dress.
fn reason_of(finding: Finding) -> Option<Reason> {
    match finding {
        Finding::Right(_) => None,
        Finding::Wrong(wrong) => Some(wrong.causes[0].reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_right_program_is_right_in_everything() {
    for lesson in lessons() {
        assert_eq!(lesson.reasons(lesson.right()), [None; 5]);
        assert_eq!(lesson.reasons(lesson.backward("")), [None; 5]);
        let (T, m, K) = (lesson.T(), lesson.m(), lesson.K());
        let Pass { h, p, loss, .. } = &lesson.pass;
        for (name, shape, values) in [
            ("h", vec![T, m], h[1..].concat()),
            ("p", vec![T, K], p.concat()),
            ("loss", vec![], vec![*loss]),
            ("loss", vec![1, 1], vec![*loss]),
            ("h0", vec![m, 1], h[0].clone()),
        ] {
            assert_eq!(lesson.finding(name, &shape, values), Finding::Right(vec![]), "{name}");
        }
        // Columns and rows are vectors; single precision is right within its digits.
        let [.., db, _] = lesson.right();
        assert_eq!(lesson.finding("db", &[m, 1], db.clone()), Finding::Right(vec![]));
        assert_eq!(lesson.finding("db", &[1, m], db.clone()), Finding::Right(vec![]));
        let single: Vec<f64> = db.iter().map(|&x| f64::from(x as f32)).collect();
        assert_ne!(lesson.finding("db", &[m], single.clone()), Finding::Right(vec![]));
        let single = Array::new("db", Kind::F32, [m], single);
        assert_eq!(lesson.known.compare(&single), Finding::Right(vec![]));
    }
}

/// Every mistake in a backward pass, with the reason that each gradient shows: `-` where it is still right.
#[test]
fn every_mistake_of_a_backward_pass_is_told() {
    for (mistake, reasons) in [
        ("direct term only", "DD-D-"),
        ("h and h_prev swapped", "-hh--"),
        ("slope of h_prev", "hh-h-"),
        ("no slope", "ss-s-"),
        ("W as it is", "WW-W-"),
        ("targets are inputs", "ooooo"),
        ("x of the next step", "o----"),
        ("x of the step before", "o----"),
        ("without the first step", "ooooo"),
        ("one step only", "111bb"),
    ] {
        let mut shown = 0;
        for (state, lesson) in STATES.iter().zip(lessons()) {
            let right = lesson.right();
            let found = lesson.reasons(lesson.backward(mistake));
            let wrong = lesson.backward(mistake);
            for (i, (found, expected)) in found.into_iter().zip(reasons.chars()).enumerate() {
                let expected = match expected {
                    'D' => Some(Reason::DirectTermOnly),
                    'h' => Some(Reason::Swapped),
                    's' => Some(Reason::Slope),
                    'W' => Some(Reason::UntransposedW),
                    'o' => Some(Reason::OffByOne),
                    '1' => Some(Reason::OneStep),
                    'b' => Some(Reason::Bias),
                    _ => None,
                };
                // Some do not show everywhere: with h0 = 0 the first step has no part in dW.
                let expected = expected.filter(|_| {
                    let differences = wrong[i].iter().zip(&right[i]);
                    differences.into_iter().any(|(x, y)| (x - y).abs() > 1e-12)
                });
                // In dW alone the first step is h0's.
                let is_of_h0 = found == Some(Reason::NoH0) && mistake == "without the first step";
                let is_told = found == expected || (is_of_h0 && i == 1);
                assert!(is_told, "{mistake} in {state:?}: {found:?} for {expected:?}");
                shown += usize::from(found.is_some());
            }
            // What an update makes of it is told as well.
            let [dU, ..] = lesson.backward(mistake);
            if lesson.m() <= 5 && lesson.reason("dU", dU.clone()).is_some() {
                let mut theta = lesson.parameters.tensors().U.to_vec();
                let mut G = [lesson.G.tensors().U.to_vec()];
                let clip = state.4;
                reference::update(&rule(clip), &mut theta, &mut G, &dU);
                let shape = [lesson.m(), lesson.K()];
                let expected = lesson.reason("dU", dU);
                let found = reason_of(lesson.finding("U_after", &shape, theta));
                assert!(found == expected || found.is_none(), "{mistake} in {state:?}: {found:?}");
            }
        }
        let expected = reasons.chars().filter(|&reason| reason != '-').count();
        assert!(shown >= (STATES.len() - 1) * expected, "{mistake}: {shown}");
    }
}

#[test]
fn wrong_hidden_states_of_the_first_step_are_told() {
    // It shows where h0 is not 0.
    let begun = |lesson: &&Lesson| lesson.pass.h[0].iter().any(|&h| h != 0.0);
    for lesson in lessons().iter().filter(begun) {
        let found = lesson.reasons(lesson.backward("h_prev of the last step at the first"));
        assert_eq!(found, [None, Some(Reason::OffByOne), None, None, None]);
    }
}

#[test]
fn signs_means_and_clipping_are_told() {
    for (state, lesson) in STATES.iter().zip(lessons()) {
        let right = lesson.right();
        let all =
            |f: &dyn Fn(f64) -> f64| right.each_ref().map(|g| g.iter().map(|&g| f(g)).collect());
        assert_eq!(lesson.reasons(all(&|g| -g)), [Some(Reason::Sign); 5]);
        let T = lesson.T() as f64;
        assert_eq!(lesson.reasons(all(&|g| g / T)), [Some(Reason::Mean); 5]);
        let clip = state.4;
        let names = ["dU", "dW", "dV", "db", "dc"];
        let clipped = all(&|g| g.clamp(-clip, clip));
        for ((name, clipped), g) in names.into_iter().zip(clipped).zip(&right) {
            let shows = g.iter().any(|g| g.abs() > clip);
            let dress = if shows { vec![Dress::Clipped(clip)] } else { vec![] };
            let found = lesson.finding(name, &lesson.shape(name), clipped);
            assert_eq!(found, Finding::Right(dress), "{state:?}");
        }
        let squares = |g: &[f64]| -> f64 { g.iter().map(|g| g * g).sum() };
        let norm = right.iter().map(|g| squares(g)).sum::<f64>().sqrt();
        let by_norm = all(&|g| g * (clip / norm).min(1.0));
        for (name, clipped) in names.into_iter().zip(by_norm) {
            match lesson.finding(name, &lesson.shape(name), clipped) {
                Finding::Right(dress) if norm > clip => {
                    let is_norm = matches!(dress[..], [Dress::ClippedNorm(n)] if (n / clip - 1.0).abs() < 1e-6);
                    assert!(is_norm, "{dress:?}");
                }
                found => assert_eq!((found, norm > clip), (Finding::Right(vec![]), false)),
            }
        }

        let not_clipped = |i: usize, name: &str, part: &[f64], sums: &[f64], shape: &[usize]| {
            let (mut theta, mut G) = (part.to_vec(), [sums.to_vec()]);
            reference::update(&rule(1e300), &mut theta, &mut G, &right[i]);
            let [G] = G;
            let found = reason_of(lesson.finding(&format!("G_{name}_after"), shape, G));
            let shows = right[i].iter().any(|g| g.abs() > clip);
            assert_eq!(found, shows.then_some(Reason::NotClipped), "{state:?} {name}");
            let up: Vec<f64> = part.iter().zip(&theta).map(|(old, new)| 2.0 * old - new).collect();
            if !shows {
                let found = reason_of(lesson.finding(&format!("{name}_after"), shape, up));
                assert_eq!(found, Some(Reason::Sign));
            }
        };
        for (i, (part, sums)) in lesson.parameters.named().zip(lesson.G.named()).enumerate() {
            let shape = lesson.shape(&format!("d{}", part.name));
            not_clipped(i, part.name, part.values, sums.values, &shape);
        }
    }
}

#[test]
fn transposed_arrays_are_told() {
    for lesson in lessons() {
        let (m, K, T) = (lesson.m(), lesson.K(), lesson.T());
        let [dU, dW, dV, ..] = lesson.right();
        let turned = transpose(&dW, m, m);
        assert_eq!(lesson.reason("dW", turned), Some(Reason::Transposed));
        for (name, values, [n, k]) in [("dU", &dU, [m, K]), ("dV", &dV, [K, m])] {
            let turned = transpose(values, n, k);
            let by_values = lesson.reason(name, turned.clone());
            assert_eq!(by_values, Some(Reason::Transposed), "{name}");
            let by_shape = lesson.finding(name, &[k, n], turned);
            assert_eq!(by_shape, Finding::Right(vec![Dress::Transposed]));
        }
        let h = lesson.pass.h[1..].concat();
        let finding = lesson.finding("h", &[m, T], transpose(&h, T, m));
        if m == T {
            // Nothing says that it lies on its side.
            assert_eq!(reason_of(finding), Some(Reason::Transposed));
        } else {
            assert_eq!(finding, Finding::Right(vec![Dress::Transposed]));
        }
    }
}

#[test]
fn biases_summed_wrongly_are_told() {
    for lesson in lessons() {
        let (m, K, T) = (lesson.m(), lesson.K(), lesson.T());
        let g: Vec<f64> = (0..T)
            .flat_map(|t| {
                let y = lesson.row(&lesson.Y, t);
                let g = lesson.pass.p[t].iter().zip(y).map(|(p, y)| p - y);
                g.collect::<Vec<f64>>()
            })
            .collect();
        for t in 0..T {
            let one = lesson.row(&g, t).to_vec();
            assert_eq!(lesson.reason("dc", one), Some(Reason::Bias), "step {t} of {T}");
        }
        assert_eq!(lesson.reason("dc", vec![0.0; K]), Some(Reason::Bias));
        assert_eq!(lesson.reason("db", vec![0.0; m]), Some(Reason::Bias));
        let [.., db, _] = lesson.right();
        let all: f64 = db.iter().sum();
        assert_eq!(lesson.reason("db", vec![all; m]), Some(Reason::Bias));
        // Not summed, over the wrong axis, over both.
        let per_step: Vec<f64> = g.chunks(K).map(|row| row.iter().sum()).collect();
        let da = lesson.terms();
        let da_per_step: Vec<f64> = da.chunks(m).map(|row| row.iter().sum()).collect();
        let shapes = [
            ("db", vec![T, m], da.clone()),
            ("db", vec![T, 1], da_per_step),
            ("dc", vec![T, K], g.clone()),
            ("dc", vec![K, T], transpose(&g, T, K)),
            ("dc", vec![T], per_step.clone()),
            ("dc", vec![1, T], per_step),
            ("dc", vec![], vec![g.iter().sum()]),
            ("db", vec![1], vec![all]),
            ("db", vec![], vec![all / m as f64]),
        ];
        for (name, shape, values) in shapes {
            match lesson.finding(name, &shape, values) {
                Finding::WrongShape { cause, .. } => {
                    let reason = cause.map(|cause| cause.reason);
                    assert_eq!(reason, Some(Reason::Bias), "{name} {shape:?}");
                }
                // As many steps as units.
                Finding::Wrong(wrong) => assert_eq!(wrong.causes[0].reason, Reason::Bias, "{name}"),
                other => panic!("{name} {shape:?}: {other:?}"),
            }
        }
        let strange = lesson.finding("db", &[2, 3, 1], vec![1.0; 6]);
        let expected = Finding::WrongShape { cause: None, found: vec![2, 3, 1], need: vec![m] };
        assert_eq!(strange, expected);
    }
}

#[test]
fn mistakes_of_a_forward_pass_are_told() {
    for (state, lesson) in STATES.iter().zip(lessons()) {
        let (m, T) = (lesson.m(), lesson.T());
        let forward = |change: &dyn Fn(&mut Parameters), h0: &[f64]| {
            let mut parameters = lesson.parameters.clone();
            change(&mut parameters);
            reference::forward(&parameters, &lesson.X, &lesson.Y, h0)
        };
        let h0 = &lesson.pass.h[0];
        let zero = vec![0.0; m];
        let turn = |parameters: &mut Parameters| {
            let turned = transpose(parameters.tensors().W, m, m);
            parameters.tensors_mut().W.copy_from_slice(&turned);
        };
        let has_b = state.3 > 0;
        for (pass, expected, shows) in [
            (forward(&|p| p.tensors_mut().W.fill(0.0), h0), Reason::DirectTermOnly, true),
            (forward(&|p| p.tensors_mut().b.fill(0.0), h0), Reason::Bias, has_b),
            (forward(&turn, h0), Reason::UntransposedW, true),
            (forward(&|_| (), &zero), Reason::NoH0, has_b),
        ] {
            for (name, shape, values) in [
                ("h", vec![T, m], pass.h[1..].concat()),
                ("p", vec![T, lesson.K()], pass.p.concat()),
                ("loss", vec![], vec![pass.loss]),
            ] {
                let found = reason_of(lesson.finding(name, &shape, values));
                // A loss may not show what a state does.
                let is_told =
                    found == shows.then_some(expected) || (found.is_none() && name != "h");
                assert!(is_told, "{name} in {state:?}: {found:?} for {expected:?}");
            }
        }
        let no_c = forward(&|p| p.tensors_mut().c.fill(0.0), h0);
        let found = reason_of(lesson.finding("p", &[T, lesson.K()], no_c.p.concat()));
        assert_eq!(found, has_b.then_some(Reason::Bias));
        // States from h0 on instead of from h_1; all of them; one too few.
        let h = &lesson.pass.h;
        let shifted = lesson.finding("h", &[T, m], h[..T].concat());
        assert_eq!(reason_of(shifted), Some(Reason::OffByOne));
        let next = [&h[2..], &[vec![0.0; m]]].concat().concat();
        let shifted = lesson.finding("h", &[T, m], next);
        assert_eq!(reason_of(shifted), Some(Reason::OffByOne));
        for (rows, values) in [(T + 1, h.concat()), (T - 1, h[1..T].concat())] {
            for turned in [false, true] {
                let (shape, values) = if turned {
                    ([m, rows], transpose(&values, rows, m))
                } else {
                    ([rows, m], values.clone())
                };
                match lesson.finding("h", &shape, values) {
                    Finding::WrongShape { cause, .. } => {
                        let reason = cause.map(|cause| cause.reason);
                        assert_eq!(reason, Some(Reason::OffByOne), "{shape:?}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        let loss = lesson.pass.loss;
        let reason = |loss| reason_of(lesson.finding("loss", &[], vec![loss]));
        assert_eq!(reason(loss / T as f64), Some(Reason::Mean));
        assert_eq!(reason(-loss), Some(Reason::Sign));
        assert_eq!(reason(loss / std::f64::consts::LN_2), Some(Reason::Bits));
        assert_eq!(reason(loss + 0.1), Some(Reason::Unknown));
    }
}

#[test]
fn isolated_entries_are_told_with_their_place() {
    for lesson in &lessons()[..2] {
        for (i, name) in ["dU", "dW", "dV", "db", "dc"].into_iter().enumerate() {
            let right = lesson.right().into_iter().nth(i).unwrap();
            let shape = lesson.shape(name);
            let largest = right.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
            let at = (0..right.len()).rev().find(|&at| right[at] != 0.0).unwrap();
            for off in [1e-6 * largest, -3.0, f64::NAN, f64::INFINITY] {
                let mut spoiled = right.clone();
                spoiled[at] += off;
                let finding = lesson.finding(name, &shape, spoiled);
                let Finding::Wrong(Wrong { causes, place, difference, .. }) = finding else {
                    panic!("{name}: {finding:?}");
                };
                let reason = causes[0].reason;
                assert_eq!(reason, Reason::Entry, "{name}");
                let expected = match shape[..] {
                    [_, columns] => vec![at / columns, at % columns],
                    _ => vec![at],
                };
                assert_eq!(place, expected, "{name}");
                let same = if off.is_finite() {
                    (difference - off.abs()).abs() < 1e-6 * off.abs()
                } else {
                    difference.to_bits() == off.to_bits()
                };
                assert!(same, "{difference} {off}");
            }
            // Everywhere off, and by no rule.
            if lesson.m() > 5 {
                continue;
            }
            let spoiled = right.iter().enumerate();
            let spoiled = spoiled.map(|(i, g)| g + largest * 0.01 * (i % 7 + 1) as f64);
            assert_eq!(lesson.reason(name, spoiled.collect()), Some(Reason::Unknown), "{name}");
        }
    }
}

#[test]
fn two_mistakes_are_both_told() {
    let all = ["direct term only", "h and h_prev swapped", "no slope", "x of the next step"];
    for lesson in &lessons()[1..2] {
        for mistake in all {
            let single = lesson.reasons(lesson.backward(mistake));
            let both = lesson.backward(mistake).map(|g| g.iter().map(|g| -g).collect::<Vec<f64>>());
            for ((name, values), single) in NAMED.into_iter().zip(both).zip(single) {
                let Finding::Wrong(wrong) = lesson.finding(name, &lesson.shape(name), values)
                else {
                    panic!("{mistake}: {name}");
                };
                let mut reasons: Vec<Reason> = wrong.causes.iter().map(|one| one.reason).collect();
                reasons.sort_by(|x, y| x.partial_cmp(y).unwrap());
                let expected: Vec<Reason> =
                    [Some(Reason::Sign), single].into_iter().flatten().collect();
                assert_eq!(reasons, expected, "{mistake}: {name}");
            }
        }
    }
}

/// The derivatives of c by quotients of the loss with a step, as a student takes them.
fn quotients(lesson: &Lesson, up: f64, down: f64) -> Vec<f64> {
    let loss = |k: usize, by: f64| {
        let mut parameters = lesson.parameters.clone();
        parameters.tensors_mut().c[k] += by;
        reference::forward(&parameters, &lesson.X, &lesson.Y, &lesson.pass.h[0]).loss
    };
    (0..lesson.K()).map(|k| (loss(k, up) - loss(k, -down)) / (up + down)).collect()
}

#[test]
fn numerical_gradients_are_right_within_what_their_step_explains() {
    for lesson in &lessons()[1..2] {
        let shape = [lesson.K()];
        let found = |values| lesson.finding("dc_numerical", &shape, values);
        for step in [1e-3, 3e-4, 1e-5] {
            assert_eq!(found(quotients(lesson, step, step)), Finding::Right(vec![]), "{step}");
            for values in [quotients(lesson, step, 0.0), quotients(lesson, 0.0, step)] {
                let wrong = values.iter().map(|x| 1.002 * x).collect();
                assert!(!found(wrong).is_right(), "{step}");
                let entry = values.iter().enumerate();
                let entry = entry.map(|(k, x)| if k == 3 { x + 0.01 } else { *x }).collect();
                assert!(!found(entry).is_right(), "{step}");
                match found(values) {
                    Finding::Right(dress) => match dress[..] {
                        [] => {}
                        [Dress::OneSided(told)] => {
                            assert!((told / step - 1.0).abs() < 0.01, "{told}")
                        }
                        _ => panic!("{dress:?}"),
                    },
                    other => panic!("{step}: {other:?}"),
                }
            }
        }
        // With a large step it shows.
        let told = found(quotients(lesson, 1e-2, 0.0));
        assert!(matches!(&told, Finding::Right(dress) if dress.len() == 1), "{told:?}");
    }
}

/// Rounded to fewer digits an array is right, and a mistake that is larger than the rounding is not.
#[test]
fn fewer_digits_are_told_and_hide_no_mistake() {
    for lesson in &lessons()[1..3] {
        for (name, right) in NAMED.into_iter().zip(lesson.right()) {
            let single: Vec<f64> = right.iter().map(|&x| f64::from(x as f32)).collect();
            let shape = lesson.shape(name);
            let found = |values: Vec<f64>| lesson.finding(name, &shape, values);
            let dress = vec![Dress::Precision("float32")];
            assert_eq!(found(single.clone()), Finding::Right(dress), "{name}");
            let off: Vec<f64> = single.iter().map(|x| 1.01 * x).collect();
            let largest = single.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            let factor = match reason_of(found(off)) {
                Some(Reason::Factor(factor)) => factor,
                other => panic!("{name}: {other:?}"),
            };
            assert!((factor - 1.01).abs() < 1e-6, "{name}: {factor}");
            // One entry that is off by as little is no rounding.
            let mut entry = right.clone();
            entry[1] += 3e-7 * largest;
            assert_eq!(reason_of(found(entry)), Some(Reason::Entry), "{name}");
        }
    }
}

/// A mistake that hardly shows in the case explains no difference that is larger.
#[test]
fn what_is_about_as_near_to_what_is_right_is_not_explained() {
    let sizes = Sizes { T: 2, m: 2, K: 2, divisor: 1.0, clip: 5.0, eta: 0.1 };
    let is = |mine: f64| {
        let (mine, right) = ([mine, 0.5], [1.0, 0.5]);
        let subject = Subject::new(("db", &[2]), (&mine, &right, &[]), 1e-8, sizes);
        subject.is(|i| [1.0 + 1e-8, 0.5][i])
    };
    assert!(is(1.0 + 1e-8) && is(1.0 + 1.2e-8));
    assert!(!is(1.0 + 1.9e-8) && !is(1.0 + 2.1e-8));
}

/// Of no entries, and of infinite ones.
#[test]
fn strange_arrays_of_a_case_are_compared_as_well() {
    let lesson = &lessons()[0];
    let array = |shape: &[usize], numbers: Vec<f64>| Array::new("x", Kind::F64, shape, numbers);
    let found = |right: &Array<'static>, mine: &Array| {
        let mut arrays = lesson.known.arrays.clone();
        arrays.push(right.clone());
        WorkedCase::from_arrays(arrays).unwrap().compare(mine)
    };
    let empty = array(&[lesson.T(), 0], vec![]);
    assert_eq!(found(&empty, &empty), Finding::Right(vec![]));
    let other = Finding::WrongShape { cause: None, found: vec![5, 0], need: vec![lesson.T(), 0] };
    assert_eq!(found(&empty, &array(&[5, 0], vec![])), other);

    let infinite = array(&[2], vec![f64::INFINITY, 1.0]);
    assert_eq!(found(&infinite, &infinite), Finding::Right(vec![]));
    for mine in [[f64::INFINITY, 1.1], [1.0, 1.0], [f64::NEG_INFINITY, 1.0]] {
        let finding = found(&infinite, &array(&[2], mine.to_vec()));
        assert!(reason_of(finding).is_some(), "{mine:?}");
    }
}

#[test]
fn other_arrays_are_no_case() {
    let all = lessons()[0].known.arrays.clone();
    let told = |change: &dyn Fn(&mut Vec<Array>)| {
        let mut arrays = all.clone();
        change(&mut arrays);
        WorkedCase::from_arrays(arrays).unwrap_err().to_string()
    };
    let at = |name: &str| all.iter().position(|array| array.name == name).unwrap();
    let start = "not a case of elman check --write-case: ";
    for name in ["U", "c", "inputs", "h0", "h", "p", "G_V", "eta"] {
        let message = told(&|arrays| _ = arrays.remove(at(name)));
        assert_eq!(message, format!("{start}{name} is missing"));
    }
    let message = told(&|arrays| arrays[at("W")].shape = vec![25]);
    assert_eq!(message, format!("{start}W has the shape (25,)"));
    let message = told(&|arrays| arrays[at("p")].shape = vec![3]);
    assert_eq!(message, format!("{start}p has the shape (3,)"));
    // What others are computed from has to have its shape.
    for name in ["a", "losses", "da", "dV", "db_numerical", "G_U_after", "c_after"] {
        let message = told(&|arrays| {
            arrays[at(name)] = Array::new(name, Kind::F64, [2, 3], vec![0.0; 6]);
        });
        assert_eq!(message, format!("{start}{name} has the shape (2, 3)"));
    }
    let message = told(&|arrays| {
        let inputs = &mut arrays[at("inputs")];
        let mut numbers = inputs.numbers().unwrap().into_owned();
        numbers[3] = 70.0;
        inputs.entries = Entries::Numbers(numbers.into());
    });
    assert_eq!(message, format!("{start}inputs holds other numbers"));
    let message = told(&|arrays| arrays[at("U")].kind = Kind::Other);
    assert_eq!(message, format!("{start}U holds other numbers"));
    assert!(told(&|arrays| arrays.clear()).ends_with("U is missing"));

    let lesson = &lessons()[0];
    let unknown = lesson.finding("grad", &[1], vec![0.0]);
    assert_eq!(unknown, Finding::NoSuchArray);
    let strings = lesson
        .known
        .compare(&Array { type_name: "<U3".into(), ..Array::new("dU", Kind::Other, [2], vec![]) });
    let type_name = "<U3".to_string();
    assert_eq!(strings, Finding::NoNumbers { type_name });
}

/// The newer edition's, with few units.
fn adam_edition() -> Settings {
    Settings { hidden: 5, ..Settings::adam_edition() }
}

fn numbers_of<'a>(known: &'a WorkedCase, name: &str) -> &'a [f64] {
    let array = known.arrays.iter().find(|array| array.name == name);
    match &array.unwrap().entries {
        Entries::Numbers(numbers) => numbers,
        other => panic!("{other:?}"),
    }
}

/// What is found in an array of the case's shape.
fn finding_for(known: &WorkedCase, name: &str, values: Vec<f64>) -> Finding {
    let right = known.arrays.iter().find(|array| array.name == name).unwrap().clone();
    known.compare(&Array { entries: Entries::Numbers(values.into()), ..right })
}

fn reason_for(known: &WorkedCase, name: &str, values: Vec<f64>) -> Option<Reason> {
    reason_of(finding_for(known, name, values))
}

#[test]
fn a_case_names_its_optimizer_and_former_cases_are_read_without_the_name() {
    let rmsprop = Optimizer::RmsProp { beta2: 0.95 };
    for optimizer in [Optimizer::AdaGrad, Optimizer::ADAM, rmsprop] {
        let (_, known) = case_after(Settings { optimizer, ..adam_edition() }, 1);
        let mut arrays = known.arrays;
        let found =
            |arrays: &[Array]| CaseInputs::from_arrays(arrays).map(|case| case.rule.optimizer);
        assert_eq!(found(&arrays).unwrap(), optimizer);
        let place = arrays.iter().position(|array| array.name == "optimizer").unwrap();
        arrays[place] = Array::of_characters("optimizer", Kind::Text, "sgd".chars());
        assert!(found(&arrays).unwrap_err().to_string().ends_with(": no optimizer is \"sgd\""));
        arrays.remove(place);
        assert_eq!(found(&arrays).unwrap(), optimizer);
    }
}

#[test]
fn a_mean_where_the_sum_is_made_is_told_and_the_other_way_round() {
    for updates in [0, 1, 30] {
        let (_, known) = case_after(adam_edition(), updates);
        for name in ["dU", "dW", "dV", "db", "dc", "loss"] {
            let by = |factor: f64| {
                let right = numbers_of(&known, name).iter();
                reason_for(&known, name, right.map(|x| factor * x).collect())
            };
            assert_eq!(by(1.0), None);
            assert_eq!(by(25.0), Some(Reason::Sum), "{name}");
            assert_eq!(by(1.0 / 25.0), Some(Reason::Mean), "{name}");
            assert_eq!(by(-1.0), Some(Reason::Sign), "{name}");
        }
        // No bound is the case's; somebody's own shows.
        let largest = |name: &str| {
            let right = numbers_of(&known, name).iter();
            right.fold(0.0, |largest: f64, x| largest.max(x.abs()))
        };
        for name in ["dU", "dV", "dc"] {
            let bound = largest(name) / 4.0;
            let right = numbers_of(&known, name).iter();
            let clipped = right.map(|x| x.clamp(-bound, bound)).collect();
            let found = finding_for(&known, name, clipped);
            assert_eq!(found, Finding::Right(vec![Dress::Clipped(bound)]), "{name}");
        }
    }
}

/// Adam's step as a student writes it, with what can be wrong about it.
#[derive(Clone, Copy)]
struct Student {
    betas: [f64; 2],
    t: i32,
    corrects: [bool; 2],
    epsilon_inside: bool,
    sign: f64,
    remembers: f64,
}

impl Student {
    /// m, v and theta after the update.
    fn after(&self, [theta, m, v, g]: [f64; 4]) -> [f64; 3] {
        let [beta1, beta2] = self.betas;
        let m = beta1 * self.remembers * m + (1.0 - beta1) * g;
        let v = beta2 * self.remembers * v + (1.0 - beta2) * (g * g);
        let corrected = |average: f64, which: usize| {
            if self.corrects[which] {
                average / (1.0 - (0..self.t).map(|_| self.betas[which]).product::<f64>())
            } else {
                average
            }
        };
        let (m_hat, v_hat) = (corrected(m, 0), corrected(v, 1));
        let root = if self.epsilon_inside { (v_hat + 1e-8).sqrt() } else { v_hat.sqrt() + 1e-8 };
        [m, v, theta - self.sign * 0.001 * m_hat / root]
    }
}

/// With the reason that m, v and theta show; a dash where one is still right.
#[test]
fn every_mistake_of_adams_step_is_told() {
    for updates in [0, 1, 7] {
        let (_, known) = case_after(adam_edition(), updates);
        let right = Student {
            betas: [0.9, 0.999],
            t: updates as i32 + 1,
            corrects: [true; 2],
            epsilon_inside: false,
            sign: 1.0,
            remembers: 1.0,
        };
        let (early, late) = (right.t - 1, right.t + 1);
        let uncorrected = |corrects| Student { corrects, ..right };
        let none = Student { remembers: 0.0, ..right };
        let from_zeros = if updates == 0 { None } else { Some(Reason::NoMemory) };
        let correction = Some(Reason::BiasCorrection);
        let swapped = Student { betas: [0.999, 0.9], ..right };
        let betas = Some(Reason::Betas);
        for (student, expected) in [
            (right, [None; 3]),
            (Student { sign: -1.0, ..right }, [None, None, Some(Reason::Sign)]),
            (uncorrected([false, false]), [None, None, correction]),
            (uncorrected([false, true]), [None, None, correction]),
            (uncorrected([true, false]), [None, None, correction]),
            (Student { epsilon_inside: true, ..right }, [None, None, Some(Reason::EpsilonInside)]),
            // Corrected averages of one gradient are that gradient, whatever the betas.
            (swapped, [betas, betas, betas.filter(|_| updates > 0)]),
            (Student { t: early, ..right }, [None, None, Some(Reason::UpdateNumber)]),
            (Student { t: late, ..right }, [None, None, Some(Reason::UpdateNumber)]),
            (none, [from_zeros; 3]),
            (Student { t: 1, ..none }, [from_zeros; 3]),
        ] {
            for name in ["U", "W", "V", "b", "c"] {
                let [theta, m, v, g] = ["", "m_", "v_", "d"]
                    .map(|letter| numbers_of(&known, &format!("{letter}{name}")));
                let entry = |i: usize| student.after([theta[i], m[i], v[i], g[i]]);
                let after: Vec<[f64; 3]> = (0..g.len()).map(entry).collect();
                let found = ["m_", "v_", ""].into_iter().enumerate().map(|(k, letter)| {
                    let values = after.iter().map(|numbers| numbers[k]).collect();
                    reason_for(&known, &format!("{letter}{name}_after"), values)
                });
                let found: Vec<Option<Reason>> = found.collect();
                assert_eq!(found, expected, "{name} after {updates} updates");
            }
        }
    }
}

/// Of the step alone: in the first update some are the same numbers, and the first of the reasons is told.
#[test]
fn steps_of_other_optimizers_are_told() {
    let reasons = |settings: Settings, updates, made: &dyn Fn(f64, f64, f64) -> f64| {
        let (_, known) = case_after(settings, updates);
        let squares = if settings.optimizer == Optimizer::AdaGrad { "G_V" } else { "v_V" };
        let [theta, squares, g] = ["V", squares, "dV"].map(|name| numbers_of(&known, name));
        let after = (0..g.len()).map(|i| made(theta[i], squares[i], g[i])).collect();
        reason_for(&known, "V_after", after)
    };
    let adagrad = |theta: f64, G: f64, g: f64| theta - 0.001 * g / (G + g * g + 1e-8).sqrt();
    let rmsprop = |theta: f64, v: f64, g: f64| {
        theta - 0.001 * g / ((0.999 * v + 0.001 * g * g).sqrt() + 1e-8)
    };
    let plain = |theta: f64, _: f64, g: f64| theta - 0.001 * g;
    let other = Some(Reason::OtherOptimizer);
    for (made, first) in [
        (&adagrad as &dyn Fn(f64, f64, f64) -> f64, Some(Reason::EpsilonInside)),
        (&rmsprop, Some(Reason::BiasCorrection)),
        (&plain, other),
    ] {
        assert_eq!(reasons(adam_edition(), 3, made), other);
        assert_eq!(reasons(adam_edition(), 0, made), first);
    }
    let rmsprop_case =
        Settings { optimizer: Optimizer::RmsProp { beta2: 0.999 }, ..adam_edition() };
    assert_eq!(reasons(rmsprop_case, 3, &rmsprop), None);
    assert_eq!(reasons(rmsprop_case, 3, &adagrad), other);
    let adagrad_case = Settings { optimizer: Optimizer::AdaGrad, ..adam_edition() };
    assert_eq!(reasons(adagrad_case, 3, &adagrad), None);
    let outside = |theta: f64, G: f64, g: f64| theta - 0.001 * g / ((G + g * g).sqrt() + 1e-8);
    assert_eq!(reasons(adagrad_case, 3, &outside), Some(Reason::EpsilonOutside));
}

#[test]
fn other_arrays_are_no_case_of_the_newer_edition() {
    let (_, known) = case_after(adam_edition(), 1);
    for (name, values, message) in [
        ("m_W", None, "m_W is missing"),
        ("beta2", None, "beta2 is missing"),
        ("t", None, "t is missing"),
        ("t", Some(vec![0.0]), "t holds other numbers"),
        ("t", Some(vec![1.5]), "t holds other numbers"),
        ("divisor", Some(vec![1.0, 2.0]), "divisor has the shape ()"),
    ] {
        let mut arrays = known.arrays.clone();
        match values {
            None => arrays.retain(|array| array.name != name),
            Some(values) => {
                let array = arrays.iter_mut().find(|array| array.name == name);
                array.unwrap().entries = Entries::Numbers(values.into());
            }
        }
        let told = WorkedCase::from_arrays(arrays).unwrap_err().to_string();
        assert!(told.ends_with(message), "{told}");
    }
}
