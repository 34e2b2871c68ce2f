//! The words of a report, in a table for each language. `{name}` is replaced.

use crate::cli::charts::loss_chart;

/// All of them.
#[derive(Debug)]
pub struct Words {
    /// The language's tag.
    pub tag: &'static str,
    pub chart: loss_chart::Words,
    pub title: &'static str,
    pub subtitle: &'static str,
    pub unfinished: &'static str,
    pub end: &'static str,

    pub setting: &'static str,
    pub text: &'static str,
    pub of_text: &'static str,
    pub story: &'static str,
    /// What the count of characters includes, with documents.
    pub with_ends: &'static str,
    pub symbols: [&'static str; 2],
    pub symbol: [&'static str; 2],
    pub hidden: &'static str,
    pub parameters: &'static str,
    pub sequence_length: &'static str,
    pub characters: &'static str,
    pub streams: &'static str,
    pub documents: &'static str,
    pub documents_are: [&'static str; 2],
    pub order: &'static str,
    pub order_text: &'static str,
    pub order_chunks: &'static str,
    pub order_positions: &'static str,
    pub held_out: &'static str,
    pub nothing: &'static str,
    pub share: &'static str,
    pub loss: &'static str,
    pub loss_sum: &'static str,
    pub loss_mean: &'static str,
    pub optimizer: &'static str,
    pub learning_rate: &'static str,
    pub clip: &'static str,
    pub clip_none: &'static str,
    pub initialization: &'static str,
    pub seed: &'static str,
    pub updates: &'static str,
    pub of_updates: &'static str,
    pub epochs: &'static str,
    pub reports: &'static str,
    pub reports_are: &'static str,
    pub passage: &'static str,
    pub log: &'static str,
    pub every_updates: &'static str,
    pub its_characters: &'static str,

    pub equations: &'static str,
    pub one_hot: &'static str,
    pub epochs_begin: &'static str,
    pub documents_begin: &'static str,
    pub chunks_begin: &'static str,
    pub positions_begin: &'static str,
    pub of_streams: &'static str,
    pub forward: &'static str,
    pub backward: &'static str,
    pub update: &'static str,
    pub first: &'static str,

    pub check: &'static str,
    pub check_is: &'static str,
    pub check_part: &'static str,
    pub check_short: &'static str,
    pub check_rows: [&'static str; 9],
    pub check_passed: &'static str,
    pub check_undecided: &'static str,
    pub check_failed: &'static str,

    pub losses: &'static str,
    pub losses_are: &'static str,
    pub losses_mean: &'static str,
    pub smooth_is: &'static str,
    pub smooth_ends: &'static str,
    pub shorter: &'static str,
    pub validation_is: &'static str,
    pub chart_name: &'static str,
    pub no_losses: &'static str,
    pub few_losses: &'static str,

    pub samples: &'static str,
    pub samples_are: &'static str,
    pub samples_some: &'static str,
    pub no_samples: &'static str,
    pub before: &'static str,
    pub after: &'static str,
    pub iteration: &'static str,
    pub epoch: &'static str,
    pub chunk_loss: &'static str,
    pub smooth_loss: &'static str,
    pub validation_loss: &'static str,
    pub bits: [&'static str; 2],

    pub best: &'static str,
    pub best_is: &'static str,
    pub best_validated: &'static str,
    pub best_part: &'static str,
    pub best_carried: &'static str,
    pub begins: [&'static str; 2],

    pub speed: &'static str,
    pub speed_is: &'static str,
    pub speed_failed: &'static str,
    pub speed_none: &'static str,
    pub speed_head: [&'static str; 3],
    pub fast: &'static str,
    pub naive: &'static str,
    pub ratio: &'static str,

    pub repeat: &'static str,
    pub repeat_is: &'static str,
    pub repeat_text: &'static str,
    pub repeat_from: &'static str,
    pub repeat_digest: &'static str,
}

/// English.
pub const ENGLISH: Words = Words {
    tag: "en",
    chart: loss_chart::Words {
        // As everywhere else in the report, where chunks are those of an order.
        raw: "sequence loss",
        ..loss_chart::ENGLISH
    },
    title: "A recurrent network that writes, character by character",
    subtitle: "m = {m} hidden units, K = {K} {symbols}, T = {T}; {updates} updates",
    unfinished: "Unfinished: the run has made {updates} of {iterations} updates so far. What follows is what there is.",
    end: "Written by elman {version}.",

    setting: "Setting",
    text: "Text",
    of_text: "{length} {symbols}{ends}, digest {digest}",
    story: "the story that is built in: {length} {symbols}{ends}, digest {digest}",
    with_ends: " with the ends of documents",
    symbols: ["characters", "bytes"],
    symbol: ["character", "byte"],
    hidden: "Hidden units",
    parameters: "Parameters",
    sequence_length: "Sequence length",
    characters: "Different {symbols}",
    streams: "Streams (batch size)",
    documents: "Documents",
    documents_are: ["none", "every line is one, read from h = 0"],
    order: "Order",
    order_text: "that of the text",
    order_chunks: "chunks of {length} {symbols}, shuffled for every epoch",
    order_positions: "random positions",
    held_out: "Held out for validation",
    nothing: "nothing",
    share: "the last {share} of the text",
    loss: "Loss",
    loss_sum: "cross-entropy in nats, summed over the sequence",
    loss_mean: "cross-entropy in nats, mean over the sequence",
    optimizer: "Optimiser",
    learning_rate: "Learning rate",
    clip: "Clipping",
    clip_none: "none",
    initialization: "Initialisation",
    seed: "Seed",
    updates: "Updates",
    of_updates: "{updates} of {iterations}",
    epochs: "Completed epochs",
    reports: "Samples",
    reports_are: "{characters} {symbols} every {updates} updates",
    passage: "Final passage",
    log: "Logged losses",
    every_updates: "every {updates} updates",
    its_characters: "The {symbols}, in the order of their indices; white space and controls as signs:",

    equations: "The network",
    one_hot: "x_t and y_t are the one-hot vectors of a character and of the one after it.",
    epochs_begin: "The hidden state is carried from one sequence to the next; every epoch begins with h = 0.",
    documents_begin: "The hidden state is carried from one sequence to the next; every document begins with h = 0, and the sequence that ends with it may be shorter than T.",
    chunks_begin: "The hidden state is carried from one sequence to the next; every chunk of the text begins with h = 0.",
    positions_begin: "Every sequence begins with h = 0.",
    of_streams: "Every update reads {B} sequences side by side; the loss and the gradient are the means over them.",
    forward: "Forward",
    backward: "Backward",
    update: "Update of θ with its gradient g",
    first: "First parameters",

    check: "Gradient check",
    check_is: "Every entry of the analytic gradients, before clipping, is compared with differences of the loss (a five-point formula with steps of 2^−10, or smaller where the loss bends): of the best model, with m = {m} and K = {K}, over the first {characters} {symbols} that it writes from the hidden state that it carries. The relative error is |a − d| / max(10^−6, |a| + |d|) for the analytic a and the difference d. Every difference comes with an estimate of its own error: a relative error above 10^−7 within it is rounding alone, one beyond it is wrong.",
    check_part: "Checked are the first {m} of its {all} hidden units, with their own weights, as a smaller network.",
    check_short: "A sequence has T = {T} {symbols}; checked are {characters} of them.",
    check_rows: [
        "Shape",
        "Entries",
        "Largest absolute error",
        "Largest relative error",
        "Largest estimate of error",
        "Relative error > 10^−6",
        "Rounding alone",
        "Undecided",
        "Wrong",
    ],
    check_passed: "Passed: none of {entries} entries is wrong.",
    check_undecided: "Undecided: none of {entries} entries is wrong, but {undecided} cannot be told: the losses of such weights are too rough for doubles.",
    check_failed: "Failed: {wrong} of {entries} entries are wrong.",

    losses: "Loss",
    losses_are: "Losses are in nats, summed over the {T} {symbols} of a sequence; a network that knows nothing has T\u{a0}ln\u{a0}K\u{a0}=\u{a0}{untrained}.",
    losses_mean: "Losses are in nats per {symbol}; a network that knows nothing has ln\u{a0}K\u{a0}=\u{a0}{untrained}.",
    smooth_is: "The smooth loss begins as the first loss, then it is 0.999 of itself and 0.001 of the new loss.",
    smooth_ends: "It begins at {first} and stands at {last} after {at} updates.",
    shorter: "A sequence that ends early, with its document, has a sum of fewer terms; to the smooth loss it counts as if there were {T}.",
    validation_is: "The validation loss is that of the {share} of the text that is never learned, in the same unit.",
    chart_name: "Smooth loss, and the losses behind it, over the updates",
    no_losses: "There are no losses yet.",
    few_losses: "There are too few losses for a curve.",

    samples: "Samples while it learns",
    samples_are: "Each begins with the hidden state and after the first character of the coming sequence, whose loss is given.",
    samples_some: "The run made a sample every {every} updates, {all} in all; shown are {shown}.",
    no_samples: "The run has kept no samples: it was made by an earlier version of the program. The command at the end makes it again, with them.",
    before: "Before the first update",
    after: "After {updates} updates",
    iteration: "update",
    epoch: "epoch",
    chunk_loss: "loss",
    smooth_loss: "smooth loss",
    validation_loss: "validation loss",
    bits: ["bits per character", "bits per byte"],

    best: "The best model",
    best_is: "{length} {symbols} of the model with the lowest smooth loss (it is looked at every 100 updates), from h = 0 and after {begin}.",
    best_validated: "{length} {symbols} of the model with the lowest validation loss, from h = 0 and after {begin}.",
    begins: ["the first {symbol} of the text", "a line break"],
    best_part: "The run's passage has {all} {symbols}; shown are its first {length}.",
    best_carried: "The same model from the hidden state that it carried there in the text. (What follows h = 0 is met once in an epoch: some networks never learn it.)",

    speed: "Speed",
    speed_is: "Measured while this report was written, on one core of this machine (instruction set: {level}). They are figures of this machine and this moment; everything else here is the same on every machine. The naive twin makes the same updates from the equations as they stand: dense one-hot vectors, a loop for every product.",
    speed_failed: "The speed could not be measured: {error}.",
    speed_none: "The speed was not measured.",
    speed_head: ["", "updates per second", "{symbols} per second"],
    fast: "elman",
    naive: "Naive twin",
    ratio: "Ratio",

    repeat: "To repeat it",
    repeat_is: "This command, with elman {version} and on any machine, repeats the run to the bit:",
    repeat_text: "{TEXT} stands for the file with the text: {length} {symbols}{ends}, whose digest (FNV-1a of its bytes, 64 bits) is {digest}.",
    repeat_from: "{MODEL} stands for the model with whose weights the run began; its folder does not say which.",
    repeat_digest: "The last line that it prints, the digest of all parameters after {updates} updates, must be:",
};

/// Swedish.
pub const SWEDISH: Words = Words {
    tag: "sv",
    chart: loss_chart::Words {
        updates: "uppdateringar",
        of_characters: "om {T} tecken",
        sum: "förlust ({nats}, summerad över {T} tecken)",
        mean: "förlust ({nats} per tecken)",
        nats: "nat",
        epoch: "epok",
        smooth: "utjämnad förlust",
        raw: "sekvensförlust",
        validation: "valideringsförlust",
        number: swedish_number,
    },
    title: "Ett rekurrent nätverk som skriver, tecken för tecken",
    subtitle: "m = {m} dolda enheter, K = {K} {symbols}, T = {T}; {updates} uppdateringar",
    unfinished: "Ofullständig: körningen har hittills gjort {updates} av {iterations} uppdateringar. Här visas det som finns.",
    end: "Skriven av elman {version}.",

    setting: "Hyperparametrar",
    text: "Text",
    of_text: "{length} {symbols}{ends}, kontrollsumma {digest}",
    story: "den inbyggda berättelsen: {length} {symbols}{ends}, kontrollsumma {digest}",
    with_ends: " med dokumentens slut",
    symbols: ["tecken", "byte"],
    symbol: ["tecken", "byte"],
    hidden: "Dolda enheter",
    parameters: "Parametrar",
    sequence_length: "Sekvenslängd",
    characters: "Olika {symbols}",
    streams: "Parallella strömmar (batchstorlek)",
    documents: "Dokument",
    documents_are: ["inga", "varje rad är ett, läst från h = 0"],
    order: "Ordning",
    order_text: "textens egen",
    order_chunks: "stycken om {length} {symbols}, som blandas om inför varje epok",
    order_positions: "slumpmässiga positioner",
    held_out: "Avsatt för validering",
    nothing: "ingenting",
    share: "de sista {share} av texten",
    loss: "Förlust",
    loss_sum: "korsentropi i nat, summerad över sekvensen",
    loss_mean: "korsentropi i nat, medelvärde över sekvensen",
    optimizer: "Optimeringsmetod",
    learning_rate: "Inlärningshastighet",
    clip: "Gradientklippning",
    clip_none: "ingen",
    initialization: "Initialisering",
    seed: "Slumptalsfrö",
    updates: "Uppdateringar",
    of_updates: "{updates} av {iterations}",
    epochs: "Avslutade epoker",
    reports: "Textprov",
    reports_are: "{characters} {symbols}, en gång per {updates} uppdateringar",
    passage: "Avslutande text",
    log: "Loggade förluster",
    every_updates: "en gång per {updates} uppdateringar",
    its_characters: "Alla {symbols} i indexordning; blanktecken och styrtecken visas med symboler:",

    equations: "Nätverket",
    one_hot: "x_t och y_t är one-hot-vektorerna för ett tecken och för tecknet efter det.",
    epochs_begin: "Det dolda tillståndet förs vidare från en sekvens till nästa; varje epok börjar med h = 0.",
    documents_begin: "Det dolda tillståndet förs vidare från en sekvens till nästa; varje dokument börjar med h = 0, och dess sista sekvens kan vara kortare än T.",
    chunks_begin: "Det dolda tillståndet förs vidare från en sekvens till nästa; varje stycke av texten börjar med h = 0.",
    positions_begin: "Varje sekvens börjar med h = 0.",
    of_streams: "I varje uppdatering läses {B} sekvenser parallellt; förlusten och gradienten är medelvärden över dem.",
    forward: "Framåt",
    backward: "Bakåt",
    update: "Uppdatering av θ med gradienten g",
    first: "Startvärden",

    check: "Gradientkontroll",
    check_is: "Varje element i de analytiska gradienterna, före klippning, jämförs med differenser av förlusten (en fempunktsformel med steglängden 2^−10, eller kortare där förlusten är starkt krökt): för den bästa modellen, med m = {m} och K = {K}, på de första {characters} {symbols} som den skriver från det dolda tillstånd som den bär med sig. Det relativa felet är |a − d| / max(10^−6, |a| + |d|) för det analytiska värdet a och differensen d. För varje differens uppskattas även dess eget fel: ett relativt fel över 10^−7 som ryms i uppskattningen är bara avrundning, ett som inte ryms är felaktigt.",
    check_part: "Av dess {all} dolda enheter kontrolleras de {m} första, med sina egna vikter, som ett mindre nätverk.",
    check_short: "En sekvens har T = {T} {symbols}; av dem kontrolleras {characters}.",
    check_rows: [
        "Dimensioner",
        "Element",
        "Största absoluta fel",
        "Största relativa fel",
        "Största uppskattade fel",
        "Relativt fel > 10^−6",
        "Bara avrundning",
        "Oavgjorda",
        "Felaktiga",
    ],
    check_passed: "Godkänd: inget av {entries} element är felaktigt.",
    check_undecided: "Oavgjord: inget av {entries} element är felaktigt, men {undecided} går inte att avgöra: förlusten för sådana vikter är för ojämn för flyttal med dubbel precision.",
    check_failed: "Underkänd: {wrong} av {entries} element är felaktiga.",

    losses: "Förlust",
    losses_are: "Förlusten anges i nat, summerad över sekvensens {T} {symbols}; för ett nätverk som inget vet är den T\u{a0}ln\u{a0}K\u{a0}=\u{a0}{untrained}.",
    losses_mean: "Förlusten anges i nat per {symbol}; för ett nätverk som inget vet är den ln\u{a0}K\u{a0}=\u{a0}{untrained}.",
    smooth_is: "Den utjämnade förlusten är först lika med den första förlusten och därefter 0,999 gånger sitt förra värde plus 0,001 gånger den nya förlusten.",
    smooth_ends: "Den börjar på {first} och är {last} efter {at} uppdateringar.",
    shorter: "En sekvens som slutar i förtid, med sitt dokument, har en summa av färre termer; i den utjämnade förlusten räknas den som om de vore {T}.",
    validation_is: "Valideringsförlusten gäller de {share} av texten som nätverket aldrig tränas på, i samma enhet.",
    chart_name: "Utjämnad förlust, med sekvensernas förluster bakom, mot antalet uppdateringar",
    no_losses: "Det finns inga förluster ännu.",
    few_losses: "Det finns för få förluster för en kurva.",

    samples: "Textprov under träningen",
    samples_are: "Varje prov utgår från det dolda tillståndet och det första tecknet i nästa sekvens, vars förlust anges.",
    samples_some: "Körningen gav {all} prov, ett per {every} uppdateringar; {shown} av dem visas.",
    no_samples: "Körningen har inte sparat några textprov: den gjordes med en tidigare version av programmet. Kommandot i slutet gör om körningen, med textprov.",
    before: "Före den första uppdateringen",
    after: "Efter {updates} uppdateringar",
    iteration: "uppdatering",
    epoch: "epok",
    chunk_loss: "förlust",
    smooth_loss: "utjämnad förlust",
    validation_loss: "valideringsförlust",
    bits: ["bitar per tecken", "bitar per byte"],

    best: "Den bästa modellen",
    best_is: "{length} {symbols} av modellen med lägst utjämnad förlust (den jämförs var 100:e uppdatering), från h = 0 och efter {begin}.",
    best_validated: "{length} {symbols} av modellen med lägst valideringsförlust, från h = 0 och efter {begin}.",
    begins: ["textens första {symbol}", "en radbrytning"],
    best_part: "Körningens avslutande text har {all} {symbols}; här visas de första {length}.",
    best_carried: "Samma modell från det dolda tillstånd som den bar med sig där i texten. (Det som följer på h = 0 möter den en gång per epok: en del nätverk lär sig det aldrig.)",

    speed: "Hastighet",
    speed_is: "Uppmätt när rapporten skrevs, på en kärna i den här datorn (instruktionsuppsättning: {level}). Siffrorna gäller den här datorn och det här ögonblicket; allt annat här är likadant på varje dator. Den naiva implementationen gör samma uppdateringar rakt efter ekvationerna, med täta one-hot-vektorer och en loop för varje produkt.",
    speed_failed: "Hastigheten gick inte att mäta: {error}.",
    speed_none: "Hastigheten har inte mätts.",
    speed_head: ["", "uppdateringar per sekund", "{symbols} per sekund"],
    fast: "elman",
    naive: "Naiv implementation",
    ratio: "Kvot",

    repeat: "Så upprepas körningen",
    repeat_is: "Det här kommandot upprepar körningen bit för bit, med elman {version} och på vilken dator som helst:",
    repeat_text: "{TEXT} står för filen med texten: {length} {symbols}{ends}, vars kontrollsumma (FNV-1a av dess byte, 64 bitar) är {digest}.",
    repeat_from: "{MODEL} står för den modell vars vikter körningen började med; av mappen framgår inte vilken det var.",
    repeat_digest: "Den sista raden som skrivs ut, kontrollsumman av alla parametrar efter {updates} uppdateringar, ska vara:",
};

/// 1,234.5 as it is written in Swedish, with spaces that do not break.
fn swedish_number(number: &str) -> String {
    number.replace(',', "\u{a0}").replace('.', ",")
}

/// A sentence with what belongs in its braces.
pub fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(sentence.to_string(), |filled, (name, value)| {
            filled.replace(&format!("{{{name}}}"), value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in braces, sentence by sentence.
    fn braces(words: &Words) -> Vec<Vec<String>> {
        let of = |line: &str| {
            let begun = line.split('{').skip(1);
            let names = begun.filter_map(|part| Some(part.split_once('}')?.0.to_string()));
            let mut names: Vec<String> = names.collect();
            names.sort_unstable();
            names
        };
        format!("{words:#?}").lines().map(of).collect()
    }

    #[test]
    fn sentences_say_the_same_in_every_language() {
        let (english, swedish) = (braces(&ENGLISH), braces(&SWEDISH));
        assert!(english.len() > 90 && english.iter().flatten().count() > 40);
        assert_eq!(english, swedish);
    }

    #[test]
    fn numbers_are_swedish() {
        let number = |number| swedish_number(number);
        assert_eq!(number("1,234,567.5"), "1\u{a0}234\u{a0}567,5");
        assert_eq!(number("1.37e-9"), "1,37e-9");
    }
}
