//! The network against numbers of an independent NumPy program: `fixtures/recorded_numbers.py`.

#![allow(non_snake_case)]

use elman::model::{Model, Settings};
use elman::text::Vocabulary;
use elman::{Parameters, Rnn, Shape, Training, Unrolled};
use std::collections::HashMap;

/// Largest difference that counts as equal, as a share of a tensor's largest entry.
const TOLERANCE: f64 = 1e-10;

/// The numbers of one file, by name.
struct Recorded(HashMap<String, Vec<f64>>);

impl Recorded {
    /// Entries of `name rows columns` and as many lines of as many numbers.
    fn read(file: &str) -> Self {
        let mut lines = file.lines().filter(|line| !line.starts_with('#'));
        let mut entries = HashMap::new();
        while let Some(head) = lines.next() {
            let words: Vec<&str> = head.split(' ').collect();
            let [name, rows, columns] = words[..] else {
                panic!("no entry: {head}");
            };
            let (rows, columns): (usize, usize) = (rows.parse().unwrap(), columns.parse().unwrap());
            let numbers: Vec<f64> = (&mut lines)
                .take(rows)
                .flat_map(|line| line.split(' ').map(|number| number.parse().unwrap()))
                .collect();
            assert_eq!(numbers.len(), rows * columns, "{name}");
            entries.insert(name.to_string(), numbers);
        }
        Recorded(entries)
    }

    fn get(&self, name: &str) -> &[f64] {
        self.0
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not recorded"))
    }

    fn one(&self, name: &str) -> f64 {
        self.get(name)[0]
    }

    fn text(&self) -> String {
        let code_points = self.get("text").iter();
        code_points
            .map(|&code| char::from_u32(code as u32).unwrap())
            .collect()
    }

    /// U, W, V, b and c under a prefix: as parameters.
    fn parameters(&self, shape: Shape, prefix: &str) -> Parameters {
        let mut parameters = Parameters::zeros(shape).unwrap();
        let all = ["U", "W", "V", "b", "c"].map(|name| self.get(&format!("{prefix}{name}")));
        parameters.values_mut().copy_from_slice(&all.concat());
        parameters
    }

    fn assert_close(&self, name: &str, ours: &[f64]) {
        let recorded = self.get(name);
        assert_eq!(ours.len(), recorded.len(), "{name}");
        let largest = recorded
            .iter()
            .fold(0.0, |largest: f64, x| largest.max(x.abs()));
        for (i, (x, y)) in ours.iter().zip(recorded).enumerate() {
            assert!(
                (x - y).abs() <= TOLERANCE * largest,
                "{name}[{i}]: {x} instead of {y}"
            );
        }
    }

    fn assert_all_close(&self, prefix: &str, ours: &Parameters) {
        for part in ours.named() {
            self.assert_close(&format!("{prefix}{}", part.name), part.values);
        }
    }
}

/// A case: the numbers, and what they are of.
struct Case {
    recorded: Recorded,
    text: Vec<usize>,
    shape: Shape,
    T: usize,
}

fn cases() -> Vec<Case> {
    [
        include_str!("../fixtures/recorded/m5.txt"),
        include_str!("../fixtures/recorded/m33.txt"),
        include_str!("../fixtures/recorded/clipped.txt"),
        include_str!("../fixtures/recorded/short.txt"),
    ]
    .map(|file| {
        let recorded = Recorded::read(file);
        let text = recorded.text();
        let vocabulary = Vocabulary::of(&text);
        Case {
            shape: Shape::new(recorded.get("b").len(), vocabulary.len()).unwrap(),
            text: vocabulary.encode(&text).unwrap(),
            T: recorded.one("sequence_length") as usize,
            recorded,
        }
    })
    .into()
}

#[test]
fn forward_loss_and_gradients_are_as_recorded() {
    for Case {
        recorded,
        text,
        shape,
        T,
    } in cases()
    {
        let rnn = Rnn {
            parameters: recorded.parameters(shape, ""),
        };
        let mut steps = Unrolled::new(shape, T, 1).unwrap();
        steps.begin(0, &text[..T], &text[1..=T], recorded.get("h0"));
        let loss = rnn.forward(&mut steps);
        recorded.assert_close("loss", &[loss]);
        let h: Vec<&[f64]> = (1..=T).map(|t| steps.h(t, 0)).collect();
        recorded.assert_close("h", &h.concat());
        let p: Vec<&[f64]> = (0..T).map(|t| steps.p(t, 0)).collect();
        recorded.assert_close("p", &p.concat());
        let mut gradient = Parameters::zeros(shape).unwrap();
        rnn.backward(&mut steps, &mut gradient).unwrap();
        recorded.assert_all_close("d", &gradient);
    }
}

#[test]
fn one_adagrad_update_of_the_recorded_gradient_is_as_recorded() {
    for Case {
        recorded, shape, ..
    } in cases()
    {
        let mut theta = recorded.parameters(shape, "");
        let gradient = recorded.parameters(shape, "d");
        let mut G = [Parameters::zeros(shape).unwrap()];
        let rule = Settings::default().rule(1);
        rule.update(&mut theta, &mut G, &gradient);
        recorded.assert_all_close("after_1.", &theta);
        recorded.assert_all_close("after_1.adagrad.", &G[0]);
    }
}

/// A run that starts from the recorded weights and hidden state.
fn start(case: &Case, eta: f64) -> Training {
    let recorded = &case.recorded;
    let settings = Settings {
        hidden: case.shape.m(),
        sequence_length: case.T,
        learning_rate: eta,
        ..Settings::default()
    };
    let text = recorded.text();
    let mut model: Model = Training::new(&text, settings).unwrap().model().clone();
    model.state.rnn.parameters = recorded.parameters(case.shape, "");
    model.state.h.copy_from_slice(recorded.get("h0"));
    Training::resume(&text, model.clone(), model).unwrap()
}

#[test]
fn training_is_as_recorded_after_1_5_and_100_updates() {
    for case in cases() {
        for updates in [1, 5, 100] {
            let prefix = format!("after_{updates}.");
            let recorded = &case.recorded;
            assert_eq!(
                recorded.one(&format!("{prefix}updates")),
                f64::from(updates)
            );
            let mut training = start(&case, recorded.one(&format!("{prefix}eta")));
            for _ in 0..updates {
                training.update().unwrap();
            }
            let state = &training.model().state;
            recorded.assert_all_close(&prefix, &state.rnn.parameters);
            recorded.assert_all_close(&format!("{prefix}adagrad."), &state.memory[0]);
            recorded.assert_close(&format!("{prefix}h"), &state.h);
            let smooth_loss = state.smooth_loss.unwrap();
            recorded.assert_close(&format!("{prefix}smooth_loss"), &[smooth_loss]);
        }
    }
}
