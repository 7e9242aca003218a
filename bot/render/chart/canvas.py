"""A sheet of pixels over matplotlib's object API: y counts downwards, line widths and text sizes are pixels."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox
from PIL import Image

from bot.render.chart.look import HEIGHT, WIDTH, Look
from services.domain.studies import Floats

Align = Literal["left", "center", "right"]
Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom

DPI = 72  # so that a point is a pixel
BLENDS = 8  # palette entries between the background and each colour, for the edges of text and for what is translucent
COMPRESSIONS = (6, 9)  # the second takes 60 ms longer for a tenth fewer bytes: for pictures above the bound
BYTES_MOST = 60 * 1024
FONT = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same


class Canvas:
    """One picture in the making."""

    def __init__(self, look: Look) -> None:
        # A user's matplotlibrc must not change the picture, and "$" in a name is not the start of a formula.
        mpl.rcdefaults()
        mpl.rcParams["text.parse_math"] = False
        self.look = look
        self._figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=look.background)
        self._agg = FigureCanvasAgg(self._figure)
        self._renderer = self._agg.get_renderer()  # type: ignore[no-untyped-call]  # the library's stubs leave it open
        self._pixels = Affine2D().scale(1, -1).translate(0, HEIGHT)
        self._depth = 0.0

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the pixels that a text takes."""
        return float(self._renderer.get_text_width_height_descent(text, _font(size, bold), False)[0])

    def text(
        self, at: tuple[float, float], text: str, size: float, colour: str, *, align: Align = "left", bold: bool = False
    ) -> float:
        """Write `text` with its base line at `at`; return its width."""
        x, y = at
        self._add(Text(x, y, text, color=colour, ha=align, va="baseline", fontproperties=_font(size, bold)))
        return self.width(text, size, bold=bold)

    def watermark(self, at: tuple[float, float], text: str, size: float) -> None:
        """Write `text` across the picture around `at`, so that what lies under it stays visible."""
        x, y = at
        font = _font(size, True)
        mark = Text(x, y, text, color=self.look.text, ha="center", va="center", fontproperties=font)
        mark.set_alpha(self.look.watermark)
        self._add(mark)

    def line(
        self,
        xs: Floats,
        ys: Floats,
        colour: str,
        width: float,
        *,
        dashes: Sequence[float] = (),
        clip: Box | None = None,
    ) -> None:
        """Draw a line through the points; NaN interrupts it."""
        style = (0, tuple(dashes)) if dashes else "-"
        line = Line2D(xs, ys, color=colour, lw=width, ls=style, solid_joinstyle="round", dash_capstyle="butt")
        self._add(line, clip)

    def level(
        self, y: float, span: tuple[float, float], colour: str, width: float = 1, dashes: Sequence[float] = ()
    ) -> None:
        """Draw a level line, sharp at the pixel."""
        y = np.floor(y) + 0.5
        self.line(np.array(span), np.array([y, y]), colour, width, dashes=dashes)

    def strokes(self, xs: Floats, tops: Floats, bottoms: Floats, colour: str, width: float) -> None:
        """Draw upright lines."""
        ends = np.stack([np.stack([xs, tops], axis=1), np.stack([xs, bottoms], axis=1)], axis=1)
        self._add(LineCollection(list(ends), colors=colour, linewidths=width, antialiaseds=False, capstyle="butt"))

    def blocks(self, boxes: Floats, fill: str, edge: str | None = None, width: float = 0, alpha: float = 1) -> None:
        """Fill rectangles given as rows of left, top, right, bottom; sharp at the pixel."""
        left, top, right, bottom = boxes.T
        corners = np.stack([left, top, right, top, right, bottom, left, bottom], axis=1).reshape(-1, 4, 2)
        shapes = PolyCollection(
            list(corners), facecolors=fill, edgecolors=edge or "none", linewidths=width, antialiaseds=False
        )
        shapes.set_alpha(alpha)
        self._add(shapes)

    def shape(self, points: Floats, colour: str, alpha: float, clip: Box) -> None:
        """Fill the polygon through `points`."""
        self._add(PolyCollection([points], facecolors=colour, edgecolors="none", alpha=alpha), clip)

    def png(self) -> bytes:
        """Return the picture as a PNG with a palette: a quarter of the bytes, the same to the eye."""
        self._agg.draw()  # type: ignore[no-untyped-call]  # the library's stubs leave it open
        pixels = np.asarray(self._renderer.buffer_rgba())
        picture = Image.fromarray(pixels[:, :, :3])
        small = picture.quantize(palette=_palette(self.look), dither=Image.Dither.NONE)
        data = b""
        for level in COMPRESSIONS:
            out = io.BytesIO()
            small.save(out, "PNG", compress_level=level)
            data = out.getvalue()
            if len(data) <= BYTES_MOST:
                break
        return data

    def _add(self, artist: Artist, clip: Box | None = None) -> None:
        """Put an artist on top of all that came before."""
        self._depth += 1
        artist.set_zorder(self._depth)
        artist.set_transform(self._pixels)
        self._figure.add_artist(artist)
        if clip is not None:
            left, top, right, bottom = clip
            artist.set_clip_box(Bbox.from_extents(left, HEIGHT - bottom, right, HEIGHT - top))


@lru_cache(maxsize=64)
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")


@lru_cache(maxsize=2)
def _palette(look: Look) -> Image.Image:
    """Return the theme's palette: a palette made from the picture would lose a colour that is rare in it."""
    ground = np.array(to_rgb(look.background))
    shares = (np.arange(BLENDS) + 1) / BLENDS
    inks = (look.text, look.muted, look.up, look.down, *look.sma, *look.ema, look.band)
    blends = [np.outer(1 - shares, ground) + np.outer(shares, np.array(to_rgb(ink))) for ink in inks]
    text = np.array(to_rgb(look.text))
    marked = [(1 - look.watermark) * np.array(to_rgb(ink)) + look.watermark * text for ink in inks]
    colours = np.concatenate([[ground, to_rgb(look.grid), to_rgb(look.level)], *blends, marked])
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.round(colours * 255).astype(np.uint8).tobytes())
    return palette
