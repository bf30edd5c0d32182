"""What an executed page may hold."""

from types import SimpleNamespace

import pytest
from nbformat import v4

from landscape.book import normalise


def page(text):
    output = SimpleNamespace(output_type="stream", name="stderr", text=text)
    return SimpleNamespace(cells=[{"outputs": [output]}])


@pytest.mark.parametrize(
    "text",
    ["\r 10%|#    | 1/9 [00:01<00:08, 1.0it/s]\r", "  0%|          | 0/3 [00:00<?, ?run/s]\n",
     "train: 100%|\x1b[32m██\x1b[0m| 3/3 [00:01<00:00,  2.00run/s]\n\n", "\r\x1b[A\x1b[K"],
)  # fmt: skip
def test_progress_bars_may_reach_stderr(text):
    assert normalise.unexpected_stderr(page(text)) is None


def test_anything_else_on_stderr_is_named():
    found = normalise.unexpected_stderr(page(" 10%|# | 1/9\nUserWarning: log of zero\n"))
    assert found is not None
    assert normalise.first_unexpected(found[1]) == "UserWarning: log of zero"


def test_what_a_rerun_would_change_is_removed(tmp_path):
    code = v4.new_code_cell("x", execution_count=3, metadata={"papermill": {"duration": 1.0}})
    code.outputs = [
        v4.new_output("stream", name="stdout", text=f"<A at 0x7f00aa00>, {tmp_path}/data "),
        v4.new_output("stream", name="stderr", text=" 10%|# | 1/9"),
        v4.new_output("stream", name="stdout", text="more"),
    ]
    done = normalise.normalised(v4.new_notebook(cells=[code]), tmp_path)
    (output,) = done.cells[0].outputs
    assert output.text == "<A>, ./data more"
    assert done.cells[0].id == "cell-01"
    assert "papermill" not in done.cells[0].metadata
