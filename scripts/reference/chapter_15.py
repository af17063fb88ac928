#!/usr/bin/env python3
"""Runs the commands of chapter 15's README, the last of them Python, and compares what that prints with what it shows.

    scripts/reference/chapter_15.py BUILD            # BUILD is the folder of the built programs, build/release
    scripts/reference/chapter_15.py BUILD --write    # writes it into the README
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "tutorials" / "15_what_bert_gives_back" / "README.md"
SHOWN = re.compile(r"(<!-- scripts/reference/chapter_15\.py [^\n]*-->\n```text\n)(.*?)(```\n)", re.DOTALL)


def printed(build, readme):
    """What the README's commands print, run in a folder of their own: the last one is Python."""
    commands = re.findall(r"^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    assert len(commands) == 1 and commands[0].count("build/release/") == 2, commands
    here = {"build/release/": f"{build}/", "python3 tutorials/": f"{sys.executable} {ROOT}/tutorials/"}
    quiet = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as place:
        for command in commands[0].splitlines():
            for written, meant in here.items():
                command = command.replace(written, meant)
            run = subprocess.run(command, shell=True, check=True, cwd=place, env=quiet, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return run.stdout


def check(build, write=False):
    readme = README.read_text(encoding="utf-8")
    fresh, shown = printed(pathlib.Path(build).resolve(), readme), SHOWN.search(readme)
    assert shown, f"{README}: no block for what Python prints"
    if write:
        README.write_text(SHOWN.sub(lambda found: found[1] + fresh + found[3], readme), encoding="utf-8")
    else:
        assert shown[2] == fresh, f"{README} shows\n{shown[2]}and Python prints\n{fresh}"
    print("chapter 15: its folder opened by transformers, and Python prints what the README shows")


if __name__ == "__main__":
    check(sys.argv[1], "--write" in sys.argv[2:])
