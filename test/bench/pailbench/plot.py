# SPDX-License-Identifier: Apache-2.0
"""All outcomes in one picture: a row for each workload, a dot for each mounter, on logarithmic scales of time and of requests."""
import math
from xml.sax.saxutils import escape

COLOURS = ("#1b6ca8", "#d1495b", "#edae49", "#3b8f5a", "#7d5ba6", "#5c6b73", "#b5651d")
_ROW, _TOP, _LABELS, _PANEL, _GAP = 26, 74, 430, 380, 50


class Scale:
    """Whole decades around all values, and where each value lies."""

    def __init__(self, values, left, width):
        positive = [value for value in values if value > 0] or [1]
        self.low = math.floor(math.log10(min(positive)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(positive))))
        self.left, self.width = left, width

    def at(self, value):
        if value <= 0:
            return self.left
        return self.left + (math.log10(value) - self.low) / (self.high - self.low) * self.width

    def decades(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def _text(x, y, words, anchor="start", size=12, colour="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _line(x1, y1, x2, y2, colour, width=1.0):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _tick(value, unit):
    if unit == "s":
        return f"{value:g} s" if value >= 1 else (f"{value * 1e3:g} ms" if value >= 1e-3 else f"{value * 1e6:g} us")
    return f"{value:,.0f}"


def _axis(scale, bottom, title, unit):
    out = [_text(scale.left, _TOP - 34, title, size=13)]
    for value in scale.decades():
        out += [_line(scale.at(value), _TOP - 12, scale.at(value), bottom, "#ddd"),
                _text(scale.at(value), _TOP - 17, _tick(value, unit), "middle", 10, "#666")]
    return out


def svg(outcomes):
    """The text of the picture."""
    names = list(dict.fromkeys(series.name for outcome in outcomes for series in outcome.series))
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    times = Scale([s for o in outcomes for series in o.series for s in series.seconds()], _LABELS, _PANEL)
    totals = [series.typical().total for o in outcomes for series in o.series if series.good]
    counts = Scale(totals + [o.minimum() or 0 for o in outcomes], _LABELS + _PANEL + _GAP, _PANEL)
    bottom = _TOP + _ROW * len(outcomes)
    width = counts.left + _PANEL + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{bottom + 20}" font-family="sans-serif">',
           f'<rect width="{width:.0f}" height="{bottom + 20}" fill="white"/>']
    out += _axis(times, bottom, "time: median, least and most; × failed", "s")
    out += _axis(counts, bottom, "requests; the line is the minimum", "")
    for i, name in enumerate(names):
        out += [f'<circle cx="{20 + 110 * i}" cy="22" r="5" fill="{colour[name]}"/>', _text(30 + 110 * i, 26, name)]
    for row, outcome in enumerate(outcomes):
        y = _TOP + _ROW * (row + 0.5)
        out += [_line(10, y + _ROW / 2, width - 10, y + _ROW / 2, "#eee"), *_row(outcome, y, times, counts, colour)]
    return "\n".join(out + ["</svg>", ""])


def _row(outcome, y, times, counts, colour):
    title = f"{outcome.workload.id}: {outcome.workload.title}"
    label = title if len(title) <= 58 else title[:57] + "…"
    out = [_text(10, y + 4, label, size=11), _text(_LABELS - 8, y + 4, f"{outcome.latency} ms", "end", 10, "#666")]
    if outcome.minimum():
        x = counts.at(outcome.minimum())
        out.append(_line(x, y - 9, x, y + 9, "#000", 2))
    middle_row = y
    for i, series in enumerate(outcome.series):
        y = middle_row + (i - (len(outcome.series) - 1) / 2) * 3
        fill = colour[series.name]
        if not series.good:
            out.append(_text(times.left + times.width + 4 + 12 * i, middle_row + 4, "×", colour=fill))
            continue
        middle, least, most = series.seconds()
        out += [_line(times.at(least), y, times.at(most), y, fill, 3),
                f'<circle cx="{times.at(middle):.1f}" cy="{y:.1f}" r="5" fill="{fill}" fill-opacity="0.85"/>',
                f'<circle cx="{counts.at(series.typical().total):.1f}" cy="{y:.1f}" r="5" fill="{fill}" fill-opacity="0.85"/>']
    return out
