//! What was meant by a word that is not one of those there are.

/// The name that a mistyped word is nearest to: the only one that it begins, else one of which at most a third of the
/// letters differ, where a swap of neighbours counts once. Case and hyphens do not count.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    let names: Vec<(&str, String)> = names.map(|name| (name, plain(name))).collect();
    let mut begun = names
        .iter()
        .filter(|(_, plain)| word.len() > 1 && plain.starts_with(&word));
    if let (Some((name, _)), None) = (begun.next(), begun.next()) {
        return Some(name);
    }
    let near = |name: &str| {
        let allowed = (name.len() / 3).clamp(1, 3);
        // Bytes: a letter has four at most, and the names have one each.
        let may_be = word.len() <= 4 * (name.len() + allowed);
        let distance = may_be.then(|| distance(&word, name))?;
        (distance <= allowed && distance < name.len()).then_some(distance)
    };
    let near = (names.iter()).filter_map(|(name, plain)| Some((near(plain)?, *name)));
    let nearest = near.min_by_key(|(distance, _)| *distance)?;
    Some(nearest.1)
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace(['-', '_'], "")
}

/// The fewest insertions, removals, changes of a letter and swaps of two neighbours that make one word the other,
/// no letter touched twice.
pub fn distance(word: &str, name: &str) -> usize {
    let word: Vec<char> = word.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // The distances of the word's beginnings from each beginning of the name: row i is that of i letters.
    let mut rows = vec![(0..=name.len()).collect::<Vec<usize>>()];
    for i in 1..=word.len() {
        let mut row = vec![i];
        for j in 1..=name.len() {
            let changed = usize::from(word[i - 1] != name[j - 1]);
            let mut least = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[word.len()][name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_fewest_steps() {
        for (word, name, steps) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("hiden", "hidden", 1),
            ("trian", "train", 1),
            ("smaple", "sample", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("\u{e5}t", "at", 1),
        ] {
            assert_eq!(distance(word, name), steps, "{word} {name}");
            assert_eq!(distance(name, word), steps, "{name} {word}");
        }
    }

    #[test]
    fn only_what_is_near_is_meant() {
        const NAMES: [&str; 9] = [
            "hidden",
            "seq-length",
            "report-every",
            "report-length",
            "log-every",
            "out",
            "seed",
            "seeds",
            "iterations",
        ];
        for (word, name) in [
            ("hiden", Some("hidden")),
            ("HIDDEN", Some("hidden")),
            ("hdiden", Some("hidden")),
            ("hidden-units", None),
            ("seq_length", Some("seq-length")),
            ("seqlen", Some("seq-length")),
            ("sede", Some("seed")),
            ("sees", Some("seed")),
            ("see", Some("seed")),
            ("sue", None),
            ("ou", Some("out")),
            ("iter", Some("iterations")),
            ("iteration", Some("iterations")),
            ("report-", None),
            ("report-evry", Some("report-every")),
            ("i", None),
            ("", None),
            ("xyz", None),
            ("in", None),
            ("it", Some("iterations")),
            ("\u{65e5}\u{672c}", None),
        ] {
            assert_eq!(nearest(word, NAMES.into_iter()), name, "{word}");
        }
        let long = "hidden".repeat(100_000);
        assert_eq!(nearest(&long, NAMES.into_iter()), None);
    }
}
