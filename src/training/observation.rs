//! The losses before an update, and the one list of their fields. loss.csv, reports.jsonl and the lines on standard
//! output print the fields of this list.

use crate::formats::json::Json;
use std::fmt;

/// The losses before an update: n is the number of updates made, and chunk n is the text that update n will read.
///
/// It is displayed as `iter=500 epoch=0 loss=... smooth_loss=...`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// n, the number of updates made.
    pub iteration: u64,
    /// The epoch of chunk n, from 0.
    pub epoch: u64,
    /// The loss of chunk n in nats, before update n. It is the sum or the mean over the characters of the chunk, as
    /// [`Settings::loss`](crate::Settings::loss) says.
    pub loss: f64,
    /// The smooth loss, which includes `loss`: 0.999 times the one before plus 0.001 times `loss`. At n = 0 it is
    /// `loss`. If the loss is a sum, that of a chunk shorter than T is first scaled up to T characters.
    pub smooth_loss: f64,
    /// The loss of the held-out text, in the same unit as `loss`; `None` if it was not computed.
    pub validation_loss: Option<f64>,
    /// The loss of the held-out text in bits per character; `None` if it was not computed.
    pub validation_bits: Option<f64>,
}

impl Observation {
    /// An observation before its fields are [set](Field::set): the losses are NaN.
    pub const UNKNOWN: Observation = Observation {
        iteration: 0,
        epoch: 0,
        loss: f64::NAN,
        smooth_loss: f64::NAN,
        validation_loss: None,
        validation_bits: None,
    };

    /// Whether the validation loss is known; `None` if it is known in one of the two units only.
    pub fn has_validation(&self) -> Option<bool> {
        let known = [self.validation_loss, self.validation_bits].map(|loss| loss.is_some());
        (known[0] == known[1]).then_some(known[0])
    }

    /// All fields, in the order in which they are printed. A new field is a row here.
    pub const FIELDS: [Field; 6] = [
        Field { short: "iter", ..Field::new("iteration", Kind::Count(|it| &mut it.iteration)) },
        Field::new("epoch", Kind::Count(|it| &mut it.epoch)),
        Field::new("loss", Kind::Number(|it| &mut it.loss)),
        Field::new("smooth_loss", Kind::Number(|it| &mut it.smooth_loss)),
        Field::new("validation_loss", Kind::HeldOut(|it| &mut it.validation_loss)),
        Field::new("validation_bits", Kind::HeldOut(|it| &mut it.validation_bits)),
    ];
}

/// Displays all known fields, as in `iter=0 epoch=0 loss=...`.
impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, field) in Observation::FIELDS.iter().enumerate() {
            if let Some(value) = field.value(self) {
                let space = if i == 0 { "" } else { " " };
                write!(f, "{space}{}={value}", field.short)?;
            }
        }
        Ok(())
    }
}

/// A field of an [`Observation`]: its names, and how to print it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in files: a column of loss.csv, a key of reports.jsonl.
    pub name: &'static str,
    /// Its name in lines on standard output.
    pub short: &'static str,
    kind: Kind,
}

/// The kind of a field, and access to it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Count(fn(&mut Observation) -> &mut u64),
    Number(fn(&mut Observation) -> &mut f64),
    /// A number of runs with held-out text, known at some updates only.
    HeldOut(fn(&mut Observation) -> &mut Option<f64>),
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Field { name, short: name, kind }
    }

    /// Whether only runs with held-out text have this field.
    pub fn is_held_out(&self) -> bool {
        matches!(self.kind, Kind::HeldOut(_))
    }

    /// Whether the field is a whole number.
    pub fn is_count(&self) -> bool {
        matches!(self.kind, Kind::Count(_))
    }

    /// The value, as it is printed everywhere: numbers as the shortest decimal that reads back to the same bits. `None`
    /// if it is not known.
    pub fn value(&self, of: &Observation) -> Option<Json> {
        let mut of = *of;
        match self.kind {
            Kind::Count(place) => Some(Json::Whole(*place(&mut of))),
            // A file of a version before the field does not have it.
            Kind::Number(place) => Some(*place(&mut of)).filter(|x| !x.is_nan()).map(Json::Number),
            Kind::HeldOut(place) => place(&mut of).map(Json::Number),
        }
    }

    /// Sets the field to a printed value. Returns false if [`Field::value`] would not print it so, or if it is not
    /// finite.
    pub fn set(&self, of: &mut Observation, printed: &str) -> bool {
        let number = || printed.parse().ok().filter(|x: &f64| x.is_finite());
        let set = match self.kind {
            Kind::Count(place) => printed.parse().map(|value| *place(of) = value).ok(),
            Kind::Number(place) => number().map(|value| *place(of) = value),
            Kind::HeldOut(place) => number().map(|value| *place(of) = Some(value)),
        };
        set.is_some() && (self.value(of)).is_some_and(|value| value.to_string() == printed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_reads_back_what_it_prints() {
        let observation = Observation {
            iteration: u64::MAX,
            epoch: 3,
            loss: 5e-324,
            smooth_loss: 1.0 / 3.0,
            validation_loss: Some(f64::MAX),
            validation_bits: Some(-0.0),
        };
        let mut read = Observation::UNKNOWN;
        for field in Observation::FIELDS {
            let printed = field.value(&observation).unwrap().to_string();
            assert!(field.set(&mut read, &printed), "{}", field.name);
        }
        assert_eq!(read, observation);
        let line = "iter=18446744073709551615 epoch=3 loss=5e-324 smooth_loss=0.3333333333333333 \
                    validation_loss=1.7976931348623157e308 validation_bits=-0.0";
        assert_eq!(read.to_string(), line);
    }

    #[test]
    fn what_no_field_prints_is_refused() {
        let [iteration, _, loss, .., bits] = Observation::FIELDS;
        for (field, wrong) in [
            (iteration, ["", "07", "+7", "7.0", "-1"]),
            (loss, ["", "NaN", "inf", "0.20", "2"]),
            (bits, ["", "NaN", "-inf", "1e0", " 1.0"]),
        ] {
            for printed in wrong {
                let mut read = Observation::UNKNOWN;
                assert!(!field.set(&mut read, printed), "{} {printed:?}", field.name);
            }
        }
        assert_eq!(bits.value(&Observation::UNKNOWN), None);
    }
}
