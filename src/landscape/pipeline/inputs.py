"""What each run, verdict and page is made from, one text file each below ``inputs/``.

A line is ``kind name digest``. The files are the dependencies of the costly stages: DVC repeats a
stage when its file has other bytes, so a file is written only where it changes. Nothing in it is
typed: modules come from imports (``pipeline.imports``), settings are those in force, experiments
and records are those that a page's code names. What is not there yet has the digest ``absent``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from landscape import documents, project
from landscape.errors import LandscapeError
from landscape.experiments import catalogue, reading, settings
from landscape.files import write_text
from landscape.pipeline import digests
from landscape.pipeline.imports import Code, texts

#: Moving settings, files, bytes with pinned sums and processes around: no number depends on it.
PLUMBING = (
    "landscape.documents", "landscape.errors", "landscape.files", "landscape.project",
    "landscape.schema", "landscape.data.catalogue", "landscape.data.download",
    "landscape.data.errors", "landscape.data.fetching", "landscape.data.sources",
    "landscape.data.store", "landscape.torchvision_cpu", "landscape.experiments.catalogue",
    "landscape.experiments.declarations", "landscape.experiments.execute",
    "landscape.experiments.grid", "landscape.experiments.kept", "landscape.experiments.live",
    "landscape.experiments.reading",
    "landscape.experiments.settings", "landscape.experiments.settings_file",
    "landscape.experiments.settings_schema", "landscape.experiments.stopwatch",
    "landscape.experiments.sweep_settings", "landscape.experiments.weights_index",
    "landscape.train.provenance", "landscape.train.workers",
)  # fmt: skip
#: A page or verdict that reads stored results does not run what made them.
MAKING = ("landscape.experiments.execute", "landscape.experiments.live")
ARTIFACTS, PARTS, COSTS = "references/artifacts.yaml", "book/parts.yaml", "records/*/*.json"
#: What a module reads that is no code belongs to the pages that use the module.
WORDS = {"landscape.book.optimizer_tables": "references/optimizers.yaml"}
ABSENT = "absent"
#: Pages beside the parts' own that show all verdicts, records and titles.
OVERVIEWS = ("index", "8-evidence/status", "8-evidence/records")
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADER = re.compile(r"\A(---\n.*?\n---\n|(?::[^\n]*\n)+)", re.DOTALL)
_TITLE = re.compile(r"^# .*", re.MULTILINE)


class Inputs:
    """The manifests of one profile.

    Args:
        profile: smoke, laptop or paper.
        root: The project's folder.
    """

    def __init__(self, profile: str, root: Path) -> None:
        self.profile, self.root = project.check_profile(profile), Path(root)
        self.code = Code(self.root / "src")
        # Of pages that use each other's figures every tree is asked for many times.
        self._used_by, self._texts = cache(self.code.used_by), cache(texts)
        self.experiments = {e.id: e for e in catalogue.experiments(self.root)}
        self.pages = {page.item: page for page in project.pages(self.root)}
        self._lines: dict[Path, str] = {}

    # ------------------------------------------------------------------ runs
    def runs(self) -> dict[str, list[str]]:
        """Run id -> lines: its settings in force, its data set, the modules it runs through."""
        return {
            experiment.run_id(run): self.run(experiment, run)
            for experiment in self.experiments.values()
            for run in experiment.runs
        }

    def run(self, experiment: catalogue.Experiment, run: str) -> list[str]:
        """The lines of one run."""
        given = self._settings(experiment, run)
        if experiment.kind != "simulate":
            trains = {"train": "landscape.train.many", "sweep": "landscape.train.sweeps"}
            data, modules = [given["data"]["name"]], [trains[experiment.kind]]
        else:
            data = [given["data"]] if isinstance(given.get("data"), str) else []
            modules = [experiment.module]
        modules += self._registered(_strings(given))
        lines = [f"settings {experiment.id} {digests.of_value(given)}"]
        lines += [f"data {name} {self._data(name)}" for name in data]
        if experiment.kind == "simulate":
            for run_id in reading.runs_read(given, self.root):
                lines += self.run(self.experiments[run_id.split("/")[1]], run_id.split("/")[-1])
        return lines + self._modules(self.code.closure(modules, PLUMBING))

    def _settings(self, experiment: catalogue.Experiment, run: str) -> dict[str, Any]:
        if experiment.kind != "simulate":
            return settings.method_settings(experiment.id, run, self.profile, self.root)
        return settings.resolved(experiment.id, self.profile, self.root)

    def _registered(self, names: set[str]) -> list[str]:
        """Modules of the optimizers and networks that settings name."""
        found: list[str] = []
        for package, table in (("optim", "_REGISTRY"), ("models", "_MODULES")):
            package = f"landscape.{package}"
            for name, value in _table(self.code.tree(self.code.file(package)), table):
                if name in names:
                    first = value.elts[0] if isinstance(value, ast.Tuple) else value
                    if isinstance(first, ast.Name):  # a class that the package imports
                        found += self.code.passed_on(package)[first.id]
                    else:
                        found.append(f"{package}.{first.value}")
        return found

    def _data(self, name: str) -> str:
        """Digest of a data set: of the sums that pin it, else of the description beside it.

        Which text lies at hand depends on the source that answered: a clone that has the stand-in
        keeps the results on War and Peace that are in git, as results say which text was theirs.
        """
        from landscape.data import canonical

        if name == "text":
            return "any"
        if name in canonical.IMAGE_SETS:
            arrays = canonical.IMAGE_SETS[name].arrays
            return digests.of_value({part: array.sha256 for part, array in arrays.items()})
        facts = sorted((self.root / "data" / name).glob("*.json"))
        return digests.of_value([digests.of_file(path) for path in facts])

    # ------------------------------------------------------------------ verdicts
    def verdicts(self) -> dict[str, list[str]]:
        """``<part>/<artifact>`` -> lines: figure, claims, the results and records that it reads."""
        judged = {i: self._verdict(p) for i, p in self.pages.items() if p.is_artifact}
        card = self._modules(self.code.closure(["landscape.evidence.scorecard"], MAKING))
        return judged | {"scorecard": [*card, *(f"page {item} listed" for item in judged)]}

    def _verdict(self, page: project.PageSource) -> list[str]:
        folder = page.path.parent
        own = self._trees(page.item)
        others = self._used(page, own)
        trees = [*own, *(tree for other in others for tree in self._trees(other.item))]
        modules = {"landscape.evidence.judge"}.union(*(self._used_by(tree) for tree in trees))
        return [
            *self._files(sorted(folder.glob("*.py"))),
            *self._contents([folder / "claims.yaml", self.root / ARTIFACTS]),
            *self._modules(self.code.closure(modules, (*MAKING, "landscape.book"))),
            *self._read(page, others, set().union(*map(self._texts, trees))),
        ]

    def _used(self, page: project.PageSource, own: list[ast.Module]) -> list[project.PageSource]:
        """Other pages whose ``figure.py`` a page uses: named in its code or in theirs."""
        used: set[str] = set()
        waiting = set().union(*map(self._texts, own))
        while new := {
            p.item for p in self.pages.values() if p.name in waiting and p.item != page.item
        } - used:
            used |= new
            waiting = set().union(*(self._texts(t) for item in new for t in self._trees(item)))
        return [p for p in self.pages.values() if p.item in used]

    def _trees(self, item: str) -> list[ast.Module]:
        """The code beside a page."""
        return [self.code.tree(path) for path in sorted(self.pages[item].path.parent.glob("*.py"))]

    def _read(
        self, page: project.PageSource, others: list[project.PageSource], named: set[str]
    ) -> list[str]:
        """Results, settings and records of the experiments that a page declares or names."""
        pages = {page.item, *(p.item for p in others)}
        lines = [line for other in others
                 for line in self._files(sorted(other.path.parent.glob("*.py")))]  # fmt: skip
        own = {e.id for e in self.experiments.values() if e.page in pages}
        for name in sorted(own | (named & set(self.experiments))):
            experiment = self.experiments[name]
            folder = experiment.folder(self.profile, self.root)
            tables = {*experiment.outputs(self.profile, self.root), *folder.glob("*/*.csv")}
            lines += self._files(sorted(tables))
            lines += self._files(sorted((self.root / "records" / name).rglob("*.*")))
            for run in experiment.runs:
                given = digests.of_value(self._settings(experiment, run))
                lines.append(f"settings {name}/{run} {given}")
        return lines

    # ------------------------------------------------------------------ pages
    def executed(self) -> dict[str, list[str]]:
        """Item -> lines, for all pages with code; and ``book``, what the book adds to them."""
        from landscape.book.executed import has_kernel

        pages = {i: self._page(p) for i, p in self.pages.items() if has_kernel(p.path)}
        return pages | {"book": self._book()}

    def _page(self, page: project.PageSource) -> list[str]:
        try:
            tree = ast.parse("\n".join(cells(documents.text(page.path))))
        except (SyntaxError, ValueError) as error:
            raise LandscapeError(f"{page.path}: a cell is not valid Python; mend it.") from error
        sources = sorted(page.path.parent.glob("*.py")) if page.part else []
        own = [tree, *map(self.code.tree, sources)]
        others = self._used(page, own)
        trees = [*own, *(tree for other in others for tree in self._trees(other.item))]
        modules = {"landscape.book.calls"}.union(*(self._used_by(one) for one in trees))
        named = set().union(*map(self._texts, trees))
        pages = {page.item, *(p.item for p in others)}
        read = [e for e in self.experiments.values() if e.id in named or e.page in pages]
        beside = [page.path.parent / name for name in ("claims.yaml", "settings.yaml")]
        beside += [self.pages[e.page].path.parent / "settings.yaml" for e in read]
        provenance = (e.folder(self.profile, self.root).glob("*.provenance.json") for e in read)
        used = self.code.closure(modules, MAKING)
        return [
            *self._files(dict.fromkeys(p for p in (page.path, *sources, *beside) if p.is_file())),
            *self._files(self.root / WORDS[name] for name in sorted(used & set(WORDS))),
            *self._contents([self.root / ARTIFACTS, self.root / PARTS]),
            *self._modules(used),
            *self._read(page, others, named),
            *self._files(path for paths in provenance for path in sorted(paths)),
            *self._files(sorted(self.root.glob(COSTS))),
            *self._files([self.root / "constraints.txt"]),
            *self._files(self._verdicts_shown(page)),
            *(self._titles() if page.item in OVERVIEWS else ()),
        ]

    def _verdicts_shown(self, page: project.PageSource) -> Iterator[Path]:
        folder = self.root / "verdicts" / self.profile
        if page.is_artifact:
            yield folder / f"{page.item}.json"
            return
        yield self.root / "verdicts" / f"scorecard-{self.profile}.json"
        if page.item in OVERVIEWS:
            yield from sorted(folder.rglob("*.json"))
            yield from sorted((self.root / "records").rglob("record.json"))
        else:
            yield from sorted((folder / page.part).glob("*.json"))

    def _titles(self) -> list[str]:
        titles = (_TITLE.search(documents.text(p.path)) for p in self.pages.values())
        return [f"title {item} {digests.of_value(found and found[0])}"
                for item, found in zip(self.pages, titles, strict=True)]  # fmt: skip

    def _book(self) -> list[str]:
        """Builder, style, prose and what the API pages show."""
        book = self.root / "book"
        files = [book / name for name in ("_config.yml", "references.bib", "parts.yaml")]
        files += [p for p in sorted((book / "_static").rglob("*")) if p.is_file()]
        files += [page.path for page in self.pages.values()]
        shown = [
            f"api {self._short(path)} {digests.of_documentation(path.read_text(encoding='utf-8'))}"
            for path in sorted((self.root / "src" / "landscape").rglob("*.py"))
        ]
        return [
            *self._files(p for p in (*files, self.root / ARTIFACTS) if p.is_file()),
            *self._modules(self.code.closure(["landscape.book.build"], MAKING)),
            *shown,
        ]

    # ------------------------------------------------------------------ lines
    def _modules(self, modules: Iterable[str]) -> list[str]:
        found = {module: self.code.file(module) for module in sorted(modules)}
        return [line for module, path in found.items() if path is not None
                for line in (self._package(path) if self.code.is_package(module)
                             else self._files([path]))]  # fmt: skip

    def _package(self, path: Path) -> list[str]:
        own = digests.of_package(path.read_text(encoding="utf-8"))
        return [f"package {self._short(path)} {own}"]

    def _files(self, paths: Iterable[Path]) -> list[str]:
        return [self._line(path) for path in paths]

    def _line(self, path: Path) -> str:
        if path not in self._lines:
            if path.suffix == ".py" and path.is_file():
                self.code.tree(path)  # a file that is no Python is named
            digest = digests.of_file(path) if path.is_file() else ABSENT
            self._lines[path] = f"file {self._short(path)} {digest}"
        return self._lines[path]

    def _contents(self, paths: Iterable[Path]) -> list[str]:
        """YAML files by what they say: comments in them are shown nowhere."""
        return [f"content {self._short(path)} {digests.of_value(documents.read(path))}"
                for path in paths]  # fmt: skip

    def _short(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def write(of: str, profile: str, root: Path) -> list[Path]:
    """Write the manifests of ``runs``, ``verdicts`` or ``pages``; returns those that changed.

    Files of what no longer exists are deleted.

    Raises:
        LandscapeError: Another word, or a page or settings that cannot be read.
    """
    made = Inputs(profile, root)
    kinds = {"runs": made.runs, "verdicts": made.verdicts, "pages": made.executed}
    if of not in kinds:
        raise LandscapeError(f"There are inputs of {', '.join(kinds)}, not of {of!r}.")
    folder = Path(root) / "inputs" / of / profile
    changed, kept = [], set()
    for name, lines in kinds[of]().items():
        path, content = folder / f"{name}.txt", text(lines)
        kept.add(path)
        if not path.is_file() or path.read_bytes() != content.encode():
            write_text(path, content)
            changed.append(path)
    for path in sorted(folder.rglob("*.txt")):
        if path not in kept:
            path.unlink()
    return changed


def text(lines: list[str]) -> str:
    """A manifest's content: its lines, sorted, each once."""
    return "\n".join(sorted(set(lines))) + "\n"


def cells(markdown: str) -> list[str]:
    """The code of a Markdown notebook's cells, without their headers."""
    return [_HEADER.sub("", cell) for cell in _CELL.findall(markdown)]


def _strings(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_strings(part) for part in (*value.keys(), *value.values())), set())
    if isinstance(value, list | tuple):
        return set().union(*map(_strings, value), set())
    return {value} if isinstance(value, str) else set()


def _table(tree: ast.Module, name: str) -> Iterator[tuple[str, ast.expr]]:
    """Keys and values of a dictionary that a module assigns to ``name``."""
    for node in tree.body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                yield key.value, value
