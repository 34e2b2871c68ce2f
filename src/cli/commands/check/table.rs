//! The result of a gradient check, as a table and as JSON.

use super::subject::Subject;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::terminal::output::print_findings;
use crate::cli::terminal::verdict::{self, word};
use elman::check::{Comparison, TensorComparison, Verdict, check_gradients};
use elman::internals::gradient_check::TOLERANCE;
use elman::internals::json::{Json, object};

struct Checked {
    position: u64,
    is_own: bool,
    comparison: Comparison,
}

pub fn check(arguments: &Arguments, subject: &Subject) -> Result<(), Failure> {
    let rnn = &subject.model.state().rnn;
    let checked = subject.places.iter().map(|place| {
        let comparison = check_gradients(rnn, place.case());
        let comparison = comparison.map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Checked { position: place.position, is_own: place.is_own, comparison })
    });
    let checked = checked.collect::<Result<Vec<_>, Failure>>()?;
    let all = Comparison::of_all(checked.iter().map(|checked| &checked.comparison));
    let all = all.expect("a subject has a place");
    let write = if arguments.has("json") { json } else { table };
    print_findings(&write(&all, &checked, subject.is_trained), problem(&checked))
}

/// The failure at the place with the worst verdict.
fn problem(checked: &[Checked]) -> Option<Failure> {
    let worst = checked.iter().max_by_key(|checked| checked.comparison.verdict())?;
    let at = match checked.len() {
        1 => String::new(),
        _ => format!(" at character {}", worst.position),
    };
    verdict::problem(&worst.comparison, &at)
}

fn table(all: &Comparison, checked: &[Checked], is_trained: bool) -> String {
    let line = |cells: [&str; 8]| {
        let [name, shape, absolute, relative, estimate, over, relative_over, rounding] = cells;
        let line = format!(
            "{name:<3}{shape:<13}{absolute:<10}{relative:<10}{estimate:<11}{over:<10}{relative_over:<10}{rounding}"
        );
        line.trim_end().to_string() + "\n"
    };
    let tolerance = format!("> {TOLERANCE:e}");
    let mut table =
        line(["", "", "largest", "largest", "largest", "absolute", "relative", "rounding"]);
    table += &line(["", "shape", "absolute", "relative", "estimate", "error", "error", "alone"]);
    table += &line(["", "", "error", "error", "of error", &tolerance, &tolerance, ""]);
    for row in &all.rows {
        table += &line([
            row.name,
            &format!("{} x {}", row.rows, row.columns),
            &format!("{:.2e}", row.absolute.error),
            &format!("{:.2e}", row.relative.error),
            &format!("{:.2e}", row.estimate),
            &row.absolute_over.to_string(),
            &row.relative_over.to_string(),
            &row.within_rounding.to_string(),
        ]);
    }
    if is_trained {
        let places: Vec<String> = checked.iter().map(position).collect();
        table += &format!("at character {}\n", places.join(", "));
    }
    table + &last_line(all, checked.len())
}

/// A place, with its verdict unless it passed.
fn position(checked: &Checked) -> String {
    let own = if checked.is_own { " (the model's own)" } else { "" };
    match checked.comparison.verdict() {
        Verdict::Passed => format!("{}{own}", checked.position),
        verdict => format!("{}{own}: {}", checked.position, word(verdict)),
    }
}

/// The verdict, on one line or two.
fn last_line(all: &Comparison, places: usize) -> String {
    let sum = |count: fn(&TensorComparison) -> usize| -> usize { all.rows.iter().map(count).sum() };
    let entries = sum(TensorComparison::entries) * places;
    let (wrong, undecided) = (sum(|row| row.wrong), sum(|row| row.undecided));
    let rounding = sum(|row| row.within_rounding);
    let mut line = format!("{}: {wrong} of {entries} entries are wrong", word(all.verdict()));
    if rounding > 0 {
        line += &format!(", {rounding} differ by rounding alone");
    }
    if undecided > 0 {
        line += &format!(
            ",\n{undecided} cannot be decided: with these weights rounding changes the loss too much"
        );
    }
    line + "\n"
}

fn json(all: &Comparison, checked: &[Checked], is_trained: bool) -> String {
    let mut json = members(all);
    if is_trained {
        let positions = checked.iter().map(|checked| {
            let place = [("position", checked.position.into()), ("own", checked.is_own.into())];
            object(place.into_iter().chain(members(&checked.comparison)))
        });
        json.push(("positions", Json::Array(positions.collect())));
    }
    format!("{}\n", object(json))
}

fn members(comparison: &Comparison) -> Vec<(&'static str, Json)> {
    let parameters = comparison.rows.iter().map(|row| {
        let (a, r) = (row.absolute, row.relative);
        object([
            ("name", row.name.into()),
            ("rows", row.rows.into()),
            ("cols", row.columns.into()),
            ("max_abs_error", a.error.into()),
            ("max_rel_error", r.error.into()),
            ("abs_over_tolerance", row.absolute_over.into()),
            ("rel_over_tolerance", row.relative_over.into()),
            ("wrong", row.wrong.into()),
            ("max_abs_at", vec![a.row, a.column].into()),
            ("max_rel_at", vec![r.row, r.column].into()),
            ("max_estimate", row.estimate.into()),
            ("within_rounding", row.within_rounding.into()),
            ("undecided", row.undecided.into()),
        ])
    });
    vec![
        ("passed", comparison.passed().into()),
        ("verdict", word(comparison.verdict()).into()),
        ("parameters", Json::Array(parameters.collect())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::check::Numerical;
    use elman::check::compare;
    use elman::{Parameters, Shape};

    fn checked(position: u64, off: f64, estimate: f64) -> Checked {
        let right = Parameters::zeros(Shape::new(3, 2).unwrap()).unwrap();
        let (mut analytic, mut estimates) = (right.clone(), right.clone());
        analytic.values_mut()[1] = off;
        estimates.values_mut().fill(estimate);
        let numerical = Numerical { derivative: right, estimate: estimates };
        Checked { position, is_own: false, comparison: compare(&analytic, &numerical) }
    }

    #[test]
    fn the_worst_place_is_told() {
        let places = [checked(3, 0.0, 1e-9), checked(5, 0.5, 1e9), checked(7, 0.5, 1e-9)];
        let told = |places: &[Checked]| match problem(places) {
            Some(Failure::Failed(message)) => message,
            other => format!("{other:?}"),
        };
        assert_eq!(told(&places[..1]), "None");
        assert_eq!(
            told(&places[2..]),
            "gradient check failed: U: 1 of 6 entries are wrong, the largest difference is at row 0, column 1"
        );
        assert_eq!(
            told(&places[..2]),
            "gradient check undecided at character 5: U: 1 of 6 entries are undecided, the largest difference is at row 0, column 1"
        );
        assert!(
            told(&places)
                .starts_with("gradient check failed at character 7: U: 1 of 6 entries are wrong")
        );
        let all = Comparison::of_all(places.iter().map(|checked| &checked.comparison)).unwrap();
        let table = table(&all, &places, true);
        assert!(table.contains("at character 3, 5: undecided, 7: failed\n"), "{table}");
        assert!(table.contains("failed: 1 of 78 entries"), "{table}");
        assert!(table.contains(",\n1 cannot be decided: "), "{table}");
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }

    #[test]
    fn what_is_only_rounding_is_said() {
        let rounded = [checked(0, 1e-8, 1e-7)];
        let table = table(&rounded[0].comparison, &rounded, false);
        assert!(table.starts_with("                largest"), "{table}");
        let end = "passed: 0 of 26 entries are wrong, 1 differ by rounding alone\n";
        assert!(table.ends_with(end), "{table}");
    }
}
