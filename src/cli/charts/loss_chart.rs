//! The losses of one run as an SVG chart.

use crate::cli::charts::curve::{Curve, Point};
use crate::cli::charts::scale::{Scale, round_step};
use crate::cli::charts::svg::{self, Axes, Frame, WIDE};
use crate::cli::format::thousands;
use crate::cli::language::Language;
use elman::{Loss, Settings};
use std::fmt::Write as _;

/// How often a run at work draws its chart anew, and a browser loads it again.
pub const REFRESH_SECONDS: u64 = 2;

/// The most epochs that are marked; of more, every second, fifth, tenth ...
const EPOCH_MARKS: f64 = 20.0;
/// Pixels for each digit of an epoch's number, the gap to the next number included.
const EPOCH_DIGIT: f64 = 10.0;

const STYLE: &str = "\
text { fill: #33373d } .grid { stroke: #e4e7eb } .epoch { stroke: #8d949e; stroke-dasharray: 3 4 }
.epoch-name { fill: #6b727c; font-size: 11px } .frame { fill: none; stroke: #33373d }
.raw { fill: none; stroke: #9dbfe3; stroke-width: 1; stroke-linejoin: round }
.smooth { fill: none; stroke: #14508c; stroke-width: 2.2; stroke-linejoin: round }
.smooth-dot { fill: #14508c } .behind { fill: white; fill-opacity: 0.9 }
@media (prefers-color-scheme: dark) {
text { fill: #e3e5e7 } .paper, .behind { fill: #15181b } .grid { stroke: #282d32 } .frame { stroke: #a4abb4 }
.epoch { stroke: #6b727c } .epoch-name { fill: #a4abb4 } .raw { stroke: #476c92 } .smooth { stroke: #83b9f0 } .smooth-dot { fill: #83b9f0 } }
";
const VALIDATION_STYLE: &str = "\
.validation { fill: none; stroke: #c2500a; stroke-width: 2.2; stroke-linejoin: round }
.validation-dot { fill: #c2500a }
@media (prefers-color-scheme: dark) { .validation { stroke: #f19d63 } .validation-dot { fill: #f19d63 } }
";

/// The chart of a run that learns the text of this name: the raw loss, the smooth loss and the validation loss over the
/// updates, with the epochs marked. The chart of a run that is to make more than `updates` asks the browser to load it
/// again.
pub fn svg(
    text: &str,
    settings: &Settings,
    curve: &Curve,
    updates: u64,
    iterations: u64,
    updates_per_epoch: u64,
) -> String {
    let axes = axes(&WIDE, Language::English, curve, iterations);
    let size = (iterations, updates_per_epoch);
    let style = match curve.validation() {
        [] => STYLE.to_string(),
        _ => [STYLE, VALIDATION_STYLE].concat(),
    };
    let (title, m) = (format!("Loss while learning {text}"), settings.hidden);
    let heading = format!("Loss while learning {}, m = {m}", svg::isolated(&shorten(text)));
    [
        svg::head(&WIDE, WIDE.height, &style, &title, &heading),
        progress(updates, iterations),
        drawn(&axes, "loss of a chunk", settings, curve, size),
        "</svg>\n".to_string(),
    ]
    .concat()
}

/// The chart for a page that has the styles of [`STYLE`]; `name` describes it to those who cannot see it. `size` is the
/// updates of the run and of an epoch.
pub fn within_page(
    frame: &'static Frame,
    language: Language,
    name: &str,
    settings: &Settings,
    curve: &Curve,
    size: (u64, u64),
) -> String {
    let axes = axes(frame, language, curve, size.0);
    // Not "of a chunk": in a report, chunks are those of `--order chunks`.
    let raw = language.pair("sequence loss", "sekvensförlust");
    // It has no heading, so it begins lower.
    let above = (frame.epoch.1 - 14.0).max(0.0);
    format!(
        "<svg viewBox=\"0 {above} {} {}\" role=\"img\">\n<title>{}</title>\n{}{}</svg>\n",
        frame.width,
        frame.height - above,
        svg::escape(name),
        frame.clip(),
        drawn(&axes, raw, settings, curve, size),
    )
}

fn axes(frame: &'static Frame, language: Language, curve: &Curve, iterations: u64) -> Axes {
    Axes { frame, x: Scale::updates(iterations, frame.updates), y: loss_scale(curve), language }
}

/// `raw` is the name of the raw loss in the legend.
fn drawn(axes: &Axes, raw: &str, settings: &Settings, curve: &Curve, size: (u64, u64)) -> String {
    let (T, language) = (settings.sequence_length, axes.language);
    let updates = axes.x.of(language.pair("updates", "uppdateringar"));
    let nats = axes.y.of(language.pair("nats", "nat"));
    let read = match settings.batch_size {
        1 => T.to_string(),
        B => format!("{B} x {T}"),
    };
    let across = language
        .pair(format!("{updates} of {read} characters"), format!("{updates} om {read} tecken"));
    let down = match settings.loss {
        Loss::Mean => language
            .pair(format!("loss ({nats} per character)"), format!("förlust ({nats} per tecken)")),
        Loss::Sum => language.pair(
            format!("loss ({nats}, summed over {T} characters)"),
            format!("förlust ({nats}, summerad över {T} tecken)"),
        ),
    };
    [
        axes.grid(),
        epochs(axes, size),
        curves(curve, axes),
        axes.frame(&across, &down),
        legend(axes, raw, curve),
    ]
    .concat()
}

/// The axis of the losses: it holds all smooth and validation losses, and the lowest raw loss.
fn loss_scale(curve: &Curve) -> Scale {
    let validation = || curve.validation().iter().map(|&(_, loss)| loss);
    let smooth = curve.points().iter().map(|point| point.smooth);
    let high = smooth.chain(validation()).fold(0.0, f64::max);
    let lows = curve.points().iter().map(|point| point.low.min(point.smooth));
    Scale::losses(lows.chain(validation()).fold(high, f64::min), high)
}

/// Where the run is to go on: how far it is, and the request to load the chart again.
fn progress(updates: u64, iterations: u64) -> String {
    if updates >= iterations {
        return String::new();
    }
    let share = 100 * u128::from(updates) / u128::from(iterations);
    format!(
        "<meta xmlns=\"http://www.w3.org/1999/xhtml\" http-equiv=\"refresh\" content=\"{REFRESH_SECONDS}\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">at update {}, {share} %</text>\n",
        WIDE.right,
        WIDE.height - 20.0,
        thousands(updates),
    )
}

fn curves(curve: &Curve, axes: &Axes) -> String {
    let points = curve.points();
    let raw = points.iter().flat_map(|&Point { iteration, low, high, .. }| {
        let low = Some((iteration, low));
        low.into_iter().chain(low.filter(|&(_, low)| high > low).map(|_| (iteration, high)))
    });
    let raw = axes.points(raw);
    let smooth = axes.points(points.iter().map(|point| (point.iteration, point.smooth)));
    let mut svg = format!(
        "<g clip-path=\"url(#{})\">\n<polyline class=\"raw\" points=\"{raw}\"/>\n\
         <polyline class=\"smooth\" points=\"{smooth}\"/>\n",
        axes.frame.name
    );
    if let [_, _, ..] = curve.validation() {
        let validation = axes.points(curve.validation().iter().copied());
        let _ = writeln!(svg, "<polyline class=\"validation\" points=\"{validation}\"/>");
    }
    svg += "</g>\n";
    // One point alone makes no line.
    if let [point] = points {
        svg += &axes.dot(point.iteration, point.smooth, 3.0, "class=\"smooth-dot\"");
    }
    if curve.validation().len() <= svg::DOTS {
        for &(iteration, loss) in curve.validation() {
            svg += &axes.dot(iteration, loss, 3.0, "class=\"validation-dot\"");
        }
    }
    svg
}

/// A dashed line with its number where each epoch after the first begins.
fn epochs(axes: &Axes, (iterations, updates_per_epoch): (u64, u64)) -> String {
    let mut svg = String::new();
    let Frame { left, right, top, bottom, epoch: (x, y, anchor), .. } = *axes.frame;
    let count = iterations / updates_per_epoch.max(1);
    let digits = count.to_string().len() as f64;
    let most = ((right - left) / (EPOCH_DIGIT * digits)).min(EPOCH_MARKS);
    let every = round_step((count as f64 / most).max(1.0)) as u64;
    // The first update of every epoch that is marked.
    let marks = (1..).map_while(|mark: u64| {
        let epoch = mark.checked_mul(every)?;
        let update = epoch.checked_mul(updates_per_epoch)?;
        (update < iterations).then_some((epoch, update))
    });
    for (epoch, update) in marks {
        let at = axes.frame.across(axes.x.share_of(update as f64));
        let _ = write!(
            svg,
            "<path class=\"epoch\" d=\"M{at:.1} {top}V{bottom}\"/>\n\
             <text class=\"epoch-name\" x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{epoch}</text>\n",
            top - 6.0
        );
    }
    if !svg.is_empty() {
        let _ = writeln!(
            svg,
            "<text class=\"epoch-name\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
            axes.language.pair("epoch", "epok")
        );
    }
    svg
}

fn legend(axes: &Axes, raw: &str, curve: &Curve) -> String {
    let (frame, language) = (axes.frame, axes.language);
    let names = [
        ("smooth", language.pair("smooth loss", "utjämnad förlust")),
        ("raw", raw),
        ("validation", language.pair("validation loss", "valideringsförlust")),
    ];
    let count = if curve.validation().is_empty() { 2 } else { 3 };
    let (x, name_x) = (frame.right - 160.0, frame.right - 122.0);
    let mut svg = format!(
        "<rect class=\"behind\" x=\"{}\" y=\"{}\" width=\"162\" height=\"{}\"/>\n",
        x - 10.0,
        frame.top + 6.0,
        10 + 22 * count,
    );
    for (n, (class, name)) in names[..count].iter().enumerate() {
        let y = frame.top + 26.0 + 22.0 * n as f64;
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{x} {y}h28\"/><text x=\"{name_x}\" y=\"{}\">{name}</text>",
            y + 4.0
        );
    }
    svg
}

/// A name cut to what fits into the picture, however wide its letters are.
fn shorten(name: &str) -> String {
    const SHOWN: usize = 28;
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chart of a run that has ended.
    fn whole(text: &str, curve: &Curve, iterations: u64, updates_per_epoch: u64) -> String {
        svg(text, &Settings::DEFAULT, curve, iterations, iterations, updates_per_epoch)
    }

    #[test]
    fn the_picture_names_axes_units_and_epochs() {
        let svg = whole("a <b> & c", &Curve::falling(1000), 100_000, 44_615);
        for part in [
            "a &lt;b&gt; &amp; c, m = 100",
            "updates of 25 characters",
            "loss (nats, summed over 25 characters)",
            ">100,000</text>",
            "class=\"raw\"",
            "class=\"smooth\"",
            "@media (prefers-color-scheme: dark)",
            ">epoch</text>",
            ">2</text>",
        ] {
            assert!(svg.contains(part), "{part} is missing");
        }
        assert_eq!(svg.matches("class=\"epoch\"").count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn an_update_of_a_batch_reads_several_sequences() {
        let settings = Settings { batch_size: 16, ..Settings::DEFAULT };
        let svg = svg("text", &settings, &Curve::falling(9), 9, 9, 9);
        assert!(svg.contains("updates of 16 x 25 characters"));
    }

    #[test]
    fn a_long_name_is_cut_in_the_title() {
        for (name, shown) in [
            ("a".repeat(28), "a".repeat(28)),
            ("a".repeat(200), "a".repeat(28) + "..."),
            ("\u{672c}".repeat(29), "\u{672c}".repeat(28) + "..."),
        ] {
            let svg = whole(&name, &Curve::falling(9), 9, 9);
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
            let svg = whole("x", &Curve::falling(9), iterations, 3000);
            assert_eq!(names(&svg, "middle").last(), Some(&last));
            assert!(svg.contains(counted), "{counted} is missing");
        }
        // Epochs with long numbers are marked less often.
        let svg = whole("x", &Curve::falling(9), 1_000_000_000_000, 1);
        assert!(svg.matches("class=\"epoch\"").count() < 6);
        // The points keep their places.
        let (x, few) = (Scale::updates(50_000_000, 10.0), Scale::updates(50_000, 10.0));
        assert_eq!(x.share_of(1e7), few.share_of(1e4));
    }

    #[test]
    fn a_curve_at_zero_is_clear_of_the_frame() {
        for losses in [[0.0, 0.0], [100.0, 0.0], [100.0, 0.1]] {
            let mut curve = Curve::new();
            (0..2).for_each(|n| curve.push(n as u64, losses[n], losses[n]));
            let y = loss_scale(&curve);
            assert!(WIDE.down(y.share_of(losses[1])) < WIDE.bottom - 2.0, "{y:?}");
            assert_eq!(y.ticks().next(), Some(0.0));
        }
    }

    #[test]
    fn any_run_has_a_picture() {
        for (rows, iterations, per_epoch) in
            [(0, 0, 1), (1, 1, 1), (2, 150, 1), (1000, u64::MAX, 1)]
        {
            let svg = whole("x", &Curve::falling(rows), iterations, per_epoch);
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
            let svg = whole("x", &curve, iterations, 3);
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
        let svg = whole("x", &Curve::falling(1), 5, 100);
        assert_eq!(names(&svg, "middle"), ["0", "1", "2", "3", "4", "5"]);
        assert!(svg.contains("<circle cx=\"74.0\""));
    }

    #[test]
    fn a_chart_is_loaded_again_until_its_run_ends() {
        let curve = Curve::falling(100);
        let during = svg("x", &Settings::DEFAULT, &curve, 9_900, 100_000, 3000);
        assert_eq!(during.matches("http-equiv=\"refresh\" content=\"2\"").count(), 1);
        assert!(during.contains(">at update 9,900, 9 %</text>"));
        let ended = svg("x", &Settings::DEFAULT, &curve, 100_000, 100_000, 3000);
        assert!(!ended.contains("refresh") && !ended.contains("at update"));
        // There is no other difference.
        let line = |line: &&str| !line.contains("refresh") && !line.contains(" %</text>");
        let rest: Vec<&str> = during.lines().filter(line).collect();
        assert_eq!(rest, ended.lines().collect::<Vec<_>>());
    }

    #[test]
    fn validation_losses_are_drawn_where_there_are_some() {
        let without = whole("x", &Curve::falling(100), 10_000, 3000);
        assert!(!without.contains("validation"));
        assert!(!without.contains("<circle"));
        for (count, lines, dots) in [(1, 0, 1), (2, 1, 2), (50, 1, 50), (51, 1, 0)] {
            let mut curve = Curve::falling(100);
            (0..count).for_each(|n| curve.push_validation(100 * n, 150.0 - n as f64));
            let svg = whole("x", &curve, 10_000, 3000);
            assert_eq!(svg.matches("<polyline class=\"validation\"").count(), lines);
            assert_eq!(svg.matches("<circle").count(), dots);
            assert!(svg.contains(">validation loss</text>"));
            // The axis reaches to them.
            assert!(names(&svg, "end").contains(&"160"), "{svg}");
        }
    }

    #[test]
    fn a_name_that_is_read_from_the_right_is_set_apart() {
        let svg = whole("\u{5d0}\u{5d1}", &Curve::falling(9), 9, 9);
        assert!(svg.contains("learning \u{2068}\u{5d0}\u{5d1}\u{2069}, m = 100</text>"));
    }
}
