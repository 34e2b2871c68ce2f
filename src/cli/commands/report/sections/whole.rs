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
    let updates = w.updates(facts.model.state().updates);
    let (symbols, version) = (w.symbols(), elman::VERSION);
    Page {
        language: language.tag(),
        title: w.pair("A character-level recurrent network", "Ett rekurrent nätverk på teckennivå"),
        subtitle: w.pair(
            format!("m = {m} hidden units, K = {K} {symbols}, T = {T}; {updates}"),
            format!("m = {m} dolda enheter, K = {K} {symbols}, T = {T}; {updates}"),
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
             shows the results up to this point."
        ),
        format!(
            "Körningen är inte klar: hittills har den gjort {updates} av {iterations} uppdateringar. \
             Rapporten visar resultaten så här långt."
        ),
    )]
}
