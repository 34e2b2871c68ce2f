//! The loss curve in text, for a terminal.

use super::curve::{Curve, Point};
use super::terminal::thousands;
use std::fmt::Write as _;

/// Lines that the curve takes.
const LINES: usize = 12;
/// Columns before it, where losses are named.
const NAMES: usize = 8;
/// Columns of the curve: fewer say nothing, more are not needed.
const NARROWEST: usize = 20;
const WIDEST: usize = 90;

/// The smooth loss, `columns` wide at most: dots of Braille patterns, or stars where the terminal does
/// not show UTF-8. Empty where there is no curve or no room.
pub fn draw(curve: &Curve, columns: usize, utf8: bool) -> String {
    let points = curve.points();
    let width = columns.saturating_sub(NAMES + 2).min(WIDEST);
    if points.len() < 2 || width < NARROWEST {
        return String::new();
    }
    let (low, high) = range(points);
    let mut drawn = format!("{:>NAMES$}\n", "smooth loss");
    for (line, cells) in cells(points, width, utf8).chunks(width).enumerate() {
        let name = match line {
            0 => name_of(high),
            line if line == LINES - 1 => name_of(low),
            _ => String::new(),
        };
        let cells: String = cells.iter().map(|&cell| glyph(cell, utf8)).collect();
        let _ = writeln!(drawn, "{name:>NAMES$} {}", cells.trim_end());
    }
    let last = format!("{} updates", thousands(points[points.len() - 1].iteration));
    let _ = writeln!(drawn, "{:NAMES$} 0{last:>1$}", "", width - 1);
    drawn
}

/// A loss in at most [`NAMES`] columns.
fn name_of(loss: f64) -> String {
    match loss {
        loss if loss < 999_999.0 => format!("{loss:.1}"),
        loss => format!("{loss:.1e}"),
    }
}

fn range(points: &[Point]) -> (f64, f64) {
    let smooth = || points.iter().map(|point| point.smooth);
    let low = smooth().fold(f64::INFINITY, f64::min);
    let high = smooth().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

/// The dots of every cell, line by line. Each column of dots reaches from the one before to its own
/// height, so that the curve has no gaps.
fn cells(points: &[Point], width: usize, utf8: bool) -> Vec<u8> {
    let (across, down) = if utf8 { (2, 4) } else { (1, 1) };
    let (dots_x, dots_y) = (width * across, LINES * down);
    let (low, high) = range(points);
    let height = |x: usize| {
        let point = points[x * (points.len() - 1) / (dots_x - 1)];
        let share = (high - point.smooth) / (high - low).max(1e-9);
        ((share * (dots_y - 1) as f64).round() as usize).min(dots_y - 1)
    };
    let mut cells = vec![0; width * LINES];
    let mut before = height(0);
    for x in 0..dots_x {
        let now = height(x);
        let (top, bottom) = match before {
            before if before < now => (before + 1, now),
            before if before > now => (now, before - 1),
            _ => (now, now),
        };
        for y in top..=bottom {
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
    use super::*;

    #[test]
    fn the_curve_fits_its_columns() {
        for columns in [0, 29, 30, 40, 80, 300] {
            for utf8 in [false, true] {
                let drawn = draw(&Curve::falling(500), columns, utf8);
                assert_eq!(drawn.is_empty(), columns < 30);
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
        assert!(lines[1].starts_with("   100.0 *"));
        assert!(lines[LINES].starts_with("    40.1"));
        assert!(lines[LINES].ends_with('*'));
        assert!(lines[1..=LINES].iter().all(|line| line.contains('*')));
        assert!(lines[LINES + 1].ends_with("49,900 updates"));
    }

    #[test]
    fn losses_of_any_size_have_room_for_their_names() {
        for loss in [0.0, 5e-324, 104.36, 999_999.96, 1e14, f64::MAX] {
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
    fn a_curve_needs_two_points() {
        assert_eq!(draw(&Curve::falling(0), 80, true), "");
        assert_eq!(draw(&Curve::falling(1), 80, true), "");
        // A constant loss is a line.
        let mut flat = Curve::new();
        (0..9).for_each(|n| flat.push(n, 1.0, 1.0));
        assert_eq!(draw(&flat, 80, false).matches('*').count(), 70);
    }
}
