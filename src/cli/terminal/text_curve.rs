//! The loss curve drawn in characters, for a terminal.

use crate::cli::charts::curve::{Curve, Point};
use crate::cli::format::{short_loss, thousands};
use crate::cli::language::Language;

/// Lines that the curve takes.
const LINES: usize = 12;
/// Lines that the curves of several runs take.
const MANY_LINES: usize = 18;
/// Columns before it, where losses are named.
const NAMES: usize = 9;
/// Columns of the curve, at least and at most.
const NARROWEST: usize = 20;
const WIDEST: usize = 90;

/// Draws the smooth loss under a heading, at most `columns` wide: in dots of Braille patterns, or in stars where the
/// terminal does not show UTF-8. Empty where there is no curve or no room.
pub fn draw(
    language: Language,
    curve: &Curve,
    heading: &str,
    columns: usize,
    utf8: bool,
) -> String {
    let lines = lines(language, curve, curve.range(0), [columns, LINES], utf8);
    let Some(last) = curve.points().last().filter(|_| !lines.is_empty()) else {
        return String::new();
    };
    with_axis(language, heading, &lines, last.iteration, width(columns))
}

/// Puts lines between a heading and the axis of the updates.
fn with_axis(
    language: Language,
    heading: &str,
    lines: &[String],
    last: u64,
    width: usize,
) -> String {
    let last = format!(
        "{} {}",
        language.number(&thousands(last)),
        language.pair("updates", "uppdateringar")
    );
    let axis = format!("{:NAMES$} 0{last:>1$}", "", width - 1);
    format!("{heading}\n{}\n{axis}\n", lines.join("\n"))
}

/// The letter that run `run` of several is drawn with. Letters repeat after 62 runs.
pub fn letter(run: usize) -> char {
    let letters = ('a'..='z').chain('A'..='Z').chain('0'..='9');
    letters.cycle().nth(run % 62).unwrap_or_default()
}

/// As [`draw`], for several runs, each in its letter; where runs meet, their letters alternate. What is above the range is
/// not drawn.
pub fn several(curves: &[&Curve], range: (f64, f64), heading: &str, columns: usize) -> String {
    let width = width(columns);
    let last = |curve: &&Curve| curve.points().last().map(|point| point.iteration);
    let Some(end) = curves.iter().filter_map(last).max().filter(|_| width >= NARROWEST) else {
        return String::new();
    };
    let mut cells = vec![Vec::new(); width * MANY_LINES];
    for (n, curve) in curves.iter().enumerate() {
        trace(curve.points(), end, range, [width, MANY_LINES], |x, y| {
            cells[y * width + x].push(letter(n));
        });
    }
    let lines = cells.chunks(width).enumerate().map(|(line, cells)| {
        let turn = |(x, letters): (usize, &Vec<char>)| match letters.len() {
            0 => ' ',
            count => letters[x % count],
        };
        let cells: String = cells.iter().enumerate().map(turn).collect();
        named(Language::English, line, range, MANY_LINES, &cells)
    });
    with_axis(Language::English, heading, &lines.collect::<Vec<_>>(), end, width)
}

/// Calls `mark` with the column and the height of all that a curve covers of a grid, which ends at update
/// `end`. Columns a good deal after the run's own end stay empty.
fn trace(
    points: &[Point],
    end: u64,
    range: (f64, f64),
    [width, steps]: [usize; 2],
    mut mark: impl FnMut(usize, usize),
) {
    let mut before = None;
    for x in 0..width {
        let update = (u128::from(end) * x as u128 / (width as u128 - 1)) as u64;
        let after = points.partition_point(|point| point.iteration <= update);
        let Some(point) = points[..after].last() else {
            continue;
        };
        if after == points.len() && update - point.iteration > end / width as u64 {
            break;
        }
        let now = height(point.smooth, range, steps);
        let (top, bottom) = between(before, now);
        (top..=bottom).for_each(|y| mark(x, y));
        before = Some(now);
    }
}

/// As [`draw`], in `count` lines without a heading and an axis. The range is that of the updates after the first
/// twentieth, in which the loss falls most.
pub fn small(curve: &Curve, columns: usize, count: usize, utf8: bool) -> Vec<String> {
    let last = curve.points().last().map_or(0, |last| last.iteration);
    let range = curve.range(last / 20);
    lines(Language::English, curve, range, [columns, count], utf8)
}

/// The columns of the curve itself, of all `columns`.
fn width(columns: usize) -> usize {
    columns.saturating_sub(NAMES + 2).min(WIDEST)
}

/// The lines of the curve, the first and the last after the end of the range that they stand for.
fn lines(
    language: Language,
    curve: &Curve,
    range: (f64, f64),
    [columns, count]: [usize; 2],
    utf8: bool,
) -> Vec<String> {
    let width = width(columns);
    if curve.points().len() < 2 || width < NARROWEST {
        return Vec::new();
    }
    let cells = cells(curve.points(), range, [width, count], utf8);
    let line = |(line, cells): (usize, &[u8])| {
        let cells: String = cells.iter().map(|&cell| glyph(cell, utf8)).collect();
        named(language, line, range, count, &cells)
    };
    cells.chunks(width).enumerate().map(line).collect()
}

/// A line of the curve after its loss, where it is the first or the last.
fn named(language: Language, line: usize, range: (f64, f64), count: usize, cells: &str) -> String {
    let name = |loss| language.number(&short_loss(loss, 4));
    let name = match line {
        0 => name(range.1),
        line if line == count - 1 => name(range.0),
        _ => String::new(),
    };
    format!("{name:>NAMES$} {}", cells.trim_end())
}

/// How far a loss is below the highest of a range, from 0 to `steps - 1`; -1 where it is above the range.
fn height(loss: f64, (low, high): (f64, f64), steps: usize) -> i64 {
    // A flat curve lies at the top.
    let range = (high - low).max(1e-9 * high).max(f64::MIN_POSITIVE);
    let last = steps as i64 - 1;
    (((high - loss) / range * last as f64).round() as i64).clamp(-1, last)
}

/// The heights that a curve covers in a column: from that of the column before to its own, so that it has no gaps, and
/// nothing above the range.
fn between(before: Option<i64>, now: i64) -> (usize, usize) {
    let (top, bottom) = match before {
        Some(before) if before < now => (before + 1, now),
        Some(before) if before > now => (now, before - 1),
        _ => (now, now),
    };
    // All of it is above the range: an empty range.
    if bottom < 0 { (1, 0) } else { (top.max(0) as usize, bottom as usize) }
}

/// The dots of every cell, line by line.
fn cells(points: &[Point], range: (f64, f64), [width, count]: [usize; 2], utf8: bool) -> Vec<u8> {
    let (across, down) = if utf8 { (2, 4) } else { (1, 1) };
    let mut cells = vec![0; width * count];
    let end = points.last().map_or(0, |point| point.iteration);
    trace(points, end, range, [width * across, count * down], |x, y| {
        cells[y / down * width + x / across] |= dot(x % across, y % down);
    });
    cells
}

/// The bit of a dot in a Braille pattern of 2 x 4 dots.
fn dot(x: usize, y: usize) -> u8 {
    [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y][x]
}

fn glyph(cell: u8, utf8: bool) -> char {
    match (cell, utf8) {
        (0, _) => ' ',
        (_, false) => '*',
        (dots, true) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or('*'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::format::columns_of;

    #[test]
    fn the_curve_fits_its_columns() {
        for columns in [0, 30, 31, 40, 80, 300] {
            for utf8 in [false, true] {
                let drawn =
                    draw(Language::English, &Curve::falling(500), "smooth loss", columns, utf8);
                assert_eq!(drawn.is_empty(), columns < 31);
                let widest = drawn.lines().map(|line| line.chars().count()).max();
                assert!(widest.unwrap_or(0) <= columns);
                assert_eq!(drawn.is_ascii(), !utf8 || drawn.is_empty());
            }
        }
    }

    #[test]
    fn the_curve_has_its_ends_and_no_gaps() {
        let drawn = draw(Language::English, &Curve::falling(500), "smooth loss", 80, false);
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[1].starts_with("    100.0 *"));
        assert!(lines[LINES].starts_with("    40.12"));
        assert!(lines[LINES].ends_with('*'));
        assert!(lines[1..=LINES].iter().all(|line| line.contains('*')));
        assert!(lines[LINES + 1].ends_with("49,900 updates"));
    }

    #[test]
    fn losses_of_any_size_have_room_for_their_names() {
        for loss in [0.0, 5e-324, 1e-6, 104.36, 999_999.96, 1e14, f64::MAX] {
            let mut curve = Curve::new();
            (0..9).for_each(|n| curve.push(n, loss, loss / (1 + n) as f64));
            let drawn = draw(Language::English, &curve, "smooth loss", 40, false);
            assert!(drawn.lines().all(|line| line.len() <= 40), "{drawn}");
            assert!(drawn.lines().nth(2).unwrap().starts_with(&" ".repeat(NAMES)));
        }
    }

    #[test]
    fn a_small_curve_shows_what_has_been_learned_of_late() {
        let small = small(&Curve::falling(500), 60, 4, true);
        assert_eq!(small.len(), 4);
        // After a twentieth of the updates the loss is 42.3, at their end 40.1.
        assert!(small[0].starts_with("    42.31  "), "{small:?}");
        assert!(small[3].starts_with("    40.12  "), "{small:?}");
        assert!(small.iter().all(|line| columns_of(line) <= 59));
        let blank = |line: &String| line[NAMES..].trim().is_empty();
        assert!(!small.iter().any(blank), "{small:?}");
        assert!(super::small(&Curve::falling(500), 20, 4, true).is_empty());
    }

    #[test]
    fn updates_have_their_place_however_many_rows_there_are_of_them() {
        let mut curve = Curve::new();
        (0..100).for_each(|n| curve.push(n, 2.0, 2.0));
        curve.push(1000, 1.0, 1.0);
        let drawn = draw(Language::English, &curve, "smooth loss", 80, false);
        let first = drawn.lines().nth(1).unwrap();
        assert_eq!(first.matches('*').count(), 68, "{drawn}");
    }

    #[test]
    fn a_curve_needs_two_points() {
        assert_eq!(draw(Language::English, &Curve::falling(0), "smooth loss", 80, true), "");
        assert_eq!(draw(Language::English, &Curve::falling(1), "smooth loss", 80, true), "");
        // A constant loss is a line.
        let mut flat = Curve::new();
        (0..9).for_each(|n| flat.push(n, 1.0, 1.0));
        assert_eq!(
            draw(Language::English, &flat, "smooth loss", 80, false).matches('*').count(),
            69
        );
    }

    #[test]
    fn several_runs_have_a_letter_each_and_take_turns_where_they_meet() {
        let mut high = Curve::new();
        let mut short = Curve::new();
        for n in 0..100 {
            high.push(n, 2.0, 2.0);
            if n < 50 {
                short.push(n, 1.0, 1.0);
            }
        }
        let text = several(&[&high, &short, &short], (1.0, 2.0), "losses", 60);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), MANY_LINES + 2);
        assert_eq!(lines[0], "losses");
        assert_eq!(lines[1], format!("    2.000 {}", "a".repeat(49)));
        assert!(lines[MANY_LINES].starts_with("    1.000 bcbcbcbc"), "{text}");
        let end = lines[MANY_LINES].len() - 10;
        assert!((24..=27).contains(&end), "{text}");
        assert!(lines[2..MANY_LINES].iter().all(|line| line.trim().is_empty()));
        assert!(lines[MANY_LINES + 1].ends_with(" 99 updates"));
        assert!(lines.iter().all(|line| columns_of(line) < 60));
        assert_eq!(several(&[&high], (1.0, 2.0), "losses", 30), "");
        assert_eq!(several(&[], (1.0, 2.0), "losses", 60), "");
        // What is above the range is not drawn, and what comes down from there is.
        let text = several(&[&high], (0.0, 1.0), "", 60);
        assert_eq!(text.matches('a').count(), 1, "that of updates");
        let text = several(&[&Curve::falling(100), &high], (1.0, 60.0), "losses", 60);
        assert!(text.lines().nth(1).unwrap().contains('a'));
    }

    #[test]
    fn letters_are_never_used_up() {
        let letters = [0, 25, 26, 51, 52, 61, 62, 63].map(letter);
        assert_eq!(letters, ['a', 'z', 'A', 'Z', '0', '9', 'a', 'b']);
    }
}
