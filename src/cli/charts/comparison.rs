//! The smooth losses of several runs as an SVG chart.

use crate::cli::charts::curve::Curve;
use crate::cli::charts::scale::Scale;
use crate::cli::charts::svg::{self, Axes, WIDE};
use crate::cli::format::{short_loss, shorten, thousands};
use crate::cli::language::Language;
use std::fmt::Write as _;

/// A run, with its losses in nats per character, so that runs of different T can be compared.
pub struct Run {
    pub name: String,
    /// Hidden units m.
    pub hidden: usize,
    /// Characters of one update T.
    pub sequence_length: usize,
    pub updates: u64,
    pub curve: Curve,
    /// The last smooth loss; `None` before the first row.
    pub last: Option<f64>,
    /// The update of the lowest smooth loss, and that loss.
    pub best: Option<(u64, f64)>,
    pub validation: Option<f64>,
}

pub const UNIT: &str = "nats per character";

/// Colours that people with any colour vision tell apart, dark enough on white. When all are used, lines are dashed.
const COLOURS: [&str; 6] = ["#431889", "#f05a14", "#0c6138", "#2b8fef", "#c1509f", "#2b2b2b"];
const DASHES: [&str; 5] = ["none", "8 4", "14 3 3 3", "4 3", "14 3 3 3 3 3"];
/// From this many runs on, lines are thinner.
const MANY: usize = 9;
/// The most points of one line: there are not many more pixels.
const POINTS: usize = 800;

const STYLE: &str = "\
text { fill: #33373d } .grid { stroke: #e4e7eb } .frame { fill: none; stroke: #33373d }
.head { fill: #5b626c } .number { text-anchor: end }
polyline { fill: none; stroke-linejoin: round } .validation { stroke-width: 1.5; stroke-dasharray: 1.5 3 }
";

/// Where the table of the runs begins, and the height of its rows, in pixels.
const NAMES: f64 = WIDE.height + 16.0;
const ROW: f64 = 20.0;
/// Where a name begins, and its room, in pixels.
const NAME: f64 = WIDE.left + 40.0;
const NAME_ROOM: f64 = 240.0;

/// A column of the table: its heading, where it ends, and its text for a run.
type Column = (&'static str, f64, fn(&Run) -> String);
const COLUMNS: [Column; 7] = [
    ("m", 400.0, |run| run.hidden.to_string()),
    ("T", 446.0, |run| run.sequence_length.to_string()),
    ("updates", 532.0, |run| count(run.updates)),
    ("last", 606.0, |run| loss(run.last)),
    ("best", 680.0, |run| loss(run.best.map(|(_, loss)| loss))),
    ("at update", 764.0, |run| run.best.map_or(String::new(), |(update, _)| count(update))),
    ("validation", WIDE.right, |run| loss(run.validation)),
];

/// The chart as SVG, with a table of the runs below it.
pub fn svg(runs: &[Run]) -> String {
    let updates = runs.iter().map(|run| run.updates).max().unwrap_or(0);
    let (low, high) = range(runs);
    let axes = Axes {
        frame: &WIDE,
        x: Scale::updates(updates, WIDE.updates),
        y: Scale::losses(low, high),
        language: Language::English,
    };
    let height = NAMES + ROW * (runs.len() as f64 + 1.0);
    let title = match runs {
        [run] => format!("Smooth loss of {}", run.name),
        _ => format!("Smooth loss of {} runs", runs.len()),
    };
    let heading = match runs {
        [run] => format!("Smooth loss of {}", svg::isolated(&short_name(&run.name))),
        _ => title.clone(),
    };
    let updates = axes.x.of("updates");
    [
        svg::head(&WIDE, height, STYLE, &title, &heading),
        axes.grid(),
        lines(runs, &axes),
        axes.frame(
            &match same(runs) {
                Some(T) => format!("{updates} of {T} characters"),
                None => updates,
            },
            &format!("smooth loss ({})", axes.y.of(UNIT)),
        ),
        table(runs),
        "</svg>\n".to_string(),
    ]
    .concat()
}

/// The lowest and the highest loss that is drawn. Losses of the first twentieth of the updates, where they fall most, may
/// be above it.
pub fn range(runs: &[Run]) -> (f64, f64) {
    let begin = runs.iter().map(|run| run.updates).max().unwrap_or(0) / 20;
    let losses = runs.iter().flat_map(|run| {
        let points = run.curve.points();
        // A run that ended before is there as a whole.
        let is_short = points.last().is_none_or(|last| last.iteration < begin);
        let shown = points.iter().filter(move |point| is_short || point.iteration >= begin);
        let validation = run.curve.validation().iter();
        let validation = validation.filter(move |(update, _)| *update >= begin);
        shown.map(|point| point.smooth).chain(validation.map(|&(_, loss)| loss))
    });
    let ends = |(low, high): (f64, f64), loss: f64| (low.min(loss), high.max(loss));
    let (low, high) = losses.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

/// The T of all runs; `None` where they differ.
fn same(runs: &[Run]) -> Option<usize> {
    let T = runs.first()?.sequence_length;
    runs.iter().all(|run| run.sequence_length == T).then_some(T)
}

/// The attributes that draw the line of a run.
fn stroke(n: usize) -> String {
    let (colour, dashes) = (colour(n), DASHES[n / COLOURS.len() % DASHES.len()]);
    match dashes {
        "none" => format!("stroke=\"{colour}\""),
        dashes => format!("stroke=\"{colour}\" stroke-dasharray=\"{dashes}\""),
    }
}

fn colour(n: usize) -> &'static str {
    COLOURS[n % COLOURS.len()]
}

fn lines(runs: &[Run], axes: &Axes) -> String {
    let width = if runs.len() < MANY { 2.0 } else { 1.5 };
    let mut svg = format!("<g clip-path=\"url(#{})\" stroke-width=\"{width}\">\n", WIDE.name);
    for (n, run) in runs.iter().enumerate() {
        let fill = format!("fill=\"{}\"", colour(n));
        let points = run.curve.points();
        let every = points.len().div_ceil(POINTS).max(1);
        let shown = (points.iter().enumerate())
            .filter(|(i, _)| i % every == 0 || i + 1 == points.len())
            .map(|(_, point)| (point.iteration, point.smooth));
        let _ = writeln!(svg, "<polyline {} points=\"{}\"/>", stroke(n), axes.points(shown));
        if let [point] = points {
            svg += &axes.dot(point.iteration, point.smooth, 2.5, &fill);
        }
        let validation = run.curve.validation();
        if validation.len() > 1 {
            let points = axes.points(validation.iter().copied());
            let _ = writeln!(
                svg,
                "<polyline class=\"validation\" stroke=\"{}\" points=\"{points}\"/>",
                colour(n)
            );
        }
        if validation.len() <= svg::DOTS {
            for &(update, loss) in validation {
                svg += &axes.dot(update, loss, 2.5, &fill);
            }
        }
    }
    svg + "</g>\n"
}

/// The table of the runs: their lines, names and numbers.
fn table(runs: &[Run]) -> String {
    let is_validated = runs.iter().any(|run| run.validation.is_some());
    let columns = &COLUMNS[..COLUMNS.len() - usize::from(!is_validated)];
    let mut svg = String::new();
    for (heading, end, _) in columns {
        let _ =
            writeln!(svg, "<text class=\"head number\" x=\"{end}\" y=\"{NAMES}\">{heading}</text>");
    }
    if is_validated {
        let _ = writeln!(
            svg,
            "<text class=\"head\" x=\"{}\" y=\"30\" text-anchor=\"end\">dotted: validation loss</text>",
            WIDE.right
        );
    }
    for (n, run) in runs.iter().enumerate() {
        let y = NAMES + ROW * (n as f64 + 1.0);
        let _ = writeln!(
            svg,
            "<path {} stroke-width=\"2\" fill=\"none\" d=\"M{} {}h30\"/>\n\
             <text x=\"{NAME}\" y=\"{y}\">{}</text>",
            stroke(n),
            WIDE.left,
            y - 4.0,
            svg::escape(&short_name(&run.name)),
        );
        for (_, end, say) in columns {
            let said = say(run);
            let _ = writeln!(svg, "<text class=\"number\" x=\"{end}\" y=\"{y}\">{said}</text>");
        }
    }
    svg
}

fn short_name(name: &str) -> String {
    shorten(name, |name| name.chars().map(pixels).sum::<f64>() <= NAME_ROOM)
}

/// The width of a character in a wide font of 13 pixels, rounded up.
fn pixels(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | ' ' | '.' | ',' | ':' | ';' | '\'' | '!' | '|'
        | '/' | '-' | '(' | ')' | '[' | ']' => 5.5,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 13.0,
        'A'..='Z' | '+' | '=' | '<' | '>' | '~' | '#' | '^' | '&' => 11.0,
        ' '..='~' => 8.6,
        '\u{1f000}'.. => 18.0,
        _ => 13.0,
    }
}

fn count(updates: u64) -> String {
    match updates {
        0..10_000_000 => thousands(updates),
        _ => format!("{:.3e}", updates as f64),
    }
}

fn loss(loss: Option<f64>) -> String {
    loss.map_or("none".to_string(), |loss| short_loss(loss, 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, T: usize) -> Run {
        let mut curve = Curve::new();
        for n in 0..100 {
            let loss = 1.5 + 3.0 / (1.0 + n as f64);
            curve.push(100 * n, loss, loss);
        }
        Run {
            name: name.into(),
            hidden: 100,
            sequence_length: T,
            updates: 10_000,
            curve,
            last: Some(1.53),
            best: Some((9_900, 1.53)),
            validation: None,
        }
    }

    #[test]
    fn every_run_has_a_line_and_a_row() {
        for count in [1, 2, 8, 20, 30, 40] {
            let runs: Vec<Run> = (0..count).map(|n| run(&format!("run-{n}"), 25)).collect();
            let svg = svg(&runs);
            assert_eq!(svg.matches("<polyline").count(), count);
            for n in 0..count {
                assert_eq!(svg.matches(&format!(">run-{n}</text>")).count(), 1);
            }
            // Each is drawn as no other, in the chart as beside its name.
            let styles = |begin: &str| -> Vec<String> {
                let lines = svg.lines().filter(|line| line.starts_with(begin));
                let of = |line: &str| {
                    line[begin.len()..]
                        .split(" points=")
                        .next()?
                        .split(" stroke-width")
                        .next()
                        .map(String::from)
                };
                lines.filter_map(of).collect()
            };
            let drawn = styles("<polyline ");
            assert_eq!(
                drawn,
                styles("<path stroke")
                    .iter()
                    .map(|style| format!("stroke{style}"))
                    .collect::<Vec<_>>()
            );
            let distinct: std::collections::HashSet<&String> = drawn.iter().collect();
            assert_eq!(distinct.len(), count.min(30));
            assert!(svg.len() < 20_000 * count + 10_000);
        }
    }

    #[test]
    fn the_picture_says_what_it_measures() {
        let same = svg(&[run("a", 25), run("b", 25)]);
        for part in [
            ">Smooth loss of 2 runs</text>",
            ">smooth loss (nats per character)</text>",
            ">updates of 25 characters</text>",
            ">1.5300</text>",
            ">9,900</text>",
        ] {
            assert!(same.contains(part), "{part} is missing");
        }
        assert!(!same.contains("validation<") && !same.contains("dotted"));
        let other = svg(&[run("a", 25), run("b", 50)]);
        assert!(other.contains(">updates</text>"));
        let one = svg(&[run("a <b> \u{5d0}", 25)]);
        assert!(one.contains(">Smooth loss of \u{2068}a &lt;b&gt; \u{5d0}\u{2069}</text>"));
    }

    #[test]
    fn validation_losses_are_dotted_in_the_run_s_colour() {
        let mut validated = run("a", 25);
        (0..3).for_each(|n| validated.curve.push_validation(5000 * n, 2.0));
        validated.validation = Some(1.987654);
        let svg = svg(&[run("b", 25), validated]);
        let line = format!("<polyline class=\"validation\" stroke=\"{}\"", COLOURS[1]);
        assert_eq!(svg.matches(&line).count(), 1);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains(">dotted: validation loss</text>"));
        assert!(svg.contains(">1.9877</text>") && svg.contains(">none</text>"));
    }

    #[test]
    fn the_beginning_may_leave_the_picture_but_nothing_after_it() {
        let (low, high) = range(&[run("a", 25)]);
        assert_eq!((low, high), (1.53, 1.5 + 3.0 / 6.0));
        // A run that ended early is there as a whole.
        let mut short = run("b", 25);
        short.curve = Curve::new();
        short.curve.push(0, 4.2, 4.2);
        assert_eq!(range(&[run("a", 25), short]).1, 4.2);
    }

    #[test]
    fn losses_of_any_size_have_a_picture() {
        for loss in [0.0, 5e-324, 1e-6, 1e300, f64::MAX] {
            let mut odd = run("a", 1);
            odd.curve = Curve::new();
            (0..3).for_each(|n| odd.curve.push(n, loss, loss / (n + 1) as f64));
            (odd.updates, odd.last, odd.best) = (u64::MAX, Some(loss), Some((1 << 63, loss)));
            let svg = svg(&[odd]);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{loss}");
        }
        let mut none = run("a", 25);
        (none.curve, none.last, none.best) = (Curve::new(), None, None);
        let svg = svg(&[none]);
        assert!(svg.contains(">none</text>") && !svg.contains("NaN"));
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        for name in ["W".repeat(99), "\u{1f600}".repeat(99), "\u{65e5}".repeat(99)] {
            let short = short_name(&format!("{name}/seed-12"));
            assert!(short.starts_with("...") && short.ends_with("/seed-12"));
        }
        assert_eq!(short_name("runs/hidden-100/seed-12"), "runs/hidden-100/seed-12");
    }
}
