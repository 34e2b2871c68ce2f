//! `elman check`: every gradient against numerical derivatives.

use super::arguments::{Arguments, Choice, HELP};
use super::failure::Failure;
use super::files::read_text;
use super::output::print;
use super::settings::{
    BYTES, CLIP, DOCUMENTS, EPSILON, HIDDEN, LEARNING_RATE, SEED, SEQUENCE_LENGTH, SIGMA, refused,
    settings, symbols,
};
use elman::gradient_check::{self, Case, Comparison, ROUNDING, Row, TOLERANCE};
use elman::json::quote;
use elman::{ShapeError, Training};

/// Weights or gradients above this are too large for the numerical derivative.
const WILD: f64 = 1e9;
const RESERVATION: &str = "differences of doubles cannot tell with weights or gradients above";

/// The help's words.
pub const DETAILS: &str = "\
Compares the analytic gradient of U, W, V, b and c with differences of the loss
over one chunk of TEXT (without it a built-in story; - is standard input), entry
by entry, none left out. Exit status 1 where an entry is wrong: its relative error
above 1e-6 and its absolute error above 1e-9.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman check",
    "elman check book.txt --hidden 100 --iterations 1000",
];

/// Nothing else.
pub const MORE: &str = "";

/// Its options.
pub const CHOICES: &[Choice] = &[
    HIDDEN.or("5"),
    SEQUENCE_LENGTH,
    BYTES.seldom(),
    DOCUMENTS.seldom(),
    Choice::new("iterations", "N", "updates to train before the check").or("0"),
    LEARNING_RATE.seldom(),
    SIGMA.seldom(),
    CLIP.seldom(),
    EPSILON.seldom(),
    SEED,
    Choice::switch("json", "print the result for programs"),
    HELP,
];

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = settings(arguments)?;
    let iterations: u64 = arguments.count("iterations")?;
    let (text, corpus) = read_text(arguments.first(), symbols(arguments), &settings, false)?;
    let fail = |error| refused(error, &text, settings);
    let mut training = Training::begin(corpus, settings).map_err(fail)?;
    for _ in 0..iterations {
        training.update().map_err(fail)?;
    }
    training.look().map_err(fail)?;
    let (inputs, targets) = training.chunk();
    let case = Case {
        inputs,
        targets,
        h0: training.h0(),
    };
    let rnn = &training.model().state.rnn;
    let fail = |error: ShapeError| fail(error.into());
    let comparison = gradient_check::check(rnn, case).map_err(fail)?;
    let weights = rnn.parameters.values().iter().map(|theta| theta.abs());
    let gradients = comparison.rows.iter().map(|row| row.largest_entry);
    let wild = weights.chain(gradients).any(|x| x.is_nan() || x > WILD);
    let printed = match arguments.has("json") {
        true => print(&json(&comparison)),
        false => print(&table(&comparison, wild)),
    };
    outcome(&comparison, printed)
}

/// How the check ends: whether somebody read the table changes nothing about what it says.
fn outcome(comparison: &Comparison, printed: Result<(), Failure>) -> Result<(), Failure> {
    match (wrong(comparison), printed) {
        (Some(wrong), Ok(()) | Err(Failure::Closed)) => {
            Err(Failure::at("gradient check failed", wrong))
        }
        (_, printed) => printed,
    }
}

/// What is wrong, where something is.
fn wrong(comparison: &Comparison) -> Option<String> {
    let wrong: Vec<String> = (comparison.rows.iter())
        .filter(|row| row.wrong > 0)
        .map(|row| {
            let Row {
                name,
                wrong,
                absolute,
                ..
            } = row;
            let place = place(row, absolute.row, absolute.column);
            format!(
                "{name} has {wrong} wrong of {}, the largest at {place}",
                row.entries()
            )
        })
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

fn place(row: &Row, r: usize, column: usize) -> String {
    match row.columns {
        1 => format!("{r}"),
        _ => format!("{r}, {column}"),
    }
}

fn table(comparison: &Comparison, wild: bool) -> String {
    let mut table = format!(
        "{:<10}{:<12}{:<16}{:<16}{:<18}{:<18}{}\n{:<10}{:<12}{:<16}{:<16}{:<18}{:<18}{}\n",
        "",
        "",
        "largest",
        "largest",
        "absolute error",
        "relative error",
        "largest absolute",
        "parameter",
        "shape",
        "absolute error",
        "relative error",
        format!("> {TOLERANCE:e}"),
        format!("> {TOLERANCE:e}"),
        "error at",
    );
    for row in &comparison.rows {
        let count = |n: usize| format!("{n} ({:.2} %)", 100.0 * n as f64 / row.entries() as f64);
        table += &format!(
            "{:<10}{:<12}{:<16}{:<16}{:<18}{:<18}{}\n",
            row.name,
            format!("{} x {}", row.rows, row.columns),
            format!("{:.2e}", row.absolute.error),
            format!("{:.2e}", row.relative.error),
            count(row.absolute_over),
            count(row.relative_over),
            place(row, row.absolute.row, row.absolute.column),
        );
    }
    let entries: usize = comparison.rows.iter().map(Row::entries).sum();
    let wrong: usize = comparison.rows.iter().map(|row| row.wrong).sum();
    let verdict = match comparison.passed() {
        true => "passed",
        false => "failed",
    };
    let reservation = match wild && !comparison.passed() {
        true => format!("; {RESERVATION} {WILD:e}"),
        false => String::new(),
    };
    table
        + &format!(
            "{verdict}: {wrong} of {entries} entries have a relative error above {TOLERANCE:e} and an \
         absolute error above {ROUNDING:e}{reservation}\n"
        )
}

fn json(comparison: &Comparison) -> String {
    // JSON has no NaN and no infinity.
    let number = |x: f64| {
        if x.is_finite() {
            format!("{x:?}")
        } else {
            "null".into()
        }
    };
    let parameters: Vec<String> = (comparison.rows.iter())
        .map(|row| {
            let (a, r) = (row.absolute, row.relative);
            format!(
                "{{\"name\":{},\"rows\":{},\"cols\":{},\"max_abs_error\":{},\"max_rel_error\":{},\
                 \"abs_over_tolerance\":{},\"rel_over_tolerance\":{},\"wrong\":{},\
                 \"max_abs_at\":[{},{}],\"max_rel_at\":[{},{}]}}",
                quote(row.name),
                row.rows,
                row.columns,
                number(a.error),
                number(r.error),
                row.absolute_over,
                row.relative_over,
                row.wrong,
                a.row,
                a.column,
                r.row,
                r.column,
            )
        })
        .collect();
    format!(
        "{{\"passed\":{},\"parameters\":[{}]}}\n",
        comparison.passed(),
        parameters.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::gradient_check::compare;
    use elman::{Parameters, Shape};

    #[test]
    fn the_verdict_counts_whether_or_not_it_is_read() {
        let right = Parameters::zeros(Shape::new(3, 2).unwrap()).unwrap();
        let mut off = right.clone();
        off.values_mut()[1] = 0.5;
        let (passed, failed) = (compare(&right, &right), compare(&off, &right));
        let told = || {
            Failure::at(
                "gradient check failed",
                "U has 1 wrong of 6, the largest at 0, 1",
            )
        };
        let full = || Failure::Failed("standard output: full".into());
        for (comparison, printed, expected) in [
            (&passed, Ok(()), Ok(())),
            (&passed, Err(Failure::Closed), Err(Failure::Closed)),
            (&passed, Err(full()), Err(full())),
            (&failed, Ok(()), Err(told())),
            (&failed, Err(Failure::Closed), Err(told())),
            (&failed, Err(full()), Err(full())),
        ] {
            assert_eq!(outcome(comparison, printed), expected);
        }
    }
}
