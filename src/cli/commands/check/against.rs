//! `elman check --against`: compares the user's arrays with those of a worked case.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::nearest::distance;
use crate::cli::run::inputs::{place_of, read_file};
use crate::cli::terminal::output::print_findings;
use elman::internals::array::Array;
use elman::internals::arrays;
use elman::internals::diagnosis::{Finding, PythonShape, Reason, WorkedCase};
use std::path::Path;

/// The most arrays that are named though the case does not have them.
const FOREIGN: usize = 10;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mine = Path::new(arguments.filled("against")?);
    let [case] = arguments.all() else {
        return Err(Failure::Usage("against which case? elman check --against MINE CASE".into()));
    };
    let case = Path::new(case);
    let known =
        WorkedCase::from_arrays(read(case)?).map_err(|error| Failure::at(case.display(), error))?;
    let arrays = read(mine)?;
    let names: Vec<&str> = known.names().collect();
    let place = |array: &Array| names.iter().position(|name| *name == array.name);
    let mut found: Vec<(usize, &Array)> =
        (arrays.iter()).filter_map(|array| Some((place(array)?, array))).collect();
    found.sort_by_key(|(place, _)| *place);
    if found.is_empty() {
        return Err(Failure::at(mine.display(), nothing(&arrays, &names)));
    }
    let findings: Vec<(&str, Finding)> =
        (found.iter()).map(|(_, array)| (array.name.as_str(), known.compare(array))).collect();
    let mut lines: String = findings.iter().map(|(name, finding)| line(name, finding)).collect();
    let foreign: Vec<&Array> = (arrays.iter()).filter(|array| place(array).is_none()).collect();
    for array in foreign.iter().take(FOREIGN) {
        let (name, nearest) = (shown(&array.name), nearest(&array.name, &names));
        let meant = nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
        lines += &format!("{name} not compared: the case has no such array{meant}\n");
    }
    if let more @ 1.. = foreign.len().saturating_sub(FOREIGN) {
        lines += &format!("and {more} more that the case does not have\n");
    }
    print_findings(&lines, problem(&findings))
}

fn read(path: &Path) -> Result<Vec<Array<'static>>, Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::at(place_of(path.as_os_str()), error);
    let bytes = read_file(path).map_err(|error| fail(&error))?;
    arrays::read(&bytes).map_err(|error| fail(&error))
}

fn problem(findings: &[(&str, Finding)]) -> Option<Failure> {
    let wrong = findings.iter().filter(|(_, finding)| *finding != Finding::Right);
    let wrong: Vec<&str> = wrong.map(|(name, _)| *name).collect();
    let (count, all, names) = (wrong.len(), findings.len(), wrong.join(", "));
    (count > 0).then(|| Failure::Failed(format!("{count} of {all} arrays are wrong: {names}")))
}

fn line(name: &str, finding: &Finding) -> String {
    match finding {
        Finding::Right => format!("{name} right\n"),
        Finding::Wrong { reason, place, difference } => {
            let places = ["row", "column"].iter().zip(place);
            let places: String = places.map(|(axis, at)| format!(" {axis}={at}")).collect();
            format!("{name} wrong: {reason}{places} difference={difference:.2e}\n")
        }
        Finding::WrongShape { reason, found, need } => {
            let reason = reason.unwrap_or(Reason::Unknown);
            let (found, need) = (PythonShape(found), PythonShape(need));
            format!("{name} wrong: {reason}, shape {found} instead of {need}\n")
        }
        Finding::NoNumbers { type_name } => {
            format!("{name} wrong: {type_name} is not a type of numbers that can be read\n")
        }
        Finding::NoSuchArray => format!("{name} wrong: the case has no numbers for it\n"),
    }
}

/// The message where no name is one of the case.
fn nothing(arrays: &[Array], names: &[&str]) -> String {
    let all = names.join(" ");
    match arrays.first() {
        None => format!("it has no arrays; the case has {all}"),
        Some(array) => {
            let (name, nearest) = (shown(&array.name), nearest(&array.name, names));
            let meant = nearest.map_or(String::new(), |nearest| format!(" may be {nearest}"));
            format!("no array of the case: {name}{meant}; the case has {all}")
        }
    }
}

/// A name of the user's file, cut where it would fill the screen.
fn shown(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}...", &name[..end]),
        None if name.chars().all(|c| c.is_alphanumeric() || c == '_') => name.to_string(),
        None => format!("{name:?}"),
    }
}

/// What arrays are called elsewhere, in model files for example, and here.
const ELSEWHERE: [(&str, &str); 4] =
    [("grad_", "d"), ("dL_d", "d"), ("dLd", "d"), ("adagrad.", "G_")];

/// The name that takes the fewest changes, where capitals count less; the first of equals. None where more than half
/// would change, unless `name` begins with it.
fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let name = (ELSEWHERE.iter())
        .fold(name.to_string(), |name, (other, ours)| name.replacen(other, ours, 1));
    let name: String = name.chars().take(100).collect();
    let small = name.to_lowercase();
    let changes = |known: &&&str| (distance(&small, &known.to_lowercase()), distance(&name, known));
    let nearest = names.iter().min_by_key(changes).copied()?;
    let plain = nearest.to_lowercase();
    let is_begun = plain.len() > 1 && small.starts_with(&plain);
    (is_begun || distance(&small, &plain) <= plain.len() / 2).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names =
            ["U", "G_W", "W", "h", "h0", "loss", "losses", "dU", "dW", "db", "dU_numerical"];
        for (name, expected) in [
            ("du", "dU"),
            ("DW", "dW"),
            ("u", "U"),
            ("grad_W", "dW"),
            ("dL_db", "db"),
            ("dLdU", "dU"),
            ("adagrad.W", "G_W"),
            ("Loss", "loss"),
            ("dU_num", "dU"),
            ("dU_numeric", "dU_numerical"),
        ] {
            assert_eq!(nearest(name, &names), Some(expected), "{name}");
        }
    }

    #[test]
    fn lines_say_what_and_where() {
        let wrong = |place: &[usize], difference| Finding::Wrong {
            reason: Reason::DirectTermOnly,
            place: place.to_vec(),
            difference,
        };
        let shape = |reason| Finding::WrongShape { reason, found: vec![70, 5], need: vec![5] };
        for (finding, expected) in [
            (Finding::Right, "dU right\n"),
            (
                wrong(&[3, 5], 0.012345),
                "dU wrong: direct term only row=3 column=5 difference=1.23e-2\n",
            ),
            (wrong(&[3], f64::NAN), "dU wrong: direct term only row=3 difference=NaN\n"),
            (wrong(&[], 1.0), "dU wrong: direct term only difference=1.00e0\n"),
            (shape(None), "dU wrong: unknown, shape (70, 5) instead of (5,)\n"),
            (
                shape(Some(Reason::Transposed)),
                "dU wrong: transposed, shape (70, 5) instead of (5,)\n",
            ),
        ] {
            assert_eq!(line("dU", &finding), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let right = ("dU", Finding::Right);
        assert_eq!(problem(std::slice::from_ref(&right)), None);
        let told = problem(&[right, ("h", Finding::NoSuchArray)]);
        assert_eq!(told, Some(Failure::Failed("1 of 2 arrays are wrong: h".into())));
    }
}
