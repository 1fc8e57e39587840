"""Draw a bar chart or a histogram as an SVG page of its own: no script, nothing loaded, the same bytes every time.

It follows the reader's light or dark setting and carries its title and a description in words for a screen reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10

from ._report_text import number, one_line

WIDTH = 720
TOP = 66
MOST_BARS = 30
ROW = 30
PLOT_HEIGHT = 240
LABEL_CHARACTERS = 24

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6577; --line: #d5dae3; --bar: #2c66c9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf1; --soft: #a3adbd; --line: #3a4352; --bar: #77a7f5; } }
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
.title { font-size: 16px; font-weight: 600; } .soft { fill: var(--soft); font-size: 12px; }
.bar { fill: var(--bar); } .line { stroke: var(--line); stroke-width: 1; } .end { text-anchor: end; }
.middle { text-anchor: middle; }
"""


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: bars with a label each, or a histogram whose labels are the edges of its bins."""

    kind: str
    title: str
    subtitle: str
    values: tuple[float, ...]
    labels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()


def chart_from(data: Mapping[str, object]) -> Chart:
    """Read a chart from JSON; raise ValueError when it can't be drawn."""
    values = tuple(_numbers(data.get("values")))
    labels = data.get("labels")
    edges = tuple(_numbers(data.get("edges")))
    texts = tuple(str(label) for label in labels) if isinstance(labels, Sequence) else ()
    chart = Chart(_text(data, "kind"), _text(data, "title"), _text(data, "subtitle"), values, texts, edges)
    drawable = len(texts) == len(values) if chart.kind == "bars" else len(edges) == len(values) + 1
    if not values or not drawable or not all(map(isfinite, values + edges)):
        raise ValueError("a chart needs finite values, and a label for each bar or two edges for each bin")
    return chart


def _text(data: Mapping[str, object], name: str) -> str:
    return str(data.get(name, ""))


def _numbers(value: object) -> list[float]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [float(entry) for entry in value if isinstance(entry, (int, float))]


def draw(chart: Chart) -> str:
    """Draw the chart."""
    body, height, words = _draw_bars(chart) if chart.kind == "bars" else _draw_histogram(chart)
    title, subtitle = escape(one_line(chart.title, 90)), escape(one_line(chart.subtitle, 120))
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="chart-title chart-description">',
        f'<title id="chart-title">{title}</title>',
        f'<desc id="chart-description">{escape(words)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="16" y="28">{title}</text>',
        f'<text class="soft" x="16" y="48">{subtitle}</text>',
        *body,
        "</svg>",
        "",
    ])


def _draw_bars(chart: Chart) -> tuple[list[str], int, str]:
    """Draw a row a bar; bars of negative values lie left of the zero line."""
    values, left, right = chart.values[:MOST_BARS], 190, WIDTH - 90
    labels = [one_line(label, LABEL_CHARACTERS) or "(empty)" for label in chart.labels[:MOST_BARS]]
    low, high = min(0.0, *values), max(0.0, *values)
    scale = (right - left) / ((high - low) or 1.0)
    zero = left - low * scale
    height = TOP + ROW * len(values) + 16
    lines = [f'<line class="line" x1="{zero:.1f}" x2="{zero:.1f}" y1="{TOP - 4}" y2="{height - 14}"/>']
    for at, (label, value) in enumerate(zip(labels, values, strict=True)):
        y, end = TOP + ROW * at, zero + value * scale
        lines.append(f'<text class="end" x="{left - 12}" y="{y + 18}">{escape(label)}</text>')
        lines.append(_rect(min(zero, end), y + 4, abs(end - zero), ROW - 10))
        lines.append(f'<text x="{max(zero, end) + 8:.1f}" y="{y + 18}">{number(value)}</text>')
    words = "; ".join(f"{label}: {number(value)}" for label, value in zip(labels, values, strict=True))
    return lines, height, words


def _draw_histogram(chart: Chart) -> tuple[list[str], int, str]:
    left, right, base = 64, WIDTH - 24, TOP + PLOT_HEIGHT
    low, high = chart.edges[0], chart.edges[-1]
    ticks = nice_ticks(0, max(chart.values), whole=True)
    tall = PLOT_HEIGHT / (ticks[-1] or 1)
    across = (right - left) / ((high - low) or 1.0)
    lines: list[str] = []
    for tick in ticks:
        y = base - tick * tall
        lines.append(f'<line class="line" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="soft end" x="{left - 8}" y="{y + 4:.1f}">{number(tick)}</text>')
    for value, start, end in zip(chart.values, chart.edges, chart.edges[1:], strict=False):
        x, width = left + (start - low) * across, (end - start) * across
        lines.append(_rect(x + 0.5, base - value * tall, max(1.0, width - 1), value * tall))
    for tick in nice_ticks(low, high):
        if low <= tick <= high:
            x = left + (tick - low) * across
            lines.append(f'<text class="soft middle" x="{x:.1f}" y="{base + 18}">{number(tick)}</text>')
    count = sum(chart.values)
    words = f"{number(count)} values between {number(low)} and {number(high)}, in {len(chart.values)} bins"
    return lines, base + 34, words


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'


def nice_ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Return about five round numbers from at or below `low` to at or above `high`."""
    wide = (high - low) / 5 or abs(high) or 1.0
    power = 10.0 ** floor(log10(wide))
    step = next((power * factor for factor in (1, 2, 5) if power * factor >= wide), power * 10)
    step = max(1.0, step) if whole else step
    first, last = floor(low / step), ceil(high / step)
    return [round(at * step, 12) if abs(step) > 1e-9 else at * step for at in range(first, last + 1)]
