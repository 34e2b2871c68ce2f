//! `elman check --against`: compares the user's arrays with those of a worked case.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::nearest::distance;
use crate::cli::run::inputs::{place_of, read_file};
use crate::cli::terminal::output::print_findings;
use elman::internals::array::Array;
use elman::internals::arrays;
use elman::internals::diagnosis::{
    Comparison, Dress, Finding, PythonShape, Reason, WorkedCase, Wrong,
};
use elman::internals::names::quoted;
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
    let compared = known.compare_all(&arrays);
    let (found, foreign): (Vec<Comparison>, Vec<Comparison>) =
        compared.into_iter().partition(|one| one.place.is_some());
    if found.is_empty() {
        return Err(Failure::at(mine.display(), nothing(&arrays, &names)));
    }
    let mut lines: String = found.iter().map(|one| line(&shown(&one.name), &one.finding)).collect();
    for one in foreign.iter().take(FOREIGN) {
        let (name, nearest) = (shown(&one.name), nearest(&one.name, &names));
        let meant = nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
        lines += &format!("{name} not compared: the case has no array of this name{meant}\n");
    }
    if let more @ 1.. = foreign.len().saturating_sub(FOREIGN) {
        lines += &format!("and {more} more arrays that the case does not have\n");
    }
    print_findings(&lines, problem(&found))
}

fn read(path: &Path) -> Result<Vec<Array<'static>>, Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::at(place_of(path.as_os_str()), error);
    let bytes = read_file(path).map_err(|error| fail(&error))?;
    arrays::read(&bytes).map_err(|error| fail(&error))
}

fn problem(found: &[Comparison]) -> Option<Failure> {
    let is_follower = |one: &&Comparison| matches!(one.finding, Finding::Follows { .. });
    let wrong = found.iter().filter(|one| !one.finding.is_right() && !is_follower(one));
    let wrong: Vec<String> = wrong.map(|one| shown(&one.name)).collect();
    let (count, all, names) = (wrong.len(), found.len(), wrong.join(", "));
    let followers = match found.iter().filter(is_follower).count() {
        0 => String::new(),
        1 => "; 1 follows from it".to_string(),
        more => format!("; {more} follow"),
    };
    let message = format!("{count} of {all} arrays are wrong: {names}{followers}{}", advice(found));
    (count > 0).then_some(Failure::Failed(message))
}

/// What to save beside the arrays, where that would say more.
fn advice(found: &[Comparison]) -> &'static str {
    let is_unknown = |one: &Comparison| {
        let Finding::Wrong(wrong) = &one.finding else {
            return false;
        };
        one.name.starts_with('d') && wrong.causes.iter().any(|one| one.reason == Reason::Unknown)
    };
    let has_steps = found.iter().any(|one| ["g", "dh", "da"].contains(&one.name.as_str()));
    if found.iter().any(is_unknown) && !has_steps {
        "; save g, dh and da as well to see in which step"
    } else {
        ""
    }
}

fn line(name: &str, finding: &Finding) -> String {
    match finding {
        Finding::Right(dress) => format!("{name} right{}\n", listed(dress)),
        Finding::Follows { from } => format!("{name} follows from {}\n", from.join(" and ")),
        Finding::Wrong(wrong) => format!("{name} wrong{}\n", sentence(wrong)),
        Finding::WrongShape { cause, found, need } => {
            let cause = cause.as_ref().map_or(String::new(), |cause| format!("{cause}, "));
            let (found, need) = (PythonShape(found), PythonShape(need));
            format!("{name} wrong: {cause}shape {found} instead of {need}\n")
        }
        Finding::NoNumbers { type_name } => {
            format!("{name} wrong: numbers of the type {type_name} cannot be read\n")
        }
        Finding::NoSuchArray => format!("{name} wrong: the case has no numbers for it\n"),
    }
}

/// What is wrong, where, and what follows from it.
fn sentence(wrong: &Wrong) -> String {
    let steps = wrong.steps.map_or(String::new(), |steps| format!(" {steps}"));
    let causes = words(&wrong.causes);
    let is_name = |dress: &&Dress| matches!(dress, Dress::Named(_));
    let (names, harmless): (Vec<&Dress>, Vec<&Dress>) = wrong.dress.iter().partition(is_name);
    let mut dress = listed(&names);
    if !harmless.is_empty() {
        dress += &format!("; no mistake: {}", words(&harmless).join(", "));
    }
    let places = ["row", "column"].iter().zip(&wrong.place);
    let places: String = places.map(|(axis, at)| format!(" {axis}={at}")).collect();
    let followers = match &wrong.followers[..] {
        [] => String::new(),
        [one] => format!(" ({} follows from it)", shown(one)),
        more => {
            let names: Vec<String> = more.iter().map(|name| shown(name)).collect();
            format!(" ({} follow from it)", names.join(", "))
        }
    };
    let (causes, difference) = (causes.join(" and "), wrong.difference);
    format!("{steps}: {causes}{dress}{places} difference={difference:.2e}{followers}")
}

fn words(parts: &[impl ToString]) -> Vec<String> {
    parts.iter().map(ToString::to_string).collect()
}

/// Each after a comma.
fn listed(parts: &[impl ToString]) -> String {
    words(parts).iter().map(|part| format!(", {part}")).collect()
}

/// The message where no name is one of the case.
fn nothing(arrays: &[Array], names: &[&str]) -> String {
    let all = names.join(" ");
    match arrays.first() {
        None => format!("it has no arrays; the case has {all}"),
        Some(array) => {
            let (name, nearest) = (shown(&array.name), nearest(&array.name, names));
            let meant = nearest.map_or(String::new(), |nearest| format!(" may be {nearest}"));
            format!("none of its arrays is in the case: {name}{meant}; the case has {all}")
        }
    }
}

/// A name of the user's file, cut where it would fill the screen.
fn shown(name: &str) -> String {
    const LONGEST: usize = 40;
    let is_plain = name.chars().take(LONGEST + 1).all(|c| c.is_alphanumeric() || c == '_');
    if is_plain && name.chars().nth(LONGEST).is_none() {
        return name.to_string();
    }
    quoted(name, LONGEST)
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
    use elman::internals::diagnosis::{Cause, Steps};

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

    fn wrong(place: &[usize], difference: f64) -> Wrong {
        Wrong {
            causes: vec![Cause { reason: Reason::DirectTermOnly, detail: String::new() }],
            dress: vec![],
            steps: None,
            place: place.to_vec(),
            difference,
            followers: vec![],
        }
    }

    #[test]
    fn lines_say_what_and_where() {
        let shape = |cause| Finding::WrongShape { cause, found: vec![70, 5], need: vec![5] };
        let bias = Cause { reason: Reason::Bias, detail: "not summed".into() };
        let more = Wrong {
            causes: [wrong(&[], 0.0).causes, vec![bias.clone()]].concat(),
            dress: vec![Dress::Clipped(5.0)],
            steps: Some(Steps::Downwards(12)),
            followers: vec!["dU".into(), "db".into()],
            ..wrong(&[3, 5], 0.5)
        };
        let one = Wrong { followers: vec!["dV".into()], ..wrong(&[], 1.0) };
        for (finding, expected) in [
            (Finding::Right(vec![]), "dU right\n"),
            (
                Finding::Right(vec![Dress::Transposed, Dress::Clipped(5.0)]),
                "dU right, transposed, clipped to 5\n",
            ),
            (
                Finding::Wrong(wrong(&[3, 5], 0.012345)),
                "dU wrong: direct term only row=3 column=5 difference=1.23e-2\n",
            ),
            (
                Finding::Wrong(wrong(&[3], f64::NAN)),
                "dU wrong: direct term only row=3 difference=NaN\n",
            ),
            (
                Finding::Wrong(one),
                "dU wrong: direct term only difference=1.00e0 (dV follows from it)\n",
            ),
            (
                Finding::Wrong(more),
                "dU wrong from step 12 downwards: direct term only and bias, not summed; no mistake: \
                 clipped to 5 row=3 column=5 difference=5.00e-1 (dU, db follow from it)\n",
            ),
            (Finding::Follows { from: vec!["p".into(), "h".into()] }, "dU follows from p and h\n"),
            (shape(None), "dU wrong: shape (70, 5) instead of (5,)\n"),
            (shape(Some(bias)), "dU wrong: bias, not summed, shape (70, 5) instead of (5,)\n"),
        ] {
            assert_eq!(line("dU", &finding), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = |name: &str, finding| Comparison { name: name.into(), place: Some(0), finding };
        let right = one("dU", Finding::Right(vec![Dress::Transposed]));
        assert_eq!(problem(std::slice::from_ref(&right)), None);
        let follows = one("dV", Finding::Follows { from: vec!["p".into()] });
        let told = problem(&[right, one("p", Finding::Wrong(wrong(&[], 1.0))), follows]);
        let expected = "1 of 3 arrays are wrong: p; 1 follows from it";
        assert_eq!(told, Some(Failure::Failed(expected.into())));
    }
}
