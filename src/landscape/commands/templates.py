"""The files that ``landscape new`` begins a page with; words between two @ are filled in."""

PAGE = """\
---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

(page-@NAME@)=
# @TITLE@

```{code-cell} ipython3
:tags: [parameters]
profile = "laptop"
live = False
```

```{code-cell} ipython3
from landscape import book

page = book.page("@NAME@", profile=profile, live=live)
page.answer(@ANSWER@)
```

```{code-cell} ipython3
page.picture(
    page.figure.draw(page.runs),
    alt="Test error against epochs for SGD and Adam.",
    data=page.runs.frame("@NAME@"),
)
```

:::{caption} @NAME@
@CAPTION@Test error of two optimizers. Mean with 95 % Student interval over seeds.
:::

What is shown, and what the work says about it, in one or two sentences.
@CLAIMS@
## The method in three lines

Three lines and their equation.

```{code-cell} ipython3
page.appendix("@NAME@")
```
"""

CLAIMS_CELL = """
## Claims

```{code-cell} ipython3
page.claims()
```
"""

FIGURE = '''\
"""What the page @NAME@ measures and draws."""

@IMPORTS@
RUNS = "@NAME@"
METHODS = ("sgd", "adam")
@MEASURE@

def draw(runs):
    """Test error against epochs."""
    from landscape import book

    figure, ax = book.panel()
    book.curves(ax, runs.frame(RUNS), "effective_epoch", "test_error", METHODS)
    ax.set_xlabel("epochs")
    ax.set_ylabel("test error [%]")
    ax.legend()
    return figure
'''

IMPORTS = """\
from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement
"""

MEASURE = '''

def measure(runs):
    """What the claims need; leave out what the runs do not hold."""
    frame = runs.frame(RUNS)
    if frame is None:  # no record
        return {}
    adam, sgd = (
        statistics.per_seed(frame[frame["method"] == method], "test_error")
        for method in ("adam", "sgd")
    )
    return {"c1": statistics.paired_difference(adam, sgd, unit="%")}


def finding(found):
    """What was found, in one sentence."""
    claim = found["c1"]
    if claim.measurement is None:
        return "Nothing was measured."
    return f"Adam's test error differs from SGD's by {format_measurement(claim.measurement)}."
'''

IMPORTS_EXTRA = """\
from landscape.evidence import statistics
"""

MEASURE_EXTRA = '''

def finding(runs):
    """What was found, in one sentence."""
    frame = runs.frame(RUNS)
    adam, sgd = (
        statistics.per_seed(frame[frame["method"] == method], "test_error").mean()
        for method in ("adam", "sgd")
    )
    return f"Adam's test error differs from SGD's by {adam - sgd:.1f} points."
'''

CLAIMS = """\
claims:
  - id: c1
    text: Adam ends at a lower test error than SGD.
    measured: test error after training, Adam minus SGD, paired by seed
    rule: below
    threshold: 0
"""

SETTINGS = """\
# Settings of this page's experiments. The comment behind a value names where the work states it;
# "ours" marks what no document states, with the reason. laptop and smoke hold only what these
# profiles change.

@NAME@:
  title: An example, to be replaced
  common:
    data:
      name: mnist  # ours: an example
      scaling: minus_one_one  # ours: an example
      train_samples: 10000  # ours: an example
    model:
      name: mnistfc_ch3  # ours: an example
      width: 128  # ours: an example
    run:
      batch_size: 128  # ours: an example
      epochs: 5  # ours: an example
      seeds: 3  # ours: an example
  methods:
    sgd:
      optimizer:
        name: sgd  # ours: an example
        lr: 0.1  # ours: an example
    adam:
      optimizer:
        name: adam  # ours: an example
        lr: 1.0e-3  # ours: an example
  laptop:
    common:
      data:
        train_samples: 2000  # laptop: a fifth
      run:
        epochs: 2  # laptop
  smoke:
    common:
      data:
        train_samples: 512
      model:
        width: 16
      run:
        batch_size: 64
        epochs: 1
        seeds: 2
        evaluation_samples: 256
"""
