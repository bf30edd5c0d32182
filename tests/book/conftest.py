"""A small project on disk: a page whose verdict needs no runs, and a page without claims."""

import textwrap

import numpy as np
import pandas as pd
import pytest

PART, ARTIFACT, EXTRA = "1-spin-glass", "thesis-fig-2-3", "notes"
HEADER = """\
---
kernelspec:
  name: python3
  display_name: Python 3
---

# A page

```{code-cell} ipython3
:tags: [parameters]

profile = "laptop"
live = False
orders = 3
```
"""
CLAIMS = """
    paper_values:
      gain: {what: AnnealSGD minus Adam, value: -20, err: 1, unit: "%", where: section 2.4}
    claims:
      - id: c1
        text: The field $h_i$ trains faster.
        rule: all
        unstated: initialisation
        parts:
          - {key: sign, text: It ends lower., rule: below, threshold: 0,
             measured: "error at the end, paired"}
          - {key: size, text: By 20., rule: near, paper: gain, tolerance: 0.5,
             chosen: after trial runs}
          - {key: other, text: With another start., rule: above, threshold: 2, role: control}
      - {id: c2, text: Arithmetic holds., rule: holds, tolerance: 1e-9}
"""
FIGURE = """
    from landscape.evidence.measurement import Measurement

    def measure(runs):
        gain = Measurement(-19.5, -21.0, -18.0, 5, "%", diverged=("adam seed 3",))
        return {"c1": {"sign": gain, "size": gain}, "c2": Measurement(1e-7)}

    def finding(found):
        return f"The field gains ${-found['c1.sign'].value:.1f}$ points."

    def draw():
        from landscape import book

        figure, ax = book.panel()
        ax.plot([1, 2, 3], color=book.INK, label="$x = 3$")
        ax.set_xlabel("epochs")
        ax.legend()
        return figure
"""


def cells(*sources):
    """The text of code cells, for the end of a page."""
    return "".join(f"\n```{{code-cell}} ipython3\n{source}\n```\n" for source in sources)


@pytest.fixture
def project(tmp_path):
    """Its root; ``book/<part>/`` has the pages of ARTIFACT and EXTRA."""
    (tmp_path / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (tmp_path / "params.yaml").write_text("profile: laptop\n", encoding="utf-8")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "parts.yaml").write_text(
        f"- {{id: {PART}, title: Spin glass, source: the thesis, about: spins}}\n", encoding="utf-8"
    )
    (tmp_path / "references").mkdir()
    (tmp_path / "references" / "artifacts.yaml").write_text(
        "- {id: thesis-fig-2-3, work: thesis, number: '2.3', kind: training, "
        "part: 1-spin-glass, title: AnnealSGD}\n",
        encoding="utf-8",
    )
    for name in (ARTIFACT, EXTRA):
        folder = tmp_path / "book" / PART / name
        folder.mkdir(parents=True)
        (folder / "page.md").write_text(HEADER + cells("print(profile)"), encoding="utf-8")
    folder = tmp_path / "book" / PART / ARTIFACT
    (folder / "claims.yaml").write_text(textwrap.dedent(CLAIMS), encoding="utf-8")
    (folder / "figure.py").write_text(textwrap.dedent(FIGURE), encoding="utf-8")
    return tmp_path


@pytest.fixture
def verdict(project):
    """The content of the artifact's verdict file; no record decides anything."""
    from landscape.evidence import judge
    from landscape.evidence.runs import Runs

    return judge.in_memory(ARTIFACT, Runs.build("laptop", project))


@pytest.fixture
def write_page(project):
    """A function that writes a page with the given code cells and returns its item."""

    def write(name, *sources, header=HEADER):
        path = project / "book" / PART / name / "page.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(header + cells(*sources), encoding="utf-8")
        return f"{PART}/{name}"

    return write


@pytest.fixture
def curves():
    """Two methods, three seeds, one of which diverges."""
    rng = np.random.default_rng(0)
    rows = [
        (method, seed, 10 * k, float(k), 10.0 / (k + 1) + rng.random(), 0)
        for method in ("adam", "anneal_sgd")
        for seed in range(3)
        for k in range(6)
        if not (method == "adam" and seed == 2 and k > 3)
    ]
    rows.append(("adam", 2, 40, 4.0, np.nan, 1))
    return pd.DataFrame(
        rows, columns=["method", "seed", "step", "effective_epoch", "error", "diverged"]
    )
