"""Reports of runs whose texts and settings are not what one would expect."""

import pathlib
import subprocess

PLAIN = "the ferry crosses at nine, and the bell rings twice; åtta klockor slår tolv.\nall of it again: "
TEXTS = {
    "markup": "if a<b && c>d: `x` ```y``` &amp; <b>\"é\"</b> <script>1</script> ]]> <!-- | * _ \\ #\n",
    "controls": "a\tb\x1b[31m\r\nc\x7f\x85\ufeff\u202ed\u2028 e\0f\uffff\ufdd0\n",
    "hebrew": "שלום abc \u202aال\u202c 12 עולם, א\u0323ב\n",
    "long": "W" * 300 + "日本語" * 60 + "😀🏽" * 20 + "\n" + "x" * 500 + "\n",
    "plain": PLAIN,
}
# Name, text, options of train, options of report.
RUNS = [
    ("adagrad", "plain", "--iterations 30000 --hidden 5 --validation 0.1 --schedule linear", ""),
    ("adam", "plain", "--iterations 20000 --hidden 5 --preset adam-edition", "--language sv"),
    ("long-run", "plain", "--iterations 100000 --hidden 1 --seq-length 1", ""),
    ("epochs", "plain", "--iterations 1000 --hidden 100 --seq-length 30", "--language sv"),
    ("markup", "markup", "--iterations 300 --hidden 10 --order chunks --chunk 40", ""),
    ("controls", "controls", "--iterations 300 --hidden 10 --report-every 20", "--language sv"),
    ("hebrew", "hebrew", "--iterations 300 --hidden 10 --batch-size 3 --validation 0.2 --optimizer rmsprop --schedule exponential", "--language sv"),
    ("long", "long", "--iterations 300 --hidden 10 --order positions", ""),
    ("bytes", "controls", "--iterations 300 --hidden 10 --bytes", ""),
    ("documents", "plain", "--iterations 300 --hidden 10 --documents --epsilon 1.2345678901234567e-7", "--language sv"),
    ("none", "plain", "--iterations 0 --hidden 1 --seed 18446744073709551615", ""),
    ("many", "plain", "--iterations 1 --hidden 1000 --seq-length 3", "--check-hidden 3"),
]


def written(elman, folder):
    """Reports by name: the pages that `elman report` writes there."""
    pages = {}
    for name, text, options, report in RUNS:
        path, run = folder / f"{text}.txt", folder / name
        path.write_bytes((TEXTS[text] * (40 if len(TEXTS[text]) < 200 else 4)).encode())
        run_program([elman, "train", path, *options.split(), "--quiet", "--force", "--out", run])
        run_program([elman, "report", run, *report.split(), "--seconds", "0.1", "--force", "--quiet"])
        pages[name] = run / "report.html"
    # As an earlier version left its folder.
    (folder / "none" / "reports.jsonl").unlink()
    run_program([elman, "report", folder / "none", "--out", folder / "older", "--force", "--quiet"])
    pages["older"] = folder / "older" / "report.html"
    return pages


def run_program(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
