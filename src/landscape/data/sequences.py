"""Texts as sequences of numbers: a novel by characters, Penn Treebank by words."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.data import text as novel
from landscape.data.errors import DataError, unknown_name
from landscape.data.image_files import require_pinned
from landscape.data.preparing import Split, Splits
from landscape.data.store import data_root, project_folder

END_OF_SENTENCE = "<eos>"


@dataclass(frozen=True)
class SequenceData:
    """Training, validation and test sequences, int64 [n], entries are positions in `vocabulary`.

    title names the text; stand_in says that it replaces the one the work used.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    vocabulary: tuple[str, ...]
    title: str
    stand_in: bool = False


def encode_characters(text: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Characters as positions, int64 [n], in the sorted tuple of the distinct ones."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    distinct, positions = np.unique(points, return_inverse=True)
    return positions.astype(np.int64), tuple(chr(point) for point in distinct)


def load_text(
    root: str | os.PathLike | None = None,
    device: str | torch.device = "cpu",
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
) -> SequenceData:
    """Load the novel by characters, cut in order into training, validation and test.

    Thesis (Chaudhari 2018), chapter 3: War and Peace, 80/10/10; it states a vocabulary of 87, the
    public text has 82 distinct characters. Read from `<root>/text`, else `downloads/text`.
    Raises DataError when the text is missing or does not have a pinned SHA-256.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise DataError(f"fractions must be three parts of one, not {tuple(fractions)}.")
    folders = [data_root(root) / "text", project_folder() / "downloads" / "text"]
    folder = next((folder for folder in folders if (folder / novel.TEXT_FILE).is_file()), None)
    if folder is None:
        raise DataError(f"The novel is not in {folders[0]}/: run `landscape fetch text` first.")
    try:
        text, facts = novel.read(folder)
    except FileNotFoundError as error:
        raise DataError(
            f"{error.filename} is missing: run `landscape fetch text` again."
        ) from error
    codes, vocabulary = encode_characters(text)
    ends = [round(sum(fractions[: i + 1]) * len(codes)) for i in range(2)]
    parts = [torch.from_numpy(part.copy()).to(device) for part in np.split(codes, ends)]
    return SequenceData(*parts, vocabulary, str(facts["title"]), bool(facts["stand_in"]))


def _words(path: Path) -> list[str]:
    require_pinned("ptb", path)
    words: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        words += line.split()
        words.append(END_OF_SENTENCE)
    return words


def load_penn_treebank(
    root: str | os.PathLike | None = None, device: str | torch.device = "cpu"
) -> SequenceData:
    """Load Penn Treebank by words (`ptb/ptb.{train,valid,test}.txt`, Mikolov's preparation).

    Every line ends with `<eos>`; the vocabulary is that of the training file, most frequent first,
    ties in alphabetical order (10,000 words in the public files).
    Raises DataError when a file is missing or a word is not in the vocabulary.
    """
    folder = data_root(root) / "ptb"
    texts = [_words(folder / f"ptb.{part}.txt") for part in ("train", "valid", "test")]
    counts = Counter(texts[0])
    vocabulary = tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    position = {word: i for i, word in enumerate(vocabulary)}
    for words, part in zip(texts, ("train", "valid", "test"), strict=True):
        unknown = next((word for word in words if word not in position), None)
        if unknown is not None:
            raise DataError(
                f"ptb.{part}.txt holds the word {unknown!r}, which the training file lacks: "
                "fetch ptb again."
            )
    parts = [torch.tensor([position[w] for w in words]).to(device) for words in texts]
    return SequenceData(*parts, vocabulary, "Penn Treebank")


def prepare_sequence(
    name: str,
    root: str | os.PathLike | None = None,
    device: str | torch.device = "cpu",
    *,
    train_samples: int | None = None,
    test_samples: int | None = None,
) -> tuple[Splits, int]:
    """The text or Penn Treebank for predicting the next token, and the size of its vocabulary.

    In each part x are its tokens but the last and y those that follow them, int64 [n]. Validation
    comes with the sets. train_samples: the first so many of training; test_samples: of validation
    and test. Raises DataError when the set is missing or too short.
    """
    loaders = {"text": load_text, "ptb": load_penn_treebank}
    if name not in loaders:
        raise unknown_name("sequence", name, loaders)
    data = loaders[name](root, device)
    parts = []
    for part, wanted in (
        (data.train, train_samples), (data.validation, test_samples), (data.test, test_samples)
    ):  # fmt: skip
        if len(part) - 1 < (wanted or 1):
            raise DataError(
                f"{data.title} has a part with {max(len(part) - 1, 0)} tokens to predict: ask for "
                f"at most as many, not {wanted or 1}."
            )
        tokens = part if wanted is None else part[: wanted + 1]
        parts.append(Split(tokens[:-1], tokens[1:]))
    return Splits(*parts), len(data.vocabulary)
