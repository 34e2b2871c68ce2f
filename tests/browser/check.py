"""Opens the charts in a real Chromium.

    python tests/browser/check.py target/release/elman

No text in loss.svg or in the chart of `elman plot` overlaps another or leaves the picture, whatever the names and the
numbers; and a chart that is open is loaded again as long as its run goes on, and no longer. Needs Chromium or Chrome (on
the path, or named by CHROMIUM) and no package. Without one it says so, and ends with status 0.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
# Neither a window nor a profile that stays; the sandbox needs a user that is not root.
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions"]

# Says of every picture which texts leave it and which overlap. Boxes of text hold more than its ink: letters may
# reach to the ends of their box from left to right, but never from top to bottom.
MEASURE = """
const found = [];
for (const holder of document.querySelectorAll("script[type=picture]")) {
  const parsed = new DOMParser().parseFromString(JSON.parse(holder.textContent), "image/svg+xml");
  const svg = document.body.appendChild(document.adoptNode(parsed.documentElement));
  const picture = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
  const boxes = texts.map(text => text.getBoundingClientRect());
  let problems = [];
  if (picture.width < 900 || texts.length < 5) problems.push("not drawn");
  boxes.forEach((box, i) => {
    if (box.left < picture.left + 2 || box.right > picture.right - 2
        || box.top < picture.top + 2 || box.bottom > picture.bottom - 2)
      problems.push(`leaves the picture: ${texts[i].textContent}`);
    boxes.slice(0, i).forEach((other, j) => {
      const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
      if (across > -1 && down > 3)
        problems.push(`overlap: ${texts[i].textContent} | ${texts[j].textContent}`);
    });
  });
  found.push({name: holder.id, texts: texts.length, problems});
  svg.remove();
}
document.body.textContent = "measured " + JSON.stringify(found);
"""

ODD_NAMES = [
    "a & b <c> \"d\"",
    "W" * 60,
    "\u65e5\u672c\u8a9e" * 20,
    "\U0001f600" * 40,
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "abc \u202e def",
    "runs-with-a-long-name-" * 5 + "seed-1",
]


def find_browser():
    """Chromium or Chrome; where there is none, it is said that a check is skipped."""
    named = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else BROWSERS
    browser = next(filter(None, map(shutil.which, named)), None)
    if browser is None:
        print("skipped: there is no Chromium")
    return browser


def main():
    elman = pathlib.Path(sys.argv[1]).resolve()
    browser = find_browser()
    if browser is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["TMPDIR"] = folder
        measure(browser, pictures(elman))
        reload(browser, elman)
    print("the charts are right in the browser")


def train(elman, *options):
    command = [elman, "train", *options, "--hidden", "3", "--report-length", "0", "--quiet", "--force"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def losses(elman, folder, count, every, value, validated=False):
    """A run whose loss.csv says that the loss falls towards `value`."""
    never = "1000000000000"
    options = ["--validation", "0.1", "--validate-every", str(7 * every)] if validated else []
    train(elman, "--iterations", "1", "--log-every", str(every), "--report-every", never, *options, "--out", folder)
    number = lambda x: repr(x).replace("e+", "e").replace("e-0", "e-")
    rows = ["iteration,epoch,loss,smooth_loss" + ",validation_loss,validation_bits" * validated]
    for n in range(count):
        loss = value * (1 + 3 / (1 + n))
        row = f"{n * every},0,{number(loss)},{number(loss)}"
        rows.append(row + (",," if n % 7 else f",{number(loss * 1.1)},2.5") * validated)
    pathlib.Path(folder, "loss.csv").write_text("\n".join(rows) + "\n")


def pictures(elman):
    """Charts by what they are of."""
    found = {}
    for name in ODD_NAMES:
        path = pathlib.Path((name if len(name.encode()) < 200 else name[:40]) + ".txt")
        path.write_text("once more and again. " * 40, encoding="utf-8")
        train(elman, path, "--iterations", "200", "--log-every", "10", "--out", "run")
        found[f"loss.svg of {name[:9]}"] = pathlib.Path("run/loss.svg").read_text("utf-8")
    for iterations in [0, 1, 2, 3000]:
        train(elman, "--iterations", str(iterations), "--log-every", "1", "--validation", "0.1", "--out", "run")
        found[f"loss.svg, {iterations} updates"] = pathlib.Path("run/loss.svg").read_text()
    for count, every, value in [(1, 1, 40), (2, 1, 40.0), (1000, 10_000, 40.0), (99, 9, 1e-6), (99, 9, 1e299)]:
        losses(elman, "run", count, every, float(value), validated=count != 2)
        found[f"plot of {count} rows at {value}"] = plot(elman, "run")
    for count in [1, 2, 8, 20, 30]:
        folders = [pathlib.Path("runs", f"{n}-" + ODD_NAMES[n % 7].replace("/", "")[:40]) for n in range(count)]
        for n, folder in enumerate(folders):
            losses(elman, folder, 300 + n, 100, 40.0 + n, validated=n % 2 == 1)
        found[f"plot of {count} runs"] = plot(elman, *folders)
    return found


def plot(elman, *folders):
    return subprocess.run([elman, "plot", *folders], check=True, stdout=subprocess.PIPE).stdout.decode()


def measure(browser, pictures):
    page = ["<!doctype html><meta charset=utf-8><style>body { margin: 0 } svg { display: block }</style><body>"]
    for name, svg in pictures.items():
        svg = json.dumps(re.sub(r"<meta [^>]*>\n", "", svg)).replace("<", "\\u003c")
        page.append(f"<script type=picture id='{name.translate({39: 32, 60: 32, 38: 32})}'>{svg}</script>")
    page.append(f"<script>{MEASURE}</script>")
    path = pathlib.Path("page.html").resolve()
    path.write_text("\n".join(page), encoding="utf-8")
    command = [browser, *OPTIONS, f"--user-data-dir={path.parent}/profile", "--dump-dom", path.as_uri()]
    dom = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    said = re.search(r"measured (\[.*\])", dom.stdout.decode(), re.DOTALL)
    assert said, "the browser measured nothing"
    unescaped = said[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    found = json.loads(unescaped)
    assert len(found) == len(pictures), "a picture is missing"
    problems = [f"{picture['name']}: {problem}" for picture in found for problem in picture["problems"]]
    print(f"{len(found)} pictures with {sum(picture['texts'] for picture in found)} texts, {len(problems)} problems")
    if problems:
        sys.exit("\n".join(problems))


class Charts(http.server.BaseHTTPRequestHandler):
    """Hands out the chart, and counts."""

    handed = []

    def do_GET(self):
        if self.path != "/run/loss.svg":
            return self.send_error(404)
        chart = pathlib.Path("run/loss.svg").read_text()
        self.handed.append(chart)
        self.send_response(200)
        self.send_header("Content-Type", "image/svg+xml")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(chart.encode())

    def log_message(self, *_):
        pass


def wait(condition, what):
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > 20:
            sys.exit(f"in vain: {what}")
        time.sleep(0.05)


def reload(browser, elman):
    shutil.rmtree("run")
    run = ["train", "--hidden", "3", "--report-length", "0", "--passage-length", "0", "--quiet"]
    endless = ["--iterations", "1000000000000", "--save-every", "1000000000000", "--out", "run"]
    running = subprocess.Popen([elman, *run, *endless], stdout=subprocess.DEVNULL)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Charts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    handed = Charts.handed
    opened = None
    try:
        wait(pathlib.Path("run/model.safetensors").exists, "the run begins")
        address = f"http://127.0.0.1:{server.server_port}/run/loss.svg"
        profile = pathlib.Path("open").resolve()
        opened = subprocess.Popen(
            [browser, *OPTIONS, f"--user-data-dir={profile}", "--remote-debugging-port=0", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait(lambda: len(set(handed)) >= 2, "the browser loads the chart again")
        running.kill()
        running.wait()
        train_again = [elman, *run, "--iterations", "100", "--force", "--out", "run"]
        subprocess.run(train_again, check=True, stdout=subprocess.DEVNULL)
        last = pathlib.Path("run/loss.svg").read_text()
        wait(lambda: handed[-1] == last, "the browser loads the last chart")
        count = len(handed)
        time.sleep(2.5)
        assert len(handed) == count, "the chart of a run that has ended is loaded again"
    finally:
        running.kill()
        if opened:
            opened.terminate()
            opened.wait()
        server.shutdown()
    print(f"an open chart was loaded {len(handed)} times, and no more once its run had ended")


if __name__ == "__main__":
    main()
