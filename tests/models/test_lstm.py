"""Recurrent networks against a cell written out in float64."""

import pytest
import torch

from landscape import models


def twin(model, tokens):
    """Logits [time, classes] of one sequence, gate by gate."""
    width, layers = model.lstm.hidden_size, model.lstm.num_layers
    state = [(torch.zeros(width).double(), torch.zeros(width).double()) for _ in range(layers)]
    outputs = []
    for token in tokens:
        x = torch.zeros(model.classes).double()
        x[token] = 1
        if model.embed is not None:
            x = model.embed.weight[token]
        for layer in range(layers):
            h, c = state[layer]
            w, u, b, d = (
                getattr(model.lstm, f"{name}_l{layer}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            i, f, g, o = (w @ x + b + u @ h + d).chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            x = o.sigmoid() * c.tanh()
            state[layer] = (x, c)
        y = model.readout.weight @ x
        outputs.append(y if model.readout.bias is None else y + model.readout.bias)
    return torch.stack(outputs)


@pytest.mark.parametrize("name", ["char_lstm", "small_char_lstm", "ptb_lstm"])
@torch.no_grad()
def test_the_network_is_the_cell_written_out(name):
    torch.manual_seed(0)
    model = models.build(name, classes=6, width=5).eval()
    tokens = torch.randint(6, (2, 9))
    whole, _ = model(tokens)
    first, state = model(tokens[:, :4])
    rest, _ = model(tokens[:, 4:], state)
    assert torch.allclose(torch.cat([first, rest], 1), whole, atol=1e-6)
    for row in range(2):
        exact = twin(model.double(), tokens[row].tolist())
        assert torch.allclose(whole[row].double(), exact, atol=1e-5)


def test_dropout_spares_the_connections_through_time():
    torch.manual_seed(0)
    model = models.build("ptb_lstm", classes=6, width=5, dropout=0.5).train()
    tokens = torch.randint(6, (2, 9))
    assert not torch.equal(model(tokens)[0], model(tokens)[0])
    assert model.lstm.dropout == 0.5
    assert models.build("small_char_lstm", dropout=0.5).lstm.dropout == 0.0  # one layer


def test_the_weights_of_the_word_model_are_drawn_as_zaremba_draws_them():
    torch.manual_seed(0)
    model = models.build("ptb_lstm", classes=50, width=40)
    for weights in model.parameters():
        assert weights.abs().max() <= 0.04
    assert torch.cat([w.flatten() for w in model.parameters()]).std().item() == pytest.approx(
        0.04 / 3**0.5, rel=0.02
    )


@pytest.mark.parametrize(
    ("name", "options", "named"),
    [
        ("char_lstm", {"width": 0}, "width=0"),
        ("char_lstm", {"dropout": 1.0}, "dropout"),
        ("ptb_lstm", {"spread": -1.0}, "spread"),
        ("char_lstm", {"widht": 3}, "did you mean 'width'"),
        ("char_lstn", {}, "did you mean 'char_lstm'"),
    ],
)
def test_wrong_options_are_refused(name, options, named):
    with pytest.raises(models.ModelError, match=named):
        models.build(name, **options)


def test_images_are_refused_with_the_remedy():
    with pytest.raises(models.ModelError, match="data text or ptb"):
        models.build("char_lstm")(torch.randn(2, 1, 28, 28))
