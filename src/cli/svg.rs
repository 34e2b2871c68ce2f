//! What the charts have in common: a frame with its axes, and text that XML can hold.

use super::scale::Scale;
use super::terminal::thousands;
use std::fmt::Write as _;

/// Size of the picture and of the frame inside it, in pixels. A picture may be higher.
pub const WIDTH: f64 = 900.0;
pub const HEIGHT: f64 = 520.0;
pub const LEFT: f64 = 74.0;
pub const RIGHT: f64 = 846.0;
pub const TOP: f64 = 62.0;
pub const BOTTOM: f64 = 456.0;

/// Pixels from the left.
pub fn across(share: f64) -> f64 {
    LEFT + share * (RIGHT - LEFT)
}

/// Pixels from the top.
pub fn down(share: f64) -> f64 {
    BOTTOM - share * (BOTTOM - TOP)
}

/// The beginning of a picture: its style, its title for those who cannot see it, and its heading.
pub fn head(height: f64, style: &str, title: &str, heading: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\" \
         font-size=\"13\">\n\
         <style>\n\
         {style}\
         </style>\n\
         <title>{title}</title>\n\
         <clipPath id=\"frame\"><rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{0}\" height=\"{1}\"/></clipPath>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"30\" font-size=\"17\" font-weight=\"600\">{heading}</text>\n",
        RIGHT - LEFT,
        BOTTOM - TOP,
        title = escape(title),
        heading = escape(heading),
    )
}

/// A line and a name for every tick.
pub fn grid(x: &Scale, y: &Scale) -> String {
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

/// The frame, and what its axes mean.
pub fn frame(across: &str, down: &str) -> String {
    let (width, height) = (RIGHT - LEFT, BOTTOM - TOP);
    let (middle_x, middle_y) = ((LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0);
    let below = HEIGHT - 20.0;
    format!(
        "<rect class=\"frame\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\"/>\n\
         <text x=\"{middle_x}\" y=\"{below}\" text-anchor=\"middle\">{across}</text>\n\
         <text transform=\"translate(22 {middle_y}) rotate(-90)\" text-anchor=\"middle\">{down}</text>\n"
    )
}

/// The points of a line: updates and losses.
pub fn points(points: impl Iterator<Item = (u64, f64)>, x: &Scale, y: &Scale) -> String {
    let mut list = String::new();
    for (update, loss) in points {
        let (at, up) = (across(x.share_of(update as f64)), down(y.share_of(loss)));
        let _ = write!(list, "{at:.1},{up:.1} ");
    }
    list.trim_end().to_string()
}

/// Up to so many validation losses of a run have a dot each.
pub const DOTS: usize = 50;

/// One loss.
pub fn dot(update: u64, loss: f64, radius: f64, colour: &str, x: &Scale, y: &Scale) -> String {
    let (at, up) = (across(x.share_of(update as f64)), down(y.share_of(loss)));
    format!("<circle cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"{radius}\" fill=\"{colour}\"/>\n")
}

/// Text for XML; characters that XML cannot hold become U+FFFD.
pub fn escape(text: &str) -> String {
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

/// A name that is read from right to left, or that says in which direction to go on, has no say over the text
/// around it.
pub fn isolated(name: &str) -> String {
    let turns = |c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    };
    match name.chars().any(turns) {
        true => format!("\u{2068}{name}\u{2069}"),
        false => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_to_xml() {
        assert_eq!(
            escape("a<b>&c\u{1}\n\u{ffff}"),
            "a&lt;b&gt;&amp;c\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn names_that_turn_the_direction_are_set_apart() {
        for name in ["story.txt", "\u{65e5}\u{672c}", "\u{e5}tta \u{1f600}"] {
            assert_eq!(isolated(name), name);
        }
        for name in ["\u{5d0}\u{5d1}", "a\u{202e}b", "\u{627}.txt"] {
            assert_eq!(isolated(name), format!("\u{2068}{name}\u{2069}"));
        }
    }
}
