//! The whole page.

use super::{best, check, equations, losses, repeat, samples, settings, speed};
use crate::cli::commands::report::facts::Facts;
use crate::cli::commands::report::page::{Block, Page};
use crate::cli::commands::report::writer::Writer;
use crate::cli::language::Language;

/// Writes a page about a run.
pub fn page(facts: &Facts, language: Language) -> Page {
    let writer = &Writer { facts, language };
    let sections = [
        unfinished(writer),
        settings::section(writer),
        equations::section(writer),
        check::section(writer),
        losses::section(writer),
        samples::section(writer),
        best::section(writer),
        speed::section(writer),
        repeat::section(writer),
    ];
    let (m, K) = (writer.count(facts.shape.m()), writer.count(facts.shape.K()));
    let T = writer.count(facts.settings.sequence_length);
    let updates = writer.count(facts.updates);
    let (symbols, version) = (writer.symbols(), elman::VERSION);
    Page {
        language: language.tag(),
        title: language.pair(
            "A recurrent network that writes, character by character",
            "Ett rekurrent nätverk som skriver, tecken för tecken",
        ),
        subtitle: language.pair(
            format!("m = {m} hidden units, K = {K} {symbols}, T = {T}; {updates} updates"),
            format!("m = {m} dolda enheter, K = {K} {symbols}, T = {T}; {updates} uppdateringar"),
        ),
        blocks: sections.into_iter().flatten().collect(),
        end: language.pair(
            format!("Written by elman {version}."),
            format!("Skriven av elman {version}."),
        ),
    }
}

/// A notice where the run has not made all of its updates.
fn unfinished(writer: &Writer) -> Vec<Block> {
    let facts = writer.facts;
    if facts.is_finished() {
        return Vec::new();
    }
    let updates = writer.count(facts.updates);
    let iterations = writer.count(facts.plan.iterations);
    vec![Block::Notice(writer.pair(
        format!(
            "Unfinished: the run has made {updates} of {iterations} updates so far. What follows \
             is what there is."
        ),
        format!(
            "Ofullständig: körningen har hittills gjort {updates} av {iterations} uppdateringar. \
             Här visas det som finns."
        ),
    ))]
}
