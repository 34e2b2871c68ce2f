//! What the charts have in common: a frame with axes, and text that XML can hold.

use crate::cli::charts::scale::Scale;
use crate::cli::format::thousands;
use crate::cli::language::Language;
use std::fmt::Write as _;

/// A picture and the frame of its axes, in pixels. A table may follow below.
pub struct Frame {
    /// The name of its clip path: the pictures of a page need different names.
    pub name: &'static str,
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// The most ticks on the axis of the updates.
    pub updates: f64,
    /// The middle of the label beside the axis of the losses, from the left.
    pub beside: f64,
    /// The place of the word for the epochs above the frame, and its `text-anchor`.
    pub epoch: (f64, f64, &'static str),
}

/// For a desk, and for paper.
pub const WIDE: Frame = Frame {
    name: "frame",
    width: 900.0,
    height: 520.0,
    left: 74.0,
    right: 846.0,
    top: 62.0,
    bottom: 456.0,
    updates: 10.0,
    beside: 22.0,
    epoch: (854.0, 56.0, "start"),
};

/// For a telephone, where the words of the wide picture would be too small.
pub const NARROW: Frame = Frame {
    name: "narrow-frame",
    width: 360.0,
    height: 388.0,
    left: 62.0,
    right: 324.0,
    top: 30.0,
    bottom: 326.0,
    updates: 4.0,
    beside: 14.0,
    epoch: (324.0, 12.0, "end"),
};

impl Frame {
    /// Pixels from the left.
    pub fn across(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }

    /// Pixels from the top.
    pub fn down(&self, share: f64) -> f64 {
        self.bottom - share * (self.bottom - self.top)
    }

    /// The part of the picture that curves are drawn in.
    pub fn clip(&self) -> String {
        format!(
            "<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
            self.name,
            self.left,
            self.top,
            self.right - self.left,
            self.bottom - self.top
        )
    }
}

/// The start of a picture: its style, the title for those who cannot see it, and its heading.
pub fn head(frame: &Frame, height: f64, style: &str, title: &str, heading: &str) -> String {
    let (width, left, clip) = (frame.width, frame.left, frame.clip());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" \
         font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\" \
         font-size=\"13\">\n\
         <style>\n\
         {style}\
         </style>\n\
         <title>{title}</title>\n\
         {clip}\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"{left}\" y=\"30\" font-size=\"17\" font-weight=\"600\">{heading}</text>\n",
        title = escape(title),
        heading = escape(heading),
    )
}

pub struct Axes {
    pub frame: &'static Frame,
    pub x: Scale,
    pub y: Scale,
    pub language: Language,
}

impl Axes {
    /// The place of a loss: pixels from the left and from the top.
    fn place(&self, update: u64, loss: f64) -> (f64, f64) {
        (self.frame.across(self.x.share_of(update as f64)), self.frame.down(self.y.share_of(loss)))
    }

    /// A line and a label for every tick.
    pub fn grid(&self) -> String {
        let Axes { frame, x, y, language } = self;
        let Frame { left, right, top, bottom, .. } = **frame;
        let mut svg = String::new();
        for n in x.ticks() {
            let (at, name) = (frame.across(x.share(n)), language.number(&thousands(n as u64)));
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{at:.1} {top}V{bottom}\"/>\n\
                 <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>\n",
                bottom + 20.0
            );
        }
        let digits = y.decimals();
        for loss in y.ticks() {
            let at = frame.down(y.share(loss));
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{left} {at:.1}H{right}\"/>\n\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                left - 8.0,
                at + 4.0,
                language.number(&format!("{loss:.digits$}"))
            );
        }
        svg
    }

    /// The frame and the labels of its axes.
    pub fn frame(&self, across: &str, down: &str) -> String {
        let Frame { left, right, top, bottom, height, beside, .. } = *self.frame;
        let (middle_x, middle_y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        format!(
            "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/>\n\
             <text x=\"{middle_x}\" y=\"{}\" text-anchor=\"middle\">{across}</text>\n\
             <text transform=\"translate({beside} {middle_y}) rotate(-90)\" text-anchor=\"middle\">{down}</text>\n",
            right - left,
            bottom - top,
            height - 20.0
        )
    }

    pub fn points(&self, points: impl Iterator<Item = (u64, f64)>) -> String {
        let mut list = String::new();
        for (update, loss) in points {
            let (at, up) = self.place(update, loss);
            let _ = write!(list, "{at:.1},{up:.1} ");
        }
        list.trim_end().to_string()
    }

    /// A dot for one loss; `paint` is the attribute that colours it.
    pub fn dot(&self, update: u64, loss: f64, radius: f64, paint: &str) -> String {
        let (at, up) = self.place(update, loss);
        format!("<circle cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"{radius}\" {paint}/>\n")
    }
}

/// The most validation losses of a run that have a dot each.
pub const DOTS: usize = 50;

/// Escapes text for XML; characters that XML cannot hold become U+FFFD.
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

/// Isolates a name that is read from right to left, or that holds direction marks, from the text around it.
pub fn isolated(name: &str) -> String {
    let turns = |c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    };
    if name.chars().any(turns) { format!("\u{2068}{name}\u{2069}") } else { name.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_to_xml() {
        assert_eq!(escape("a<b>&c\u{1}\n\u{ffff}"), "a&lt;b&gt;&amp;c\u{fffd}\u{fffd}\u{fffd}");
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
