"""The page in a real browser, and the command from its start to Ctrl-C."""

import json
import re
import signal
import time

import chromium
import commands
import numpy as np
import pytest
from serving_client import PHOTOGRAPH, ask, make_subject, noise, saved, serving

from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures

pytestmark = pytest.mark.long

BOXES = "[...document.querySelectorAll('details.picture')]"


@pytest.mark.skipif(chromium.path() is None, reason="no Chromium is installed")
def test_the_page_shows_what_detect_says(tmp_path):
    subject = make_subject()
    files = {f"{i}.png": saved(each) for i, each in enumerate(noise(7, 0.3, 5))}
    files |= {"<img src=x onerror=alert(1)>.jpg": saved(PHOTOGRAPH, "JPEG"), "broken.jpg": b"x"}
    for name, contents in files.items():
        (tmp_path / name).write_bytes(contents)
    paths = [str(tmp_path / name) for name in files]
    expected = [each for batch in detect(subject.detector, Pictures(paths)) for each in batch]
    assert {each.verdict for each in expected} == {"natural", "generated", ""}

    with serving(subject) as port, chromium.page() as page:
        page.open(f"http://127.0.0.1:{port}/")
        page.choose_files("#files", paths)
        page.wait_for(f"{BOXES}.length == 7 && !document.querySelector('.picture.waiting')")
        texts = page.evaluate(f"{BOXES}.map(box => box.querySelector('summary').innerText)")
        for name, text, each in zip(files, texts, expected, strict=True):
            words = text.split("\n")
            assert name in words and (each.verdict or "unreadable") in words
            shown = f"P(generated) {each.probability:.4f}" if each.verdict else "broken"
            assert shown in text
        assert "cannot identify it" in texts[-1]
        counts = page.evaluate("document.querySelector('#counts').innerText")
        verdicts = [each.verdict for each in expected]
        called = f"{verdicts.count('generated')} generated, {verdicts.count('natural')} natural"
        assert counts == f"7 pictures: {called}, 1 unreadable"

        page.evaluate(f"{BOXES}[5].querySelector('summary').click()")
        page.wait_for(f"{BOXES}[5].querySelectorAll('.panels img').length == 3")
        page.wait_for(f"{BOXES}[5].querySelectorAll('.seen-part').length == 1")
        widths = page.evaluate(f"[...{BOXES}[5].querySelectorAll('img')].map(i => i.naturalWidth)")
        assert widths == [60, 60, 12, 12]  # the thumbnail, the picture, what is seen, the map
        assert page.evaluate(f"{BOXES}[5].querySelectorAll('.spectrum path.line').length") == 6
        facts = page.evaluate(f"{BOXES}[5].querySelector('.tree').innerText")
        assert "JPEG, RGB" in facts and "60 x 40 pixels" in facts and "quality 75" in facts

        page.evaluate("document.querySelector('#sort').click()")
        shown = page.evaluate(f"{BOXES}.map(box => box.querySelector('.probability')?.innerText)")
        scores = [float(text.split()[-1]) for text in shown[:-1]]
        assert scores == sorted(scores, reverse=True) and shown[-1] is None
        for width in (1280, 390):
            page.resize(width, 900)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("document.querySelector('#clear').click()")
        assert page.evaluate(f"document.querySelector('#bar').hidden && {BOXES}.length == 0")
    # Refused by the page's own policy, not found, or failed in its script: nothing of that kind.
    troubles = [
        each for each in page.events
        if each[0] in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening")
        or (each[0] == "Log.entryAdded" and "status of 400" not in json.dumps(each[1]))
    ]  # fmt: skip
    assert troubles == []


def test_the_command_serves_until_ctrl_c(tmp_path):
    detector = make_subject().detector
    detector.save(tmp_path / "detector")
    flags = f"--detector={tmp_path / 'detector'}", "--port=0"
    process = commands.start("-m", "classifiers.serve", *flags, folder=commands.ROOT)
    try:
        end = time.monotonic() + 120
        while not (found := re.fullmatch(r"http://127\.0\.0\.1:(\d+)\n", process.said()[0])):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        image = noise(3, 0.3, 1)
        code, answer, _ = ask(int(found[1]), "/score", saved(image[0]))
        logit = float(detector.model(image.astype(np.float32))[0, 0]) / detector.temperature
        assert code == 200 and answer["logit"] == pytest.approx(logit, abs=1e-3)
        code, page, _ = ask(int(found[1]), "/")
        assert code == 200 and b"<h1>Is this picture generated?</h1>" in page
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped; the same command starts again"
    assert "Traceback" not in err and "error" not in err.lower()
