"""Opens reports in a real Chromium: on a desk and on a telephone, in light and in dark.

    python tests/browser/report.py target/release/elman

Nothing leaves the window or its box, every sample can be read as Markdown has it, no text is hard to tell from what is
behind it, too small or above another in the chart, and nothing is loaded. Needs Chromium or Chrome (on the path, or named
by CHROMIUM) and no package. Without one it says so, and ends with status 0.
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import reports
from check import OPTIONS, find_browser

WIDTHS = [1280, 390]
SCHEMES = {"dark": 0, "light": 1}

# Says of every page what is wrong with it, and what its samples say.
MEASURE = """
const luminance = colour => {
  const [r, g, b] = colour.map(part => part / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
// What is painted behind an element.
const behind = (element, style) => {
  for (let box = element; box; box = box.parentElement) {
    const colour = numbers(style(box).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour.slice(0, 3);
  }
  return [255, 255, 255];
};

function problems(window, width, scheme) {
  const document = window.document, style = element => window.getComputedStyle(element);
  const found = [], say = (what, element) => found.push(`${what}: ${(element.textContent || "").trim().slice(0, 40)}`);
  if (window.matchMedia("(prefers-color-scheme: dark)").matches != (scheme == "dark")) found.push("another scheme");
  if (window.innerWidth != width) found.push(`another width: ${window.innerWidth}`);
  const loading = document.querySelector("script, link, img, iframe, object, embed, [src], [href]");
  if (loading || window.performance.getEntriesByType("resource").length) found.push("it loads something");
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`scrolls to the side: ${root.scrollWidth}`);
  if (document.body.innerText.length < 1000) found.push("there is no text");
  const charts = [...document.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width > 0);
  if (charts.length > 1) found.push(`${charts.length} charts`);
  let texts = 0;
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width == 0 || style(element).visibility != "visible") continue;
    if (box.left < -0.5 || box.right > width + 0.5) say(`leaves the window ${box.left} ${box.right}`, element);
    const svg = element.closest("svg");
    const own = [...element.childNodes].some(node => node.nodeType == 3 && node.data.trim());
    // The chart alone is wider than the column of text, and turns its words.
    const holds = !svg && (own || element.matches("table, tr, dl, ul"));
    if (holds && element.clientWidth && element.scrollWidth > element.clientWidth + 1) say("leaves its box", element);
    if (!own || element.closest("title")) continue;
    texts += 1;
    const colour = svg ? style(element).fill : style(element).color;
    const ratio = contrast(numbers(colour), behind(element, style));
    if (ratio < 4.5) say(`contrast of ${ratio.toFixed(2)}`, element);
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    const size = parseFloat(style(element).fontSize) * scale;
    if (size < (element.matches("sub, sup") ? 8 : 10)) say(`only ${size} pixels high`, element);
  }
  for (const svg of charts) {
    const words = [...svg.querySelectorAll("text")], boxes = words.map(text => text.getBoundingClientRect());
    const picture = svg.getBoundingClientRect();
    if (words.length < 8) found.push("the chart has no words");
    boxes.forEach((box, i) => {
      if (box.left < picture.left || box.right > picture.right || box.top < picture.top || box.bottom > picture.bottom)
        say("leaves the chart", words[i]);
      boxes.slice(0, i).forEach((other, j) => {
        const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (across > -1 && down > 3) say(`overlaps ${words[j].textContent}`, words[i]);
      });
    });
  }
  const samples = [...document.querySelectorAll(".sample pre")].map(pre => pre.innerText);
  return {problems: found, texts, samples};
}

const told = [];
let left = PAGES.length;
for (const {name, page, width} of PAGES) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  frame.srcdoc = page;
  frame.onload = () => {
    told.push({name: `${name}, ${width} wide, ${SCHEME}`, ...problems(frame.contentWindow, width, SCHEME)});
    if (--left == 0) document.body.innerHTML = "<pre></pre>", document.body.firstChild.textContent = "measured " + JSON.stringify(told);
  };
  document.body.append(frame);
}
"""


def main():
    elman = pathlib.Path(sys.argv[1]).resolve()
    browser = find_browser()
    if browser is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        folder = pathlib.Path(folder)
        pages = reports.written(elman, folder)
        expected = {name: samples(path.with_suffix(".md").read_text("utf-8")) for name, path in pages.items()}
        told = [page for scheme in SCHEMES for page in measured(browser, folder, pages, scheme)]
        wrong = whether_it_sees(browser, folder, pages["markup"])
    found = [f"{page['name']}: {problem}" for page in told for problem in page["problems"]]
    for page in told:
        read = [text.rstrip("\n") for text in page["samples"]]
        if read != expected[page["name"].split(",")[0]]:
            found.append(f"{page['name']}: the samples are not those of report.md")
    assert len(told) == len(pages) * len(WIDTHS) * len(SCHEMES), "a page is missing"
    print(f"{len(told)} pages with {sum(page['texts'] for page in told)} texts, {len(found)} problems; {wrong} mistakes seen")
    if found:
        sys.exit("\n".join(dict.fromkeys(found)))


def samples(markdown):
    """The blocks under headings of samples, without the line breaks at their ends."""
    block = r"^### [^\n]*\n\n(?:[^\n`]+\n\n)?(`{3,})text\n(.*?)\n\1$"
    blocks = re.findall(block, markdown, re.MULTILINE | re.DOTALL)
    return [text.rstrip("\n") for _, text in blocks]


def measured(browser, folder, pages, scheme):
    """What the browser says of all pages."""
    shown = [
        {"name": name, "page": path.read_text("utf-8"), "width": width}
        for name, path in pages.items()
        for width in WIDTHS
    ]
    shown = json.dumps(shown).replace("<", "\\u003c")
    script = f"const SCHEME = {json.dumps(scheme)}, PAGES = {shown};{MEASURE}"
    holder = folder / "holder.html"
    head = "<!doctype html><meta charset=utf-8><meta name=color-scheme content='light dark'>"
    holder.write_text(f"{head}<body><script>{script}</script>", encoding="utf-8")
    command = [browser, *OPTIONS, f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000"]
    command += [f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", "--dump-dom", holder.as_uri()]
    dom = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    said = re.search(r"<pre>measured (.*)</pre>", dom.stdout.decode(), re.DOTALL)
    assert said, "the browser measured nothing"
    return json.loads(html.unescape(said[1]))


def whether_it_sees(browser, folder, path):
    """Pages that are wrong on purpose, each in one way, are told so; how many."""
    page = path.read_text("utf-8")
    mistakes = {
        "leaves the window": page.replace("<main>", "<main><p style='width: 2000px'>wide</p>"),
        "contrast of": page.replace("<main>", "<main><p style='color: #888; background: #777'>faint</p>"),
        "leaves its box": page.replace("<main>", "<main><p style='width: 9px; overflow-wrap: normal; overflow: hidden'>wide</p>"),
        "pixels high": page.replace("<main>", "<main><p style='font-size: 7px'>small</p>"),
        "overlaps": page.replace("</svg>", "<text x='90' y='90'>one</text><text x='90' y='90'>two</text></svg>"),
        "leaves the chart": page.replace("</svg>", "<text x='9999' y='90'>out</text></svg>"),
        "it loads something": page.replace("<main>", "<main><img alt='' src='missing.png'>"),
    }
    for what, text in mistakes.items():
        assert text != page
        wrong = folder / "wrong.html"
        wrong.write_text(text, encoding="utf-8")
        for told in measured(browser, folder, {"wrong": wrong}, "light"):
            seen = [problem for problem in told["problems"] if what in problem]
            assert seen, f"{told['name']}: {what!r} is not seen"
    return len(mistakes)


if __name__ == "__main__":
    main()
