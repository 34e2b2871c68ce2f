//! The loss curve in text, for a terminal.

use super::curve::{Curve, Point};
use super::terminal::{short_loss, thousands};
use std::fmt::Write as _;

/// Lines that the curve takes.
const LINES: usize = 12;
/// Columns before it, where losses are named.
const NAMES: usize = 9;
/// Columns of the curve: fewer say nothing, more are not needed.
const NARROWEST: usize = 20;
const WIDEST: usize = 90;

/// The smooth loss, `columns` wide at most: dots of Braille patterns, or stars where the terminal does
/// not show UTF-8. Empty where there is no curve or no room.
pub fn draw(curve: &Curve, columns: usize, utf8: bool) -> String {
    let whole = curve.range(0);
    let lines = lines(curve, whole, columns, LINES, utf8);
    let Some(last) = curve.points().last().filter(|_| !lines.is_empty()) else {
        return String::new();
    };
    let width = width(columns);
    let mut drawn = format!("{:>NAMES$}\n", "smooth loss");
    lines.iter().for_each(|line| drawn += &format!("{line}\n"));
    let last = format!("{} updates", thousands(last.iteration));
    let _ = writeln!(drawn, "{:NAMES$} 0{last:>1$}", "", width - 1);
    drawn
}

/// As [`draw`], in so many lines and without words. The first twentieth of the updates, in which the loss falls most,
/// may be left out above.
pub fn small(curve: &Curve, columns: usize, count: usize, utf8: bool) -> Vec<String> {
    let last = curve.points().last().map_or(0, |last| last.iteration);
    lines(curve, curve.range(last / 20), columns, count, utf8)
}

/// Columns of the curve itself.
fn width(columns: usize) -> usize {
    columns.saturating_sub(NAMES + 2).min(WIDEST)
}

/// The lines of the curve, with the ends of the range before them.
fn lines(
    curve: &Curve,
    range: (f64, f64),
    columns: usize,
    count: usize,
    utf8: bool,
) -> Vec<String> {
    let width = width(columns);
    if curve.points().len() < 2 || width < NARROWEST {
        return Vec::new();
    }
    let cells = cells(curve.points(), range, [width, count], utf8);
    let line = |(line, cells): (usize, &[u8])| {
        let name = match line {
            0 => short_loss(range.1, 4),
            line if line == count - 1 => short_loss(range.0, 4),
            _ => String::new(),
        };
        let cells: String = cells.iter().map(|&cell| glyph(cell, utf8)).collect();
        format!("{name:>NAMES$} {}", cells.trim_end())
    };
    cells.chunks(width).enumerate().map(line).collect()
}

/// The dots of every cell, line by line, `size` columns and lines. Each column of dots reaches from the one
/// before to its own height, so that the curve has no gaps. What is above the range is not drawn.
fn cells(points: &[Point], (low, high): (f64, f64), size: [usize; 2], utf8: bool) -> Vec<u8> {
    let [width, count] = size;
    let (across, down) = if utf8 { (2, 4) } else { (1, 1) };
    let (dots_x, dots_y) = (width * across, (count * down) as i64);
    // A flat curve lies at the top.
    let range = (high - low).max(1e-9 * high).max(f64::MIN_POSITIVE);
    let height = |x: usize| {
        let point = points[x * (points.len() - 1) / (dots_x - 1)];
        let share = (high - point.smooth) / range;
        ((share * (dots_y - 1) as f64).round() as i64).clamp(-1, dots_y - 1)
    };
    let mut cells = vec![0; width * count];
    let mut before = height(0);
    for x in 0..dots_x {
        let now = height(x);
        let (top, bottom) = match before {
            before if before < now => (before + 1, now),
            before if before > now => (now, before - 1),
            _ => (now, now),
        };
        for y in top.max(0)..=bottom {
            let y = y as usize;
            cells[y / down * width + x / across] |= dot(x % across, y % down);
        }
        before = now;
    }
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
    use super::super::terminal::columns_of;
    use super::*;

    #[test]
    fn the_curve_fits_its_columns() {
        for columns in [0, 30, 31, 40, 80, 300] {
            for utf8 in [false, true] {
                let drawn = draw(&Curve::falling(500), columns, utf8);
                assert_eq!(drawn.is_empty(), columns < 31);
                let widest = drawn.lines().map(|line| line.chars().count()).max();
                assert!(widest.unwrap_or(0) <= columns);
                assert_eq!(drawn.is_ascii(), !utf8 || drawn.is_empty());
            }
        }
    }

    #[test]
    fn the_curve_has_its_ends_and_no_gaps() {
        let drawn = draw(&Curve::falling(500), 80, false);
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
            let drawn = draw(&curve, 40, false);
            assert!(drawn.lines().all(|line| line.len() <= 40), "{drawn}");
            assert!(
                drawn
                    .lines()
                    .nth(2)
                    .unwrap()
                    .starts_with(&" ".repeat(NAMES))
            );
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
    fn a_curve_needs_two_points() {
        assert_eq!(draw(&Curve::falling(0), 80, true), "");
        assert_eq!(draw(&Curve::falling(1), 80, true), "");
        // A constant loss is a line.
        let mut flat = Curve::new();
        (0..9).for_each(|n| flat.push(n, 1.0, 1.0));
        assert_eq!(draw(&flat, 80, false).matches('*').count(), 69);
    }
}
