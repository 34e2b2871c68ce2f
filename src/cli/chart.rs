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
/// Room for one digit of an epoch's number and what keeps it apart from the next, in pixels.
const EPOCH_DIGIT: f64 = 10.0;
/// From so many updates on, the axis counts millions or more: the whole numbers would not fit.
const MANY_UPDATES: f64 = 1e7;

/// A flat curve gets at least this share of its height as the range of the axis: labels of neighbouring
/// ticks differ then, and stay short.
const FLATTEST: f64 = 0.005;

/// A scale of an axis: from where to where it goes, and what lies between two ticks. Its numbers are
/// multiples of 10^power.
#[derive(Debug)]
struct Scale {
    low: f64,
    high: f64,
    step: f64,
    power: i32,
}

impl Scale {
    /// Updates from 0 on; there are no halves of them.
    fn updates(iterations: u64) -> Self {
        let high = iterations.max(1) as f64;
        let step = round_step(high / 10.0).max(1.0);
        let power = if high < MANY_UPDATES { 0 } else { power(step) };
        Scale {
            low: 0.0,
            high: high / unit(power),
            step: step / unit(power),
            power,
        }
    }

    /// Losses: all of the smooth one, and the raw one from below.
    fn losses(points: &[Point]) -> Self {
        let smooth = points.iter().map(|point| point.smooth);
        let lowest = points.iter().map(|point| point.low.min(point.smooth));
        let high = smooth.fold(0.0, f64::max);
        let power = power(high);
        let unit = unit(power);
        let (low, high) = (lowest.fold(high, f64::min) / unit, high / unit);
        let least = if high < 1e-9 { 1.0 } else { FLATTEST * high };
        let more = (least - (high - low)).max(0.0);
        let (low, high) = ((low - more / 2.0).max(0.0), high + more / 2.0);
        let step = round_step((high - low) / 8.0);
        // A curve on the frame would show half its width.
        let below = if low < step / 4.0 { step / 4.0 } else { 0.0 };
        Scale {
            low: (low / step).floor() * step - below,
            high: (high / step).ceil() * step,
            step,
            power,
        }
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (step, first) = (self.step, (self.low / self.step).round());
        let count = ((self.high - self.low) / step + 1e-6).floor() as u64;
        (0..=count).map(move |i| (first + i as f64) * step)
    }

    /// Digits after the point that tell neighbouring ticks apart.
    fn decimals(&self) -> usize {
        (0..20)
            .find(|&digits| self.step * unit(digits) > 0.999)
            .map_or(0, |digits| digits as usize)
    }

    /// What the axis counts.
    fn of(&self, what: &str) -> String {
        match self.power {
            0 => what.to_string(),
            power => format!("1e{power} {what}"),
        }
    }

    /// Where a number of the axis lies, from 0 at its low end to 1 at its high end.
    fn share(&self, number: f64) -> f64 {
        (number - self.low) / (self.high - self.low)
    }

    /// As [`Scale::share`] for a value that is not yet in the units of the axis; what is far outside the
    /// picture need not be any farther.
    fn share_of(&self, value: f64) -> f64 {
        self.share(value / unit(self.power)).min(100.0)
    }
}

/// The power of ten, a multiple of 3, that leaves a number up to three digits before the point. Numbers
/// that are short anyway need none.
fn power(number: f64) -> i32 {
    if (0.01..1e4).contains(&number) || number < 1e-9 {
        return 0;
    }
    let mut power = 0;
    while number / unit(power) >= 1000.0 {
        power += 3;
    }
    while number / unit(power) < 1.0 {
        power -= 3;
    }
    power
}

/// 10^power. The power function of the standard library is not the same on every machine.
fn unit(power: i32) -> f64 {
    let unit = (0..power.abs()).fold(1.0, |unit, _| unit * 10.0);
    if power < 0 { 1.0 / unit } else { unit }
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
    let x = Scale::updates(iterations);
    let y = Scale::losses(curve.points());
    [
        head(title),
        grid(&x, &y),
        epochs(iterations, updates_per_epoch, &x),
        curves(curve.points(), &x, &y),
        frame(title, &x, &y),
        legend(),
        "</svg>\n".to_string(),
    ]
    .concat()
}

/// Pixels from the left.
fn across(share: f64) -> f64 {
    LEFT + share * (RIGHT - LEFT)
}

/// Pixels from the top.
fn down(share: f64) -> f64 {
    BOTTOM - share * (BOTTOM - TOP)
}

/// A line and a name for every tick.
fn grid(x: &Scale, y: &Scale) -> String {
    let mut svg = String::new();
    for n in x.ticks() {
        let (at, name) = (across(x.share(n)), thousands(n as u64));
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>\n\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>\n",
            BOTTOM + 20.0
        );
    }
    let digits = y.decimals();
    for loss in y.ticks() {
        let at = down(y.share(loss));
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{loss:.digits$}</text>\n",
            LEFT - 8.0,
            at + 4.0
        );
    }
    svg
}

/// The raw loss, and the smooth one before it.
fn curves(points: &[Point], x: &Scale, y: &Scale) -> String {
    let (mut raw, mut smooth) = (String::new(), String::new());
    let up = |loss| down(y.share_of(loss));
    for point in points {
        let at = across(x.share_of(point.iteration as f64));
        let _ = write!(raw, "{at:.1},{:.1} ", up(point.low));
        if point.high > point.low {
            let _ = write!(raw, "{at:.1},{:.1} ", up(point.high));
        }
        let _ = write!(smooth, "{at:.1},{:.1} ", up(point.smooth));
    }
    let (raw, smooth) = (raw.trim_end(), smooth.trim_end());
    let mut svg = format!(
        "<g clip-path=\"url(#frame)\">\n<polyline class=\"raw\" points=\"{raw}\"/>\n\
         <polyline class=\"smooth\" points=\"{smooth}\"/>\n</g>\n"
    );
    // One point alone makes no line.
    if let [point] = points {
        let (x, y) = (across(x.share_of(point.iteration as f64)), up(point.smooth));
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#14508c\"/>"
        );
    }
    svg
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
fn epochs(iterations: u64, updates_per_epoch: u64, x: &Scale) -> String {
    let mut svg = String::new();
    let count = iterations / updates_per_epoch.max(1);
    let digits = count.to_string().len() as f64;
    let most = ((RIGHT - LEFT) / (EPOCH_DIGIT * digits)).min(EPOCH_MARKS);
    let every = round_step((count as f64 / most).max(1.0)) as u64;
    // The first update of every epoch that is marked.
    let marks = (1..).map_while(|mark: u64| {
        let epoch = mark.checked_mul(every)?;
        let update = epoch.checked_mul(updates_per_epoch)?;
        (update < iterations).then_some((epoch, update))
    });
    for (epoch, update) in marks {
        let at = across(x.share_of(update as f64));
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

/// The frame, and what its axes mean.
fn frame(title: &Title, x: &Scale, y: &Scale) -> String {
    let (width, height) = (RIGHT - LEFT, BOTTOM - TOP);
    let (middle_x, middle_y) = ((LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0);
    let (T, bottom) = (title.sequence_length, HEIGHT - 20.0);
    let (updates, nats) = (x.of("updates"), y.of("nats"));
    format!(
        "<rect class=\"frame\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\"/>\n\
         <text x=\"{middle_x}\" y=\"{bottom}\" text-anchor=\"middle\">{updates} of {T} characters</text>\n\
         <text transform=\"translate(22 {middle_y}) rotate(-90)\" text-anchor=\"middle\">\
         loss ({nats}, summed over {T} characters)</text>\n"
    )
}

fn legend() -> String {
    let (x, y, name_x) = (RIGHT - 160.0, TOP + 26.0, RIGHT - 122.0);
    format!(
        "<rect x=\"{box_x}\" y=\"{box_y}\" width=\"162\" height=\"54\" fill=\"white\" fill-opacity=\"0.9\"/>\n\
         <path class=\"smooth\" d=\"M{x} {y}h28\"/><text x=\"{name_x}\" y=\"{name_y}\">smooth loss</text>\n\
         <path class=\"raw\" d=\"M{x} {y2}h28\"/><text x=\"{name_x}\" y=\"{name_y2}\">loss of a chunk</text>\n",
        box_x = x - 10.0,
        box_y = TOP + 6.0,
        name_y = y + 4.0,
        y2 = y + 22.0,
        name_y2 = y + 26.0,
    )
}

/// A long name would run out of the picture; so many of the widest letters just fit.
fn shorten(name: &str) -> String {
    const SHOWN: usize = 28;
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
    fn a_long_name_is_cut_in_the_title() {
        for (name, shown) in [
            ("a".repeat(28), "a".repeat(28)),
            ("a".repeat(200), "a".repeat(28) + "..."),
            ("\u{672c}".repeat(29), "\u{672c}".repeat(28) + "..."),
        ] {
            let svg = svg(&title(&name), &Curve::falling(9), 9, 9);
            let heading = format!(">Loss while learning {shown}, m = 100</text>");
            assert!(svg.contains(&heading), "{heading} is missing");
            // The title for those who cannot see it is whole.
            assert!(svg.contains(&format!("<title>Loss while learning {name}</title>")));
        }
    }

    #[test]
    fn many_updates_are_counted_in_millions_or_more() {
        for (iterations, last, counted) in [
            (9_000_000, "9,000,000", ">updates of 25"),
            (10_000_000, "10", ">1e6 updates of 25"),
            (1_000_000_000, "1,000", ">1e6 updates of 25"),
            (2_000_000_000, "2,000", ">1e6 updates of 25"),
            (u64::MAX, "18", ">1e18 updates of 25"),
        ] {
            let svg = svg(&title("x"), &Curve::falling(9), iterations, 3000);
            assert_eq!(names(&svg, "middle").last(), Some(&last));
            assert!(svg.contains(counted), "{counted} is missing");
        }
        // Epochs with long numbers are marked less often.
        let svg = svg(&title("x"), &Curve::falling(9), 1_000_000_000_000, 1);
        assert!(svg.matches("class=\"epoch\"").count() < 6);
        // The points keep their places.
        let (x, few) = (Scale::updates(50_000_000), Scale::updates(50_000));
        assert_eq!(x.share_of(1e7), few.share_of(1e4));
    }

    #[test]
    fn a_curve_at_zero_is_clear_of_the_frame() {
        for losses in [[0.0, 0.0], [100.0, 0.0], [100.0, 0.1]] {
            let mut curve = Curve::new();
            (0..2).for_each(|n| curve.push(n as u64, losses[n], losses[n]));
            let y = Scale::losses(curve.points());
            assert!(down(y.share_of(losses[1])) < BOTTOM - 2.0, "{y:?}");
            assert_eq!(y.ticks().next(), Some(0.0));
        }
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

    /// The names of the ticks of one axis.
    fn names<'a>(svg: &'a str, anchor: &str) -> Vec<&'a str> {
        let ticks = svg.split("class=\"grid\"").skip(1);
        let texts = ticks.map(|tick| tick.split("</text>").next().unwrap());
        let names = texts.filter(|text| text.contains(anchor));
        let names = names.map(|text| text.rsplit('>').next().unwrap());
        names.collect()
    }

    #[test]
    fn neighbouring_ticks_have_names_of_their_own() {
        let falling: Vec<f64> = (0..5).map(|n| 105.0 - n as f64).collect();
        for (losses, iterations) in [
            (vec![0.0; 5], 5),
            (vec![1e14; 5], 5),
            (vec![50.0], 1),
            (vec![1e14], 1),
            (vec![f64::MAX; 3], 3),
            (vec![f64::MAX, 0.0], 2),
            (vec![f64::from_bits(1); 3], 3),
            (vec![3e-5, 2e-5], 100),
            (vec![9999.0, 9998.0], 15),
            (falling, 5),
        ] {
            let mut curve = Curve::new();
            for (n, &loss) in losses.iter().enumerate() {
                curve.push(n as u64, loss, loss);
            }
            let svg = svg(&title("x"), &curve, iterations, 3);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{losses:?}");
            for anchor in ["middle", "end"] {
                let names = names(&svg, anchor);
                assert!((2..=17).contains(&names.len()), "{losses:?}: {names:?}");
                let distinct: std::collections::HashSet<_> = names.iter().collect();
                assert_eq!(distinct.len(), names.len(), "{losses:?}: {names:?}");
                let longest = names.iter().map(|name| name.len()).max();
                assert!(longest <= Some(5), "{losses:?}: {names:?}");
            }
        }
    }

    #[test]
    fn short_runs_have_whole_updates_on_their_axis() {
        let svg = svg(&title("x"), &Curve::falling(1), 5, 100);
        assert_eq!(names(&svg, "middle"), ["0", "1", "2", "3", "4", "5"]);
        assert!(svg.contains("<circle cx=\"74.0\""));
    }
}
