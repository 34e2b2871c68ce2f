//! The whole page.

use super::{best, check, equations, losses, repeat, samples, settings, speed};
use crate::cli::commands::report::facts::Facts;
use crate::cli::commands::report::page::{Block, Page};
use crate::cli::commands::report::writer::Writer;
use crate::cli::language::Language;

pub fn page(facts: &Facts, language: Language) -> Page {
    let w = &Writer { facts, language };
    let sections = [
        unfinished(w),
        settings::section(w),
        equations::section(w),
        check::section(w),
        losses::section(w),
        samples::section(w),
        best::section(w),
        speed::section(w),
        repeat::section(w),
    ];
    let shape = facts.model.shape();
    let (m, K) = (w.count(shape.m()), w.count(shape.K()));
    let T = w.count(facts.model.settings().sequence_length);
    let updates = w.count(facts.model.state().updates);
    let (symbols, version) = (w.symbols(), elman::VERSION);
    Page {
        language: language.tag(),
        title: w.pair(
            "A recurrent network that writes, character by character",
            "Ett rekurrent nätverk som skriver, tecken för tecken",
        ),
        subtitle: w.pair(
            format!("m = {m} hidden units, K = {K} {symbols}, T = {T}; {updates} updates"),
            format!("m = {m} dolda enheter, K = {K} {symbols}, T = {T}; {updates} uppdateringar"),
        ),
        blocks: sections.into_iter().flatten().collect(),
        end: w.pair(format!("Written by elman {version}."), format!("Skriven av elman {version}.")),
    }
}

/// A notice where the run has not made all of its updates.
fn unfinished(w: &Writer) -> Vec<Block> {
    let facts = w.facts;
    if facts.is_finished() {
        return Vec::new();
    }
    let updates = w.count(facts.model.state().updates);
    let iterations = w.count(facts.plan.iterations);
    vec![w.notice(
        format!(
            "Unfinished: the run has made {updates} of {iterations} updates so far. This report \
             shows what there is."
        ),
        format!(
            "Ofullständig: körningen har hittills gjort {updates} av {iterations} uppdateringar. \
             Här visas det som finns."
        ),
    )]
}
