//! The loss curve as a picture.

use super::curve::{Curve, Point};
use super::terminal::thousands;
use std::fmt::Write as _;

/// What the chart is of.
pub struct Title {
    /// What the text is called.
    pub text: String,
    /// Hidden units m.
    pub hidden: usize,
    /// Characters of one update T.
    pub sequence_length: usize,
}

/// Size of the picture and of the frame inside it, in pixels.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 846.0;
const TOP: f64 = 62.0;
const BOTTOM: f64 = 456.0;
/// At most so many epochs are marked; of more, every second, fifth, tenth ...
const EPOCH_MARKS: f64 = 20.0;

/// A scale of an axis: where values are drawn, and which are named.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// Round numbers around `low` to `high`, at most `ticks` steps apart.
    fn around(low: f64, high: f64, ticks: f64) -> Self {
        let step = round_step((high - low).max(1e-9) / ticks);
        Scale {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (low, step) = (self.low, self.step);
        let count = ((self.high - low) / step).round() as u64;
        (0..=count).map(move |i| low + i as f64 * step)
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 ... (and 0.5, 0.2 ...) that is not below `least`.
fn round_step(least: f64) -> f64 {
    let mut power = 1.0;
    while power < least {
        power *= 10.0;
    }
    while power / 10.0 >= least {
        power /= 10.0;
    }
    let choices = [power / 5.0, power / 2.0, power];
    choices
        .into_iter()
        .find(|&step| step >= least)
        .unwrap_or(power)
}

/// The chart as SVG: the raw loss faint behind the smooth one, over the updates, epochs marked.
pub fn svg(title: &Title, curve: &Curve, iterations: u64, updates_per_epoch: u64) -> String {
    let points = curve.points();
    let x = Scale {
        low: 0.0,
        ..Scale::around(0.0, iterations.max(1) as f64, 10.0)
    };
    let x = Scale {
        high: iterations.max(1) as f64,
        ..x
    };
    let y = losses(points);
    let mut svg = head(title);
    let at = |n: f64| LEFT + x.share(n) * (RIGHT - LEFT);
    let up = |loss: f64| BOTTOM - y.share(loss) * (BOTTOM - TOP);

    for n in x.ticks().filter(|&n| n <= x.high) {
        let (at, name) = (at(n), thousands(n as u64));
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>\n\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>\n",
            BOTTOM + 20.0
        );
    }
    for loss in y.ticks() {
        let (up, digits) = (up(loss), if y.step < 1.0 { 1 } else { 0 });
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {up:.1}H{RIGHT}\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{loss:.digits$}</text>\n",
            LEFT - 8.0,
            up + 4.0
        );
    }
    svg += &epochs(iterations, updates_per_epoch, at);

    let mut raw = String::new();
    let mut smooth = String::new();
    for point in points {
        let at = at(point.iteration as f64);
        let _ = write!(raw, "{at:.1},{:.1} ", up(point.low));
        if point.high > point.low {
            let _ = write!(raw, "{at:.1},{:.1} ", up(point.high));
        }
        let _ = write!(smooth, "{at:.1},{:.1} ", up(point.smooth));
    }
    let _ = write!(
        svg,
        "<g clip-path=\"url(#frame)\">\n<polyline class=\"raw\" points=\"{}\"/>\n\
         <polyline class=\"smooth\" points=\"{}\"/>\n</g>\n",
        raw.trim_end(),
        smooth.trim_end()
    );
    svg + &frame_and_legend(title) + "</svg>\n"
}

/// The scale of the losses: all of the smooth one, and the raw one from below.
fn losses(points: &[Point]) -> Scale {
    let low = points
        .iter()
        .map(|p| p.low.min(p.smooth))
        .fold(f64::INFINITY, f64::min);
    let high = points
        .iter()
        .map(|p| p.smooth)
        .fold(f64::NEG_INFINITY, f64::max);
    if points.is_empty() {
        return Scale::around(0.0, 1.0, 5.0);
    }
    Scale::around(low, high.max(low + 1e-6), 8.0)
}

fn head(title: &Title) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" \
         font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\" \
         font-size=\"13\">\n\
         <style>\n\
         text {{ fill: #33373d }} .grid {{ stroke: #e4e7eb }} .epoch {{ stroke: #8d949e; stroke-dasharray: 3 4 }}\n\
         .epoch-name {{ fill: #6b727c; font-size: 11px }} .frame {{ fill: none; stroke: #33373d }}\n\
         .raw {{ fill: none; stroke: #9dbfe3; stroke-width: 1; stroke-linejoin: round }}\n\
         .smooth {{ fill: none; stroke: #14508c; stroke-width: 2.2; stroke-linejoin: round }}\n\
         </style>\n\
         <title>Loss while learning {0}</title>\n\
         <clipPath id=\"frame\"><rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{1}\" height=\"{2}\"/></clipPath>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"30\" font-size=\"17\" font-weight=\"600\">Loss while learning {3}, m = {4}</text>\n",
        escape(&title.text),
        RIGHT - LEFT,
        BOTTOM - TOP,
        escape(&shorten(&title.text)),
        title.hidden,
    )
}

/// A dashed line where each epoch after the first begins.
fn epochs(iterations: u64, updates_per_epoch: u64, at: impl Fn(f64) -> f64) -> String {
    let mut svg = String::new();
    let count = iterations / updates_per_epoch.max(1);
    let every = round_step((count as f64 / EPOCH_MARKS).max(1.0)) as u64;
    // The first update of every epoch that is marked.
    let marks = (1..).map_while(|mark: u64| {
        let epoch = mark.checked_mul(every)?;
        let update = epoch.checked_mul(updates_per_epoch)?;
        (update < iterations).then_some((epoch, update))
    });
    for (epoch, update) in marks {
        let at = at(update as f64);
        let _ = write!(
            svg,
            "<path class=\"epoch\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>\n\
             <text class=\"epoch-name\" x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{epoch}</text>\n",
            TOP - 6.0
        );
    }
    if !svg.is_empty() {
        let _ = writeln!(
            svg,
            "<text class=\"epoch-name\" x=\"{}\" y=\"{}\">epoch</text>",
            RIGHT + 8.0,
            TOP - 6.0
        );
    }
    svg
}

fn frame_and_legend(title: &Title) -> String {
    let (width, height) = (RIGHT - LEFT, BOTTOM - TOP);
    let (middle_x, middle_y) = ((LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0);
    let (x, y, name_x) = (RIGHT - 160.0, TOP + 26.0, RIGHT - 122.0);
    format!(
        "<rect class=\"frame\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\"/>\n\
         <text x=\"{middle_x}\" y=\"{bottom}\" text-anchor=\"middle\">updates of {T} characters</text>\n\
         <text transform=\"translate(22 {middle_y}) rotate(-90)\" text-anchor=\"middle\">\
         loss (nats, summed over {T} characters)</text>\n\
         <rect x=\"{box_x}\" y=\"{box_y}\" width=\"162\" height=\"54\" fill=\"white\" fill-opacity=\"0.9\"/>\n\
         <path class=\"smooth\" d=\"M{x} {y}h28\"/><text x=\"{name_x}\" y=\"{name_y}\">smooth loss</text>\n\
         <path class=\"raw\" d=\"M{x} {y2}h28\"/><text x=\"{name_x}\" y=\"{name_y2}\">loss of a chunk</text>\n",
        T = title.sequence_length,
        bottom = HEIGHT - 20.0,
        box_x = x - 10.0,
        box_y = TOP + 6.0,
        name_y = y + 4.0,
        y2 = y + 22.0,
        name_y2 = y + 26.0,
    )
}

/// A long name would run out of the picture.
fn shorten(name: &str) -> String {
    const SHOWN: usize = 60;
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_string(),
    }
}

/// Text for XML; characters that XML cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> Title {
        Title {
            text: text.into(),
            hidden: 100,
            sequence_length: 25,
        }
    }

    #[test]
    fn steps_are_round() {
        for (least, step) in [
            (0.3, 0.5),
            (1.0, 1.0),
            (1.1, 2.0),
            (2.5, 5.0),
            (7.0, 10.0),
            (0.012, 0.02),
        ] {
            assert!((round_step(least) - step).abs() < 1e-12, "{least}");
        }
    }

    #[test]
    fn the_picture_names_axes_units_and_epochs() {
        let svg = svg(&title("a <b> & c"), &Curve::falling(1000), 100_000, 44_615);
        for part in [
            "a &lt;b&gt; &amp; c, m = 100",
            "updates of 25 characters",
            "loss (nats, summed over 25 characters)",
            ">100,000</text>",
            "class=\"raw\"",
            "class=\"smooth\"",
            ">epoch</text>",
            ">2</text>",
        ] {
            assert!(svg.contains(part), "{part} is missing");
        }
        assert_eq!(svg.matches("class=\"epoch\"").count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn any_run_has_a_picture() {
        for (rows, iterations, per_epoch) in
            [(0, 0, 1), (1, 1, 1), (2, 150, 1), (1000, u64::MAX, 1)]
        {
            let svg = svg(&title("x"), &Curve::falling(rows), iterations, per_epoch);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{rows} rows");
            assert!(svg.matches("class=\"epoch\"").count() <= 20);
            assert!(svg.len() < 200_000);
        }
    }
}
