"""How a chart looks: its size in pixels, and the colours of both themes."""

from dataclasses import dataclass

from handlers.model import Theme

WIDTH, HEIGHT = 1200, 800  # 3:2, as chats show it without cropping

MARGIN = 22
TITLE = 50  # text sizes in pixels; a phone shows the picture at a third of its size
FIGURE = 42
LABEL = 30
SMALL = 27
WATERMARK = 120

HEAD_TOP = 66  # base line of the title
HEAD_LOW = 116  # base line of the legend
PLOT_TOP = 138
PLOT_BOTTOM = 698
TIME_BASE = 738  # base line of the time labels
FOOT_BASE = 784
PANE_GAP = 16


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a theme. Up and down differ in blueness too, so that red-green blind eyes tell them apart."""

    background: str
    grid: str
    text: str
    muted: str
    up: str
    down: str
    sma: tuple[str, str]
    ema: tuple[str, str]
    band: str
    level: str
    watermark: float  # opacity


LOOKS: dict[Theme, Look] = {
    "dark": Look(
        background="#10151d",
        grid="#242c38",
        text="#eef2f7",
        muted="#a3afbf",
        up="#2ac3b2",
        down="#ff8b4a",
        sma=("#f5d04e", "#74aaff"),
        ema=("#f58ad8", "#b69bff"),
        band="#8ea2bd",
        level="#ffffff",
        watermark=0.24,
    ),
    "light": Look(
        background="#ffffff",
        grid="#e4e9f0",
        text="#141b26",
        muted="#566375",
        up="#00806e",
        down="#cf4a06",
        sma=("#b07d00", "#1f5fd6"),
        ema=("#c0259f", "#7138e0"),
        band="#61728a",
        level="#141b26",
        watermark=0.17,
    ),
}
