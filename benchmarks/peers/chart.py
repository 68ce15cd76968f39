"""Bars as self-contained SVG, in panels one below the other, each with a scale of its own. Standard library only."""

from dataclasses import dataclass
from html import escape

WIDTH, LABELS, NOTES = 860, 160, 130  # of the chart, of the names left of the bars, of the figures right of the longest
TOP, TITLE, STEP, BAR = 44, 30, 22, 15
INK, OURS, PEER, DOUBTFUL = "#333333", "#0072B2", "#9aa5b1", "#e4e4e4"
LONGEST_NOTE = 92


@dataclass
class Bar:
    name: str
    value: float
    note: str
    emphasised: bool = False
    doubtful: bool = False  # drawn pale: not to be compared


def draw_bar(bar, y, longest):
    length = bar.value / longest * (WIDTH - LABELS - NOTES) if longest > 0 else 0.0
    colour = OURS if bar.emphasised else DOUBTFUL if bar.doubtful else PEER
    note = bar.note if len(bar.note) <= LONGEST_NOTE else bar.note[: LONGEST_NOTE - 1] + "…"
    # A long reason begins at the left end, where there is room for it.
    x = LABELS + (0 if len(note) > 24 else length)
    middle = y + BAR / 2
    return (
        f'<text x="{LABELS - 8}" y="{middle:.1f}" dy="0.35em" text-anchor="end">{escape(bar.name)}</text>\n'
        f'<rect x="{LABELS}" y="{y}" width="{length:.2f}" height="{BAR}" fill="{colour}"/>\n'
        f'<text x="{x + 6:.2f}" y="{middle:.1f}" dy="0.35em">{escape(note)}</text>\n'
    )


def draw_panel(title, bars, y):
    longest = max((bar.value for bar in bars), default=0.0)
    svg = f'<text x="{LABELS}" y="{y + 18}" font-size="14" font-weight="bold">{escape(title)}</text>\n'
    return svg + "".join(draw_bar(bar, y + TITLE + i * STEP, longest) for i, bar in enumerate(bars))


def to_svg(title, panels):
    """`panels`: pairs of a title and its bars."""
    body, y = "", TOP
    for name, bars in panels:
        body += draw_panel(name, bars, y)
        y += TITLE + STEP * len(bars) + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img"'
        f' font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{INK}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>\n'
        f'<text x="{WIDTH / 2}" y="28" font-size="16" font-weight="bold" text-anchor="middle">{escape(title)}</text>\n'
        f"{body}</svg>\n"
    )
