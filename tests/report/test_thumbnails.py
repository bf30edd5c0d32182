"""The pictures on the cards of the front page."""

import io

from PIL import Image

from landscape.book import thumbnails


def png(width, height, colour="red"):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_thumbnails_have_one_size_and_show_the_top_of_tall_figures():
    for width, height in ((700, 400), (300, 280), (2000, 500)):
        with Image.open(io.BytesIO(thumbnails.thumbnail(png(width, height)))) as image:
            assert image.size == (thumbnails.WIDTH, thumbnails.HEIGHT)
    tall = Image.new("RGB", (400, 900), "blue")
    tall.paste(Image.new("RGB", (400, 250), "red"), (0, 0))
    buffer = io.BytesIO()
    tall.save(buffer, "PNG")
    with Image.open(io.BytesIO(thumbnails.thumbnail(buffer.getvalue()))) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors()}
        assert (0, 0, 255) not in colours
        assert image.convert("RGB").getpixel((240, 150)) == (255, 0, 0)
    assert thumbnails.thumbnail(png(700, 400)) == thumbnails.thumbnail(png(700, 400))
