"""The picture of part I: the landscape of one spin glass of three spins without and with a field.

Three spins live on a sphere that can be drawn; the interaction is of higher order than in the
works, for else three spins have few valleys.
"""

import math

import numpy as np
from scipy.spatial import cKDTree

from landscape.theory import kac_rice, spin_glass

P, SPINS, SEED = 10, 3, 4
FIELDS = (0.0, 0.5, 1.0, 2.5)  # in units of the critical field


def answer(card):
    """The part's question, answered from the verdicts: in the model, and on networks."""
    words = {
        f"{row['id']}-{claim['id']}": claim["verdict"]["word"]
        for row in card["artifacts"] for claim in row["claims"]
    }  # fmt: skip
    model = ("thesis-fig-2-2-c1", "thesis-fig-2-2-c3")  # one minimum in the end; fewer on the way
    networks = ("thesis-fig-2-3-c3", "thesis-fig-2-3-c4", "thesis-tab-2-1-c1")  # a lower error
    holds = all(words.get(name) == "reproduced" for name in model)
    seen = sum(words.get(name) == "reproduced" for name in networks)
    first = "In the model, yes: descents end in fewer minima, in a strong field in one"
    if not holds:
        first = "In the model it was not seen throughout"
    lower = f"{seen} of {len(networks)} pages" if seen else "no page"
    return f"{first}. That a fading field lowers a network's error was seen on {lower}."


def energy(points, field, seed=SEED, p=P):
    """H / N of one spin glass in a field, at unit vectors [..., 3].

    A homogeneous polynomial whose coefficients are those of independent normal couplings, summed
    over their orders. N times the covariance at x and y is (x.y)^p, and the field adds nu^2 x.y.

    Args:
        points: Directions.
        field: Strength in units of the critical one.
        seed: Of the couplings and the field's direction.
        p: Order of the interaction.
    """
    draw = np.random.default_rng(seed)
    x, y, z = np.moveaxis(np.asarray(points, dtype=float), -1, 0)
    total = np.zeros_like(x)
    for a in range(p + 1):
        for b in range(p + 1 - a):
            c = p - a - b
            orders = math.factorial(p) / math.prod(map(math.factorial, (a, b, c)))
            total += draw.standard_normal() * math.sqrt(orders) * x**a * y**b * z**c
    direction = field * spin_glass.critical_field(p) * draw.standard_normal(SPINS)
    return -(total + points @ direction) / math.sqrt(SPINS)


def directions(number=6000):
    """Unit vectors spread evenly over the sphere (Fibonacci's spiral)."""
    k = np.arange(number) + 0.5
    z, angle = 1 - 2 * k / number, np.pi * (1 + math.sqrt(5)) * k
    r = np.sqrt(1 - z**2)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=-1)


def minima(field, seed=SEED, p=P):
    """The valleys' bottoms [m, 3]: directions lower than all that surround them."""
    points = directions()
    values = energy(points, field, seed, p)
    _, near = cKDTree(points).query(points, k=10)
    return points[values <= values[near].min(axis=1)]


def expected_minima(field, p=P):
    """The exact expected number of minima of such landscapes."""
    nu = field * spin_glass.critical_field(p)
    return kac_rice.expected_minima(SPINS, spin_glass.field_parameter(nu, p))


def hammer(points):
    """Where directions [..., 3] lie on an equal-area map of the whole sphere."""
    x, y, z = np.moveaxis(points, -1, 0)
    longitude, cosine = np.arctan2(y, x), np.sqrt(np.clip(1 - z**2, 0, 1))
    scale = np.sqrt(2 / (1 + cosine * np.cos(longitude / 2)))
    return 2 * scale * cosine * np.sin(longitude / 2), scale * z


def globe(size=420):
    """Directions [size/2, size, 3] of the map's pixels, NaN outside of it, and the map's extent."""
    wide, high = 2 * math.sqrt(2), math.sqrt(2)
    u, v = np.meshgrid(np.linspace(-wide, wide, size), np.linspace(-high, high, size // 2))
    inside = (u / wide) ** 2 + (v / high) ** 2 < 1
    root = np.sqrt(np.where(inside, 1 - (u / 4) ** 2 - (v / 2) ** 2, np.nan))
    longitude = 2 * np.arctan2(root * u / 2, 2 * root**2 - 1)
    z = root * v
    r = np.sqrt(np.clip(1 - z**2, 0, 1))
    points = np.stack([r * np.cos(longitude), r * np.sin(longitude), z], axis=-1)
    return points, (-wide, wide, -high, high)


def draw_landscape(field):
    """The energy on a map of the whole sphere, dark is low, and the minima."""
    from landscape import book

    figure, ax = book.panel(height=2.2)
    points, extent = globe()
    ax.imshow(energy(points, field), extent=extent, origin="lower", cmap="viridis")
    found = minima(field)
    ax.plot(*hammer(found), "o", color=book.CYCLE[1], markersize=6, markeredgecolor="#ffe9d6")
    ax.set_axis_off()
    return figure


def title(field):
    """What stands above a map."""
    number = len(minima(field))
    times = "" if field == 1 else rf"{field:g}\,"
    strength = rf"field ${times}\nu_c$" if field else "no field"
    return f"{strength}: {number} {'minimum' if number == 1 else 'minima'}"


def landscapes():
    """The part's picture: one landscape in four fields."""
    from landscape import book

    fields = dict(zip("abcd", FIELDS, strict=True))
    return book.Picture(
        {letter: draw_landscape(field) for letter, field in fields.items()},
        titles={letter: title(field) for letter, field in fields.items()},
        alt="Four oval maps of one sphere. The first is patchy and has many minima far apart; with "
        "the field there are fewer and fewer, and the last is a smooth slope from one hill to one "
        "minimum.",
    )
