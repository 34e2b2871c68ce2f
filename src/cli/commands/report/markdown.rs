//! A page as Markdown that reads well as plain text.

use super::page::{Block, Page};

pub fn write(page: &Page) -> String {
    let blocks: String = page.blocks.iter().map(block).collect();
    format!("# {}\n\n{}\n\n{blocks}---\n\n{}\n", page.title, page.subtitle, page.end)
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("## {text}\n\n"),
        Block::Paragraph(text) => format!("{}\n\n", escape(text)),
        Block::Notice(text) => format!("> **{}**\n\n", escape(text)),
        Block::Settings(rows) => {
            let rows: Vec<Vec<String>> =
                (rows.iter()).map(|(name, value)| vec![name.to_string(), value.clone()]).collect();
            table(&[String::new(), String::new()], &rows, ":--")
        }
        Block::Table { head, rows } => table(head, rows, "--:"),
        Block::Equations(groups) => {
            let group = |(name, lines): &(&str, Vec<String>)| {
                format!("**{name}**\n\n{}", fenced(&lines.join("\n")))
            };
            groups.iter().map(group).collect()
        }
        Block::Chart { text, .. } => fenced(text.trim_end_matches('\n')),
        Block::Sample { heading, figures, text } => {
            let figures: Vec<String> =
                (figures.iter()).map(|(name, value)| format!("{name} {value}")).collect();
            let parts = [format!("### {heading}"), figures.join("; "), fenced(text)];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join("\n\n")
        }
        Block::Verbatim(text) | Block::Command(text) => fenced(text),
    }
}

fn table(head: &[String], rows: &[Vec<String>], numbers: &str) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("| :-- |{}\n", format!(" {numbers} |").repeat(head.len() - 1));
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}\n", line(head))
}

/// Puts text between fences that are longer than any in it.
fn fenced(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat((runs.max().unwrap_or(0) + 1).max(3));
    format!("{fence}text\n{text}\n{fence}\n\n")
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '^') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_own_fence() {
        assert_eq!(fenced("a\nb"), "```text\na\nb\n```\n\n");
        assert_eq!(fenced("a\n```\nb"), "````text\na\n```\nb\n````\n\n");
        assert_eq!(fenced("`````"), "``````text\n`````\n``````\n\n");
    }
}
