//! `elman report`: what it tells is what the run was.

use crate::harness::{Folder, TRAIN, ended, lines, text, value};
use elman::check::Case;
use elman::check::check_gradients;
use elman::inference::Writer;
use elman::internals::checkpoint;

/// Texts, and how they are learned.
fn runs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let markup = "if a<b && c>d: `x` ```y``` &amp; <b>\"é\"</b> | * _ \\ [z](u) # 1\n".repeat(20);
    let controls =
        "a\tb\u{1b}[31m\r\nc\u{7f}\u{85}\u{feff}\u{202e}d\u{2028} e\u{0}f\u{ffff}\n".repeat(20);
    let hebrew = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} abc \u{202a}\u{627}\u{644}\u{202c} 12 \u{5e2}\u{5d5}\u{5dc}\u{5dd}\n".repeat(20);
    let bytes: Vec<u8> = (0..2000u32).map(|i| (i * i % 251) as u8).collect();
    let names = "anna\nbo\ncecilia\ndag\neva\n".repeat(20);
    vec![
        ("plain", text().into(), ""),
        ("validated", text().into(), "--validation 0.2"),
        ("adam", text().into(), "--preset adam-edition --report-every 50 --validation 0.2"),
        ("rmsprop", text().into(), "--optimizer rmsprop --batch-size 3 --clip none"),
        ("chunks", text().into(), "--order chunks --chunk 30 --loss mean"),
        ("positions", text().into(), "--order positions --initialization fan-in"),
        // Its best model is none of the end.
        ("between", text().into(), "--iterations 350"),
        ("markup", markup.into(), "--seed 3"),
        ("controls", controls.into(), "--log-every 7"),
        ("hebrew", hebrew.into(), "--learning-rate 0.05 --epsilon 1e-7"),
        ("bytes", bytes, "--bytes"),
        ("documents", names.into(), "--documents"),
    ]
}

/// What `train` printed: samples, then the passage.
fn printed(stdout: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in stdout.split_inclusive('\n') {
        let is_head = line.starts_with("iter=") || line.starts_with("passage ");
        match texts.last_mut() {
            _ if is_head => texts.push(String::new()),
            _ if line.starts_with("digest=") => {}
            Some(text) => text.push_str(line),
            None => {}
        }
    }
    // A text is followed by a line break and an empty line.
    let whole = texts.iter().map(|text| text.strip_suffix("\n\n").unwrap());
    whole.map(str::to_string).collect()
}

/// A text as a page can hold it.
fn visible(text: &str) -> String {
    let sign = |c: char| match u32::from(c) {
        9 | 10 => c.to_string(),
        0..32 => char::from_u32(0x2400 + u32::from(c)).unwrap().to_string(),
        0x7f => "\u{2421}".into(),
        code @ (0x80..0xa0 | 0xfffe | 0xffff) => format!("⟨U+{code:04X}⟩"),
        _ => c.to_string(),
    };
    text.chars().map(sign).collect()
}

/// What stands between `begin` and `end`, again and again.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(begin).skip(1);
    parts.map(|part| part.split(end).next().unwrap()).collect()
}

/// What a browser makes of text between tags.
fn unescaped(html: &str) -> String {
    let text = html.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}

/// What stands in fences, as Markdown has them.
fn fenced(markdown: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::<String>::new(), None);
    for line in markdown.split('\n') {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match open {
            None if ticks >= 3 => {
                open = Some(ticks);
                found.push(String::new());
            }
            Some(count) if ticks >= count && line.len() == ticks => open = None,
            Some(_) => {
                let block = found.last_mut().unwrap();
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    assert_eq!(open, None, "a fence does not end");
    found.iter().map(|block| block[..block.len() - 1].to_string()).collect()
}

/// The program's standard output, which need not be UTF-8.
fn lossy(folder: &Folder, arguments: &str) -> String {
    let output = folder.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn train(folder: &Folder, options: &str) -> String {
    lossy(folder, &format!("{TRAIN} --quiet --out run {options}"))
}

#[test]
fn every_text_stands_in_both_files() {
    let folder = Folder::new("report-texts");
    for (name, text, options) in runs() {
        folder.write("text", text);
        let stdout = train(&folder, &format!("{options} --force"));
        let mut texts: Vec<String> = printed(&stdout).iter().map(|text| visible(text)).collect();
        assert!(texts.len() >= 5, "{name}");
        folder.run("report run --seconds 0 --force").well();
        let (html, markdown) =
            (folder.read_text("run/report.html"), folder.read_text("run/report.md"));
        let in_html = between(&html, "<pre dir=\"auto\">\n", "</pre>");
        assert!(in_html.iter().all(|text| !text.contains(['<', '>'])));
        let mut in_html: Vec<String> = in_html.iter().map(|text| unescaped(text)).collect();
        if name == "bytes" {
            // The passage shows the bytes that are no characters by their numbers.
            let passage = (texts.pop().unwrap(), in_html.pop().unwrap());
            assert!(passage.1.contains("\\x") && passage.1.len() > passage.0.chars().count());
        }
        assert_eq!(in_html, texts, "{name}");
        let in_markdown = fenced(&markdown);
        for text in &texts {
            assert!(in_markdown.contains(text), "{name}: {text:?} in {in_markdown:#?}");
        }
        // No network, no script; the pictures are in the page.
        for part in ["http", "<script", "<link", "<img", " src=", "@import", "javascript:"] {
            let page = html.split("<pre").map(|part| part.split("</pre>").last().unwrap());
            assert!(page.into_iter().all(|page| !page.contains(part)), "{part} in {name}");
        }
        let urls = between(&html, "url(", ")");
        assert!(!urls.is_empty() && urls.iter().all(|url| url.starts_with('#')));
        assert_eq!(html.matches("<svg ").count(), 2);
    }
}

/// The command of the report, run where no run is, ends with the digest of the report.
#[test]
fn the_command_repeats_the_run() {
    let folder = Folder::new("report-command");
    for (name, text, options) in runs() {
        folder.write("text", text);
        let stdout = train(&folder, &format!("{options} --force"));
        folder.run("report run --seconds 0 --force --language sv").well();
        let html = folder.read_text("run/report.html");
        let lines = between(&html, "<pre class=\"command\">\n", "</pre>");
        let [command, digest] = lines[..] else { panic!("{lines:?}") };
        assert_eq!(stdout.lines().last(), Some(digest), "{name}");
        let command = command.strip_prefix("elman ").unwrap();
        let command = command.replace("TEXT", "text");
        let again = lossy(&folder, &format!("{command} --quiet --out again --force"));
        assert_eq!(again, stdout, "{name}: {command}");
        let files = |run| {
            let mut files = folder.files(run);
            files.retain(|(name, _)| !name.starts_with("report."));
            files
        };
        assert!(files("again") == files("run"), "{name}: {command}");
    }
}

/// The first sample shows that its weights were not drawn; the name of the model is not known.
#[test]
fn a_run_from_a_model_says_so() {
    let folder = Folder::new("report-from");
    train(&folder, "--seed 5");
    for options in ["", "--order positions"] {
        let stdout =
            lossy(&folder, &format!("{TRAIN} --quiet --from run --out next --force {options}"));
        folder.run("report next --seconds 0 --force").well();
        let markdown = folder.read_text("next/report.md");
        let blocks = fenced(&markdown);
        let command = blocks.iter().find(|block| block.starts_with("elman train"));
        let command = command.unwrap();
        assert!(command.ends_with(" --from MODEL"), "{command}");
        assert!(markdown.contains("MODEL is the model that the run started from"));
        // Its parameters were not drawn.
        assert!(blocks.contains(&"U, W, V, b, c of MODEL".to_string()), "{markdown}");
        assert!(!markdown.contains("| σ |") && !markdown.contains("N(0, σ"), "{markdown}");
        let again = command.replace("TEXT", "text").replace("MODEL", "run");
        let again = again.strip_prefix("elman ").unwrap();
        let again = lossy(&folder, &format!("{again} --quiet --out again --force"));
        assert_eq!(again, stdout);
    }
    // Adam goes on counting its updates.
    let adam = "--preset adam-edition --report-every 100";
    train(&folder, &format!("{adam} --out adam"));
    train(&folder, &format!("{adam} --from adam --keep-optimizer --out kept"));
    folder.run("report kept --seconds 0").well();
    let markdown = folder.read_text("kept/report.md");
    assert!(markdown.contains("(m_θ / (1 − β_1^{n+300}))"), "{markdown}");
}

/// A linear schedule belongs to the run, so the command makes all updates.
#[test]
fn a_linear_schedule_that_has_not_ended_has_a_digest_of_its_own() {
    let folder = Folder::new("report-linear");
    train(&folder, "--schedule linear --validation 0.2 --validate-every 30");
    train(&folder, "--schedule linear --out early");
    // As a run leaves its folder that is stopped.
    let path = folder.path("early/model.safetensors");
    let (mut model, plan) = checkpoint::load_with_plan(&path).unwrap();
    elman::internals::model::state_mut(&mut model).updates = 201;
    checkpoint::save_with_plan(&model, &plan.unwrap(), &path).unwrap();
    folder.run("report early --seconds 0").well();
    let markdown = folder.read_text("early/report.md");
    let said = "The command makes all 300 updates. So far the run has made 201 updates;";
    assert!(markdown.contains(said), "{markdown}");
    folder.run("report run --seconds 0").well();
    folder.run("report run --seconds 0 --language sv --out sv").well();
    for (place, all, compared) in [
        (
            "run",
            "must be the digest of all parameters after 300 updates:",
            "with the lowest validation loss, compared every 100 updates and every 30 updates.",
        ),
        (
            "sv",
            "ska vara kontrollsumman av alla parametrar efter 300 uppdateringar:",
            "med lägst valideringsförlust, som jämförs en gång per 100 uppdateringar och en gång \
             per 30 uppdateringar.",
        ),
    ] {
        let markdown = folder.read_text(&format!("{place}/report.md"));
        assert!(markdown.contains(all) && markdown.contains(compared), "{markdown}");
    }
}

#[test]
fn the_built_in_story_needs_no_name() {
    let folder = Folder::new("report-story");
    folder.run("train --hidden 5 --iterations 20 --quiet --out run").well();
    folder.run("report run --seconds 0").well();
    let markdown = folder.read_text("run/report.md");
    let command = "elman train --hidden 5 --iterations 20".to_string();
    assert!(fenced(&markdown).contains(&command), "{markdown}");
    assert!(!markdown.contains("TEXT is"));
}

#[test]
fn what_is_told_is_what_show_tells() {
    let folder = Folder::new("report-show");
    let stdout = train(&folder, "--validation 0.2 --validate-every 30");
    folder.run("report run --seconds 0").well();
    let html = folder.read_text("run/report.html");
    let shown = folder.run("show run/model.safetensors").well();
    let of = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name)).unwrap();
        line[17..].to_string()
    };
    let row = |name: &str, value: &str| {
        let row = format!("<th scope=\"row\">{name}</th><td>{value}</td>");
        assert!(html.contains(&row), "{row} in {html}");
    };
    row("Text", &of("text"));
    row("Distinct characters", &of("characters"));
    row("Hidden units", &of("hidden units"));
    row("Parameters", &of("parameters"));
    row("Sequence length", "T = 10");
    row("Learning rate", &format!("η = {}", of("learning rate")));
    row("Updates", &of("updates"));
    row("Completed epochs", &of("epoch"));
    row("Validation set", "the last 20\u{a0}% of the text");
    // The figures of the last report, and of the best model.
    let heads: Vec<&str> = (stdout.lines())
        .filter(|line| line.starts_with("iter=") || line.starts_with("passage "))
        .collect();
    let figures = between(&html, "<dl>", "</dl>");
    let headings = between(&html, "<article class=\"", "</h3>");
    assert_eq!([figures.len(), headings.len()], [heads.len(); 2]);
    for ((figures, heading), head) in figures.iter().zip(headings).zip(heads) {
        let updates = match head.starts_with("passage") {
            true => value(head, "best_iter"),
            false => value(head, "iter"),
        };
        let after = match updates {
            "0" => ">Before the first update".to_string(),
            _ => format!(">After {updates} updates"),
        };
        assert!(heading.ends_with(&after), "{heading} {head}");
        let values: Vec<f64> = between(figures, "<dd>", "</dd>")
            .iter()
            .map(|value| value.replace(',', "").parse().unwrap())
            .collect();
        let names: &[&str] = if head.starts_with("passage") {
            &["smooth_loss", "validation_loss", "validation_bits"]
        } else {
            &["epoch", "loss", "smooth_loss", "validation_loss", "validation_bits"]
        };
        let told: Vec<f64> = names.iter().map(|name| value(head, name).parse().unwrap()).collect();
        assert_eq!(values.len(), told.len(), "{figures} {head}");
        for (value, told) in values.iter().zip(told) {
            assert!((value - told).abs() <= 1e-5 * told.abs(), "{value} for {told}");
        }
    }
}

/// As the library checks them, over what the model writes.
#[test]
fn the_gradients_are_those_of_the_best_model() {
    let folder = Folder::new("report-gradients");
    train(&folder, "");
    folder.run("report run --seconds 0").well();
    let best = folder.model("run/best.safetensors");
    let mut chunk = vec![best.start()];
    let written = Writer::new(&best).unwrap().write(60);
    chunk.extend(best.vocabulary().encode(&written).unwrap());
    let case = Case { inputs: &chunk[..10], targets: &chunk[1..11], h0: &best.state().h };
    let compared = check_gradients(&best.state().rnn, case).unwrap();
    assert!(compared.passed());
    let cells = |text: &dyn Fn(&elman::check::TensorComparison) -> String| {
        let cells = compared.rows.iter().map(|row| format!(" {} |", text(row)));
        cells.collect::<String>()
    };
    let minus = |x: f64| format!("{x:.2e}").replace("e-", "e−");
    let markdown = folder.read_text("run/report.md");
    for line in [
        format!("| Entries |{}", cells(&|row| row.entries().to_string())),
        format!("| Largest absolute error |{}", cells(&|row| minus(row.absolute.error))),
        format!("| Largest relative error |{}", cells(&|row| minus(row.relative.error))),
        format!("| Only rounding |{}", cells(&|row| row.within_rounding.to_string())),
        format!("| Wrong |{}", " 0 |".repeat(5)),
    ] {
        assert!(markdown.contains(&line), "{line} in {markdown}");
    }
    let entries = compared.rows.iter().map(|row| row.entries()).sum::<usize>();
    assert!(markdown.contains(&format!("Passed: none of the {entries} entries is wrong.")));
    // A part of it, where that is asked for.
    folder.run("report run --seconds 0 --check-hidden 2 --out part").well();
    let part = folder.read_text("part/report.md");
    assert!(part.contains("Only the first 2 of its 6 hidden units are checked"));
    assert!(part.contains("| Shape | 2 × "), "{part}");
}

/// Beside `Passed`, where there are any.
#[test]
fn large_relative_errors_of_right_entries_are_explained() {
    let folder = Folder::new("report-relative");
    for (more, is_said) in [("", false), ("--hidden 20 --seq-length 25 --learning-rate 0.3", true)]
    {
        train(&folder, &format!("{more} --force"));
        folder.run("report run --seconds 0 --force").well();
        folder.run("report run --seconds 0 --force --language sv --out sv").well();
        let read = |place: &str| folder.read_text(&format!("{place}/report.md")).replace('\\', "");
        let (english, swedish) = (read("run"), read("sv"));
        let cells = lines(&english, "| Relative error > 10^−6 |")[0].split('|').skip(2);
        let over: u64 = cells.filter_map(|cell| cell.trim().parse::<u64>().ok()).sum();
        assert_eq!(over > 0, is_said, "{english}");
        let [passed, right] = [lines(&english, "Passed: ")[0], lines(&swedish, "Godkänd: ")[0]];
        let words = format!("For {over} of them the relative error is above 10^−6");
        assert_eq!(passed.contains(&words), is_said, "{passed}");
        let words = format!("För {over} av dem är det relativa felet större än 10^−6");
        assert_eq!(right.contains(&words), is_said, "{right}");
        let estimates = lines(&english, "| Largest estimated error of d |")[0].split('|').skip(2);
        let number = |cell: &str| cell.trim().replace('−', "-").parse::<f64>().ok();
        let largest = estimates.filter_map(number).fold(0.0, f64::max);
        let largest = format!("an error of up to {largest:.2e}.").replace("e-", "e−");
        assert_eq!(passed.contains(&largest), is_said, "{largest}: {passed}");
    }
}

#[test]
fn both_languages_say_it_all() {
    let folder = Folder::new("report-languages");
    train(&folder, "--preset adam-edition --report-every 10000 --validation 0.2");
    folder.run("report run --seconds 0").well();
    folder.run("report run --seconds 0 --language sv --out sv").well();
    let [english, swedish] =
        ["run", "sv"].map(|place| folder.read_text(&format!("{place}/report.html")));
    assert!(english.contains("<html lang=\"en\">") && swedish.contains("<html lang=\"sv\">"));
    for (en, sv) in [
        ("Settings", "Inställningar"),
        ("Gradient check", "Gradientkontroll"),
        ("Loss", "Förlust"),
        ("The best model", "Den bästa modellen"),
    ] {
        assert!(english.contains(&format!("<h2>{en}</h2>")), "{en}");
        assert!(swedish.contains(&format!("<h2>{sv}</h2>")), "{sv}");
    }
    assert!(english.contains("<td>η = 0.001</td>") && swedish.contains("<td>η = 0,001</td>"));
    assert!(swedish.contains("valideringsförlust</text>") && swedish.contains(">epok</dt>"));
    let blocks = fenced(&folder.read_text("sv/report.md"));
    let curve = blocks.iter().find(|block| {
        block.starts_with(
            "utjämnad förlust
",
        )
    });
    let curve = curve.unwrap();
    assert!(curve.ends_with(" 300 uppdateringar") && curve.contains(','), "{curve}");
    // Neither has words of the other, nor a place that was not filled.
    for word in ["hidden", "Passed", "updates", "the ", "loss<"] {
        let words = swedish.split("<pre").map(|part| part.split("</pre>").last().unwrap());
        assert!(words.skip(1).all(|part| !part.contains(word)), "{word}");
    }
    let tags = |page: &str| page.split("<pre").next().unwrap().matches("<tr>").count();
    assert_eq!(tags(&english), tags(&swedish));
    for page in [english, swedish] {
        let body = page.split("</style>").nth(1).unwrap();
        for left in ["{m}", "{K}", "{T}", "{updates}", "{length}", "{digest}", "{untrained}"] {
            assert!(!body.contains(left), "{left}");
        }
    }
}

#[test]
fn the_speed_is_measured_and_all_else_is_the_same_every_time() {
    let folder = Folder::new("report-speed");
    for options in ["", "--batch-size 2 --order positions", "--preset adam-edition --documents"] {
        train(&folder, &format!("{options} --force"));
        let of = |out: &str, seconds: &str| {
            folder.run(&format!("report run --out {out} --seconds {seconds} --force")).well();
            [format!("{out}/report.html"), format!("{out}/report.md")]
                .map(|file| folder.read_text(&file))
        };
        let (measured, without) = (of("a", "0.05"), of("b", "0"));
        assert_eq!(without, of("c", "0"));
        let numbers = |name: &str| -> Vec<f64> {
            let line = measured[1].lines().find(|line| line.starts_with(&format!("| {name} |")));
            let cells = line.unwrap().split('|').skip(2).take(2);
            let numbers = cells.map(|cell| cell.trim().replace(',', "").parse().unwrap());
            numbers.collect()
        };
        let (fast, naive, ratio) =
            (numbers("elman"), numbers("Naive implementation"), numbers("Ratio"));
        let characters = if options.contains("batch-size") { 20.0 } else { 10.0 };
        for speed in [&fast, &naive] {
            assert!(
                speed[0] > 0.0 && (speed[1] / speed[0] / characters - 1.0).abs() < 0.02,
                "{speed:?}"
            );
        }
        assert!((fast[0] / naive[0] / ratio[0] - 1.0).abs() < 0.02);
        // Nothing else differs.
        let rest = |page: &str| {
            let (before, after) = page.split_once("## Speed").unwrap();
            let (_, after) = after.split_once("## Reproducing the run").unwrap();
            [before, after].map(str::to_string)
        };
        assert_eq!(rest(&measured[1]), rest(&without[1]));
    }
}

#[test]
fn only_reports_are_written_and_only_where_there_are_none() {
    let folder = Folder::new("report-files");
    train(&folder, "");
    let before = folder.files("run");
    assert_eq!(
        folder.run("report run --seconds 0").well(),
        "run/report.html\nrun/report.md\n".replace('/', std::path::MAIN_SEPARATOR_STR)
    );
    let mut after = folder.files("run");
    after.retain(|(name, _)| name != "report.html" && name != "report.md");
    assert!(after == before);
    let before = folder.files("run");
    let words = "already exists: choose another name, or replace it with --force";
    folder.run("report run --seconds 0").refused(1, words);
    folder.run("report run --seconds 0 --language sv").refused(1, words);
    assert!(folder.files("run") == before);
    folder.run("report run --seconds 0 --language sv --force").well();
    assert!(folder.files("run") != before);
    // Of a pair that is there in part nothing is replaced.
    std::fs::create_dir(folder.path("part")).unwrap();
    folder.write("part/report.md", "mine");
    folder.run("report run --out part").refused(1, words);
    assert_eq!(folder.files("part").len(), 1);
    // A run that goes on keeps them, and they do not stop it.
    folder.run("train text --resume run --iterations 310 --quiet").well();
    assert!(folder.path("run/report.html").exists());
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = Folder::new("report-refused");
    train(&folder, "");
    folder.run("report").refused(2, "the report of which run? name its folder");
    folder.run("report none").refused(1, "none: there is no such folder");
    folder.run("report text").refused(1, "text: not the folder of a run");
    std::fs::create_dir(folder.path("empty")).unwrap();
    folder.run("report empty").refused(1, "empty: not the folder of a run");
    folder.run("report run --language de").refused(2, "--language de: must be en or sv");
    for seconds in ["-1", "inf", "nan", "3601"] {
        let ended = ended(folder.command("report run").arg(format!("--seconds={seconds}")));
        ended.refused(2, &format!("--seconds {seconds}: "));
    }
    folder.run("report run --check-hidden 0").refused(2, "at least 1");
    folder.write("file", "");
    folder.run("report run --seconds 0 --out file").refused(1, "file");
    folder.run("train text --hidden 4 --iterations 20 --seeds 2 --quiet --out seeds").well();
    let one = std::path::Path::new("seeds").join("seed-1");
    let words = format!("several seeds: name one of them, such as {}", one.display());
    folder.run("report seeds").refused(1, &words);
    // Another run's best model, and a damaged one.
    folder.run("train text --hidden 7 --iterations 20 --quiet --out other").well();
    std::fs::copy(folder.path("other/best.safetensors"), folder.path("run/best.safetensors"))
        .unwrap();
    folder
        .run("report run")
        .refused(1, "best.safetensors: not from the same run as model.safetensors");
    folder.write("run/best.safetensors", "no model");
    folder.run("report run").refused(1, "best.safetensors: ");
    std::fs::copy(folder.path("other/best.safetensors"), folder.path("run/model.safetensors"))
        .unwrap();
    folder.run("report run").refused(1, "not the last state of a run");
    assert!(!folder.path("run/report.html").exists());
}

/// A run at work, one from before there were samples, and one of no updates.
#[test]
fn what_there_is_not_is_said() {
    let folder = Folder::new("report-unfinished");
    train(&folder, "");
    train(&folder, "--out other");
    std::fs::remove_file(folder.path("run/reports.jsonl")).unwrap();
    folder.run("report run --seconds 0").well();
    let markdown = folder.read_text("run/report.md");
    assert!(markdown.contains("The run has kept no samples"), "{markdown}");
    let reports = folder.read_text("other/reports.jsonl");
    let first = reports.split_inclusive('\n').next().unwrap();
    folder.write("run/reports.jsonl", first);
    folder
        .run("report run --force")
        .refused(1, "reports.jsonl: the report of update 200 is missing");
    folder.write("run/reports.jsonl", "no report\n");
    folder.run("report run --force").refused(1, "reports.jsonl: line 1: ");
    // The last row is gone.
    let losses = folder.read_text("other/loss.csv");
    let cut = losses.trim_end().rfind('\n').unwrap() + 1;
    folder.write("other/loss.csv", &losses[..cut]);
    folder
        .run("report other --force")
        .refused(1, "loss.csv: line 4: must be the row of update 200");

    folder.run("train text --hidden 4 --iterations 0 --quiet --out none").well();
    folder.run("report none --seconds 0").well();
    let markdown = folder.read_text("none/report.md");
    assert!(markdown.contains("There are no losses yet."), "{markdown}");
    assert!(markdown.contains("### Before the first update"));

    // As a run leaves its folder that is stopped: the plan goes further than the state.
    let path = folder.path("none/model.safetensors");
    let (model, plan) = checkpoint::load_with_plan(&path).unwrap();
    let mut plan = plan.unwrap();
    plan.iterations = 1_000_000;
    checkpoint::save_with_plan(&model, &plan, &path).unwrap();
    folder.run("report none --seconds 0 --force").well();
    let html = folder.read_text("none/report.html");
    assert!(html.contains("the run has made 0 of 1,000,000 updates so far"), "{html}");
    assert!(html.contains("elman train TEXT --hidden 4 --iterations 0"));
}

/// The heading of a sample or of the best model, and its figures by name.
fn figures(markdown: &str, heading: &str) -> Vec<String> {
    let after = markdown.split(heading).nth(1).unwrap();
    let sample = after.split("\n### ").nth(1).unwrap();
    let lines = [sample.lines().next().unwrap(), sample.lines().nth(2).unwrap()];
    lines.iter().flat_map(|line| line.split("; ")).map(str::to_string).collect()
}

/// The losses, the samples and the best model of later updates are in the folder of a run that was stopped.
#[test]
fn what_comes_after_the_state_is_left_out() {
    let folder = Folder::new("report-stopped");
    train(&folder, "--log-every 10 --iterations 200 --out early");
    train(&folder, "--log-every 10");
    let path = |run: &str| folder.path(&format!("{run}/model.safetensors"));
    let (model, plan) = checkpoint::load_with_plan(path("early")).unwrap();
    let mut plan = plan.unwrap();
    plan.iterations = 300;
    for run in ["early", "run"] {
        let saved = checkpoint::save_with_plan(&model, &plan, path(run));
        saved.unwrap();
        folder.run(&format!("report {run} --seconds 0")).well();
    }
    let [early, stopped] =
        ["early", "run"].map(|run| folder.read_text(&format!("{run}/report.md")));
    assert!(stopped.contains("has made 200 of 300 updates"));
    let part = |markdown: &str| {
        let (_, part) = markdown.split_once("\n## Loss\n").unwrap();
        part.split_once("\n## The best model").unwrap().0.to_string()
    };
    assert_eq!(part(&stopped), part(&early));
    assert_eq!(fenced(&part(&stopped)).len(), 4, "a curve and three samples");
    // Nothing says with which loss a later model won.
    let best = |markdown: &str| figures(markdown, "## The best model");
    assert_eq!(best(&stopped), ["After 300 updates", "```text"]);
    assert_eq!(best(&early)[0], "After 200 updates");
    assert!(best(&early)[1].starts_with("smooth loss "));
}

#[test]
fn a_passage_without_end_is_shown_in_part() {
    let folder = Folder::new("report-passage");
    train(&folder, "");
    folder.run("report run --seconds 0").well();
    let short = fenced(&folder.read_text("run/report.md"));
    let path = folder.path("run/model.safetensors");
    let (model, plan) = checkpoint::load_with_plan(&path).unwrap();
    let mut plan = plan.unwrap();
    plan.passage_length = 1_000_000_000_000;
    checkpoint::save_with_plan(&model, &plan, &path).unwrap();
    folder.run("report run --seconds 0 --out long").well();
    let markdown = folder.read_text("long/report.md");
    let long = fenced(&markdown);
    let whole = long.iter().max_by_key(|block| block.len()).unwrap();
    assert_eq!(whole.chars().count(), 10_000);
    let begun: String = whole.chars().take(60).collect();
    assert!(short.contains(&begun));
    let said = "The final sample of the run has 1,000,000,000,000 characters; the report shows the first 10,000.";
    assert!(markdown.contains(said), "{markdown}");
}

/// Options, the last lines of the forward pass, the first of the backward pass, the step, the first parameters, and
/// rows of the table.
type Equations = (&'static str, [&'static str; 4], &'static [(&'static str, &'static str)]);

const EQUATIONS: [Equations; 7] = [
    (
        "",
        [
            "L = − Σ_t ln(y_t^⊤ p_t)",
            "g_t = p_t − y_t",
            "g ← min(max(g, −5), 5)\nG_θ ← G_θ + g^2\nθ ← θ − η g / √(G_θ + ε)",
            "U, W, V ~ N(0, σ^2)\nb = c = 0",
        ],
        &[("Optimizer", "AdaGrad"), ("ε", "1e−8")],
    ),
    (
        "--preset adam-edition --report-every 100",
        [
            "L = − (1/T) Σ_t ln(y_t^⊤ p_t)",
            "g_t = (p_t − y_t) / T",
            "m_θ ← β_1 m_θ + (1 − β_1) g\nv_θ ← β_2 v_θ + (1 − β_2) g^2\n\
             θ ← θ − η (m_θ / (1 − β_1^n)) / (√(v_θ / (1 − β_2^n)) + ε)\nn = 1, 2, …",
            "U ~ N(0, 1/(2K))\nW ~ N(0, 1/(2m))\nV ~ N(0, 1/m)\nb = c = 0",
        ],
        &[("Optimizer", "Adam"), ("β₁", "0.9"), ("β₂", "0.999")],
    ),
    (
        "--optimizer rmsprop --clip 0.5",
        [
            "L = − Σ_t ln(y_t^⊤ p_t)",
            "g_t = p_t − y_t",
            "g ← min(max(g, −0.5), 0.5)\nv_θ ← β_2 v_θ + (1 − β_2) g^2\nθ ← θ − η g / (√v_θ + ε)",
            "U, W, V ~ N(0, σ^2)\nb = c = 0",
        ],
        &[("Optimizer", "RMSProp"), ("β₂", "0.9")],
    ),
    (
        "--loss mean --clip none --initialization fan-in",
        [
            "L = − (1/T) Σ_t ln(y_t^⊤ p_t)",
            "g_t = (p_t − y_t) / T",
            "G_θ ← G_θ + g^2\nθ ← θ − η g / √(G_θ + ε)",
            "U ~ N(0, 1/(2K))\nW ~ N(0, 1/(2m))\nV ~ N(0, 1/m)\nb = c = 0",
        ],
        &[("Optimizer", "AdaGrad"), ("Gradient clipping", "none")],
    ),
    (
        "--schedule linear",
        [
            "L = − Σ_t ln(y_t^⊤ p_t)",
            "g_t = p_t − y_t",
            "g ← min(max(g, −5), 5)\nG_θ ← G_θ + g^2\nθ ← θ − η_n g / √(G_θ + ε)\n\
             η_n = 0.1 · (1 − (n − 1)/300)\nn = 1, 2, …",
            "U, W, V ~ N(0, σ^2)\nb = c = 0",
        ],
        &[("Learning-rate schedule", "linear decay to 0 at the end of the run")],
    ),
    (
        "--schedule exponential --half-life 2000",
        [
            "L = − Σ_t ln(y_t^⊤ p_t)",
            "g_t = p_t − y_t",
            "g ← min(max(g, −5), 5)\nG_θ ← G_θ + g^2\nθ ← θ − η_n g / √(G_θ + ε)\n\
             η_n = 0.1 · 2^{−(n − 1)/2,000}\nn = 1, 2, …",
            "U, W, V ~ N(0, σ^2)\nb = c = 0",
        ],
        &[
            ("Learning-rate schedule", "exponential decay with a half-life"),
            ("Half-life", "2,000 updates"),
        ],
    ),
    (
        "--optimizer rmsprop --schedule exponential --half-life 12.5",
        [
            "L = − Σ_t ln(y_t^⊤ p_t)",
            "g_t = p_t − y_t",
            "g ← min(max(g, −5), 5)\nv_θ ← β_2 v_θ + (1 − β_2) g^2\n\
             θ ← θ − η_n g / (√v_θ + ε)\nη_n = 0.001 · 2^{−(n − 1)/12.5}\nn = 1, 2, …",
            "U, W, V ~ N(0, σ^2)\nb = c = 0",
        ],
        &[("Half-life", "12.5 updates"), ("β₂", "0.9")],
    ),
];

#[test]
fn the_equations_are_those_of_the_settings() {
    let folder = Folder::new("report-equations");
    for (options, [loss, difference, step, first], rows) in EQUATIONS {
        train(&folder, &format!("{options} --force"));
        folder.run("report run --seconds 0 --force").well();
        let markdown = folder.read_text("run/report.md");
        // After the characters.
        let [forward, backward, update, drawn] = &fenced(&markdown)[1..5] else {
            panic!("{markdown}")
        };
        assert_eq!(forward.lines().last(), Some(loss), "{options}");
        assert_eq!(backward.lines().next(), Some(difference), "{options}");
        assert_eq!((&**update, &**drawn), (step, first), "{options}");
        for (name, value) in rows {
            let row = format!("| {name} | {value} |");
            assert!(markdown.contains(&row), "{row} in {markdown}");
        }
        let betas = rows.iter().filter(|(name, _)| name.starts_with('β'));
        assert_eq!(markdown.matches("| β").count(), betas.count(), "{options}");
    }
}

#[test]
fn where_the_hidden_state_begins_depends_on_the_order() {
    let folder = Folder::new("report-begins");
    let carried = "the hidden state that training would go on with";
    let of_batch = format!("{carried} in the first sequence of the batch");
    for (options, sentence, from, validated) in [
        ("", "Every epoch begins with h = 0", carried, carried),
        ("--batch-size 2", "Every epoch begins with h = 0", &of_batch, carried),
        ("--documents", "Every document begins with h = 0", "h = 0", "h = 0"),
        (
            "--order chunks --chunk 30",
            "Every chunk of the text begins with h = 0",
            "h = 0",
            "h = 0",
        ),
        ("--order positions", "Every sequence begins with h = 0", "h = 0", "h = 0"),
    ] {
        train(&folder, &format!("{options} --validation 0.2 --force"));
        folder.run("report run --seconds 0 --force").well();
        let markdown = folder.read_text("run/report.md");
        assert!(markdown.contains(sentence), "{sentence} in {markdown}");
        assert_eq!(markdown.matches("begins with h = 0").count(), 1);
        // Where the final sample starts, and where the validation set is read from.
        let start = lines(&markdown, "The best model is the one with")[0];
        assert!(start.ends_with(&format!(" and from {from}.")), "{options}: {start}");
        let read = lines(&markdown, "The loss is in nats")[0];
        let every = if options == "--documents" { "every document " } else { "" };
        let read_from = format!("The network reads this set {every}from {validated}.");
        assert!(read.contains(&read_from), "{options}: {read}");
        let text = folder.read_text("text");
        // One end is before the first document; empty lines are none.
        let lines = text.lines().filter(|line| !line.is_empty());
        let (count, ends) = match options {
            "--documents" => (
                1 + lines.map(|line| line.chars().count() + 1).sum::<usize>(),
                " including document ends",
            ),
            _ => (text.chars().count(), ""),
        };
        let (thousands, rest) = (count / 1000, count % 1000);
        let characters = format!("| {thousands},{rest:03} characters{ends},");
        assert!(markdown.contains(&characters), "{characters} in {markdown}");
        let is_shorter = markdown.contains("The last sequence of a document may be shorter");
        assert_eq!(is_shorter, options == "--documents");
    }
}
