//! A page as self-contained HTML without scripts, for screens of any width, light or dark, and for paper.

use super::page::{Block, Page};
use std::fmt::Write as _;

/// Only a text of more characters or lines may be split between sheets of paper.
const LONG: usize = 600;
const LONG_LINES: usize = 20;

const STYLE: &str = include_str!("report.css");

pub fn write(page: &Page) -> String {
    let blocks: String = page.blocks.iter().map(block).collect();
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"{}\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <style>\n{STYLE}</style>\n\
         </head>\n\
         <body>\n\
         <header>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n\
         <main>\n{blocks}</main>\n\
         <footer><p>{}</p></footer>\n\
         </body>\n\
         </html>\n",
        page.language,
        escape(&page.subtitle),
        escape(&page.end),
        title = escape(page.title),
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("<h2>{}</h2>\n", escape(text)),
        // No line of a paragraph begins or ends with the sign of an equation.
        Block::Paragraph(text) => {
            format!("<p>{}</p>\n", raised(text).replace(" = ", "\u{a0}=\u{a0}"))
        }
        Block::Notice(text) => format!("<p class=\"notice\">{}</p>\n", escape(text)),
        Block::Settings(rows) => settings(rows),
        Block::Table { head, rows } => table(head, rows),
        Block::Equations(groups) => equations(groups),
        Block::Chart { wide, narrow, .. } => format!(
            "<figure class=\"chart\">\n<div class=\"wide\">\n{wide}</div>\n<div class=\"narrow\">\n{narrow}</div>\n</figure>\n"
        ),
        Block::Sample { heading, figures, text } => sample(heading, figures, text),
        Block::Verbatim(text) => format!("<p class=\"signs\" dir=\"ltr\">{}</p>\n", escape(text)),
        Block::Command(line) => format!("<pre class=\"command\">\n{}</pre>\n", escape(line)),
    }
}

fn settings(rows: &[(&str, String)]) -> String {
    let mut html = "<table class=\"settings\">\n".to_string();
    for (name, value) in rows {
        let (name, value) = (escape(name), escape(value));
        let _ = writeln!(html, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
    }
    html + "</table>\n"
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let mut html = "<table class=\"numbers\">\n<thead>\n<tr>".to_string();
    for name in head {
        html += &match name.as_str() {
            "" => "<td></td>".to_string(),
            name => format!("<th scope=\"col\">{}</th>", escape(name)),
        };
    }
    html += "</tr>\n</thead>\n<tbody>\n";
    for row in rows {
        let (name, cells) = row.split_first().expect("a row has a name");
        let cells: String =
            (cells.iter()).map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let name = raised(name);
        let _ = writeln!(html, "<tr><th scope=\"row\">{name}</th>{cells}</tr>");
    }
    html + "</tbody>\n</table>\n"
}

fn equations(groups: &[(&str, Vec<String>)]) -> String {
    let mut html = "<div class=\"equations\">\n".to_string();
    for (name, lines) in groups {
        let lines: String =
            (lines.iter()).map(|line| format!("<li>{}</li>\n", raised(line))).collect();
        let name = escape(name);
        let _ = write!(html, "<section>\n<h3>{name}</h3>\n<ul>\n{lines}</ul>\n</section>\n");
    }
    html + "</div>\n"
}

fn sample(heading: &str, figures: &[(&str, String)], text: &str) -> String {
    let figures: String = (figures.iter())
        .map(|(name, value)| {
            let (name, value) = (escape(name), escape(value));
            format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n")
        })
        .collect();
    let figures = if figures.is_empty() { figures } else { format!("<dl>\n{figures}</dl>\n") };
    let class = if text.chars().count() > LONG || text.lines().count() > LONG_LINES {
        "sample long"
    } else {
        "sample"
    };
    // A browser ignores the line break after the tag.
    format!(
        "<article class=\"{class}\">\n<h3>{}</h3>\n{figures}<pre dir=\"auto\">\n{}</pre>\n</article>\n",
        escape(heading),
        escape(text)
    )
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// Text of the program; `_` lowers, and `^` raises, what follows.
fn raised(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['_', '^']) {
        let tag = if rest[at..].starts_with('_') { "sub" } else { "sup" };
        html += &escape(&rest[..at]);
        let after = &rest[at + 1..];
        let (inside, left) = part(after);
        let _ = write!(html, "<{tag}>{}</{tag}>", escape(inside));
        rest = left;
    }
    html + &escape(rest)
}

/// Splits off what is lowered or raised: the inside of braces, a number, or one character.
fn part(text: &str) -> (&str, &str) {
    if let Some((inside, left)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (inside, left);
    }
    let is_of_number = |c: char| c.is_ascii_digit() || c == '\u{2212}';
    let end = match text.find(|c| !is_of_number(c)) {
        Some(0) => text.chars().next().map_or(0, char::len_utf8),
        Some(end) => end,
        None => text.len(),
    };
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_lowered_and_powers_raised() {
        for (text, html) in [
            ("W h_{t−1} < x_t", "W h<sub>t−1</sub> &lt; x<sub>t</sub>"),
            ("h_t^⊤", "h<sub>t</sub><sup>⊤</sup>"),
            ("10^−6, β_1^n", "10<sup>−6</sup>, β<sub>1</sub><sup>n</sup>"),
            ("a_", "a<sub></sub>"),
        ] {
            assert_eq!(raised(text), html);
        }
    }
}
