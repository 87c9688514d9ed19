"""The picture of a life: role, account and usable privilege as bars, what happened as marks, requests as ticks.

matplotlib draws it, as SVG with its letters as outlines, so that it looks the same wherever and whenever it is opened.
It is an extra that only this module needs, and is imported when a picture is drawn. The same spans give the same bytes.
"""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from steward.errors import ConfigError
from steward.papers.life import Life, Moment, Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What lies further apart is another episode, with a picture of its own.
_GAP = timedelta(minutes=30)
_MARGIN = 0.03
_SHORTEST = timedelta(seconds=20)
_FEW_HOURS = timedelta(hours=20)
_LANES = ("role held", "account enabled", "usable privilege", "role and latch", "credentials", "consent", "sign-ins")
_BARS = _LANES[:3]
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "role": "role and latch",
        "latch": "role and latch",
        "credential": "credentials",
        "account": "credentials",
        "consent": "consent",
        "sign-in": "sign-ins",
    }
)
_REQUESTS = "requests"
# Seconds between two marks of time.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800, 2592000)


@dataclass(frozen=True)
class Palette:
    """Colours of one scheme; each stands out from the ground by 3 to 1 at least, and text by 7."""

    ground: str
    ink: str
    faint: str
    quiet: str
    role: str
    account: str
    usable: str
    mark: str


LIGHT = Palette("#ffffff", "#1c2024", "#d5d9de", "#7d8791", "#b45309", "#1d5fa8", "#b3121f", "#3c4650")
DARK = Palette("#15181c", "#e8eaed", "#3a4149", "#8b949e", "#e59a45", "#6fb0f5", "#ff7b82", "#c3cad2")


@dataclass(frozen=True)
class Format:
    """A size in inches, with the size of its letters in points and how many marks of time fit."""

    name: str
    width: float
    height: float
    letters: float
    ticks: int


WIDE = Format("wide", 10.2, 3.4, 9.5, 8)
NARROW = Format("narrow", 4.2, 3.9, 9.5, 3)


@dataclass(frozen=True)
class Episode:
    """A stretch of time in which runs were at work, and what of the life lies in it."""

    begins: datetime
    ends: datetime
    life: Life
    requests: tuple[datetime, ...]
    changes: tuple[datetime, ...]

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Return what happened in it."""
        return tuple(each for each in self.life.moments if self.begins <= each.at <= self.ends)

    @property
    def is_eventful(self) -> bool:
        """Return whether there is more to see than a look."""
        edges = [edge for span in (*self.life.held, *self.life.enabled) for edge in (span.begins, span.ends) if edge]
        return bool(self.moments) or any(self.begins <= edge <= self.ends for edge in edges)


def find_episodes(
    life: Life, requests: Sequence[tuple[datetime, bool]], times: Sequence[datetime]
) -> tuple[Episode, ...]:
    """Return the stretches in which something happened.

    `requests` are the times of answers, and whether they changed something; `times` are those of all lines.
    """
    known = sorted({*times, *(each.at for each in life.moments), *([life.created] if life.created else [])})
    episodes = []
    for begins, ends in _stretches(known):
        within = [(at, changes) for at, changes in requests if begins <= at <= ends]
        episodes.append(
            Episode(
                begins,
                ends,
                life,
                tuple(at for at, changes in within if not changes),
                tuple(at for at, changes in within if changes),
            )
        )
    return tuple(episode for episode in episodes if episode.is_eventful)


def _stretches(times: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    begins = last = None
    for at in times:
        if begins is None or last is None:
            begins = at
        elif at - last > _GAP:
            yield begins, last
            begins = at
        last = at
    if begins is not None and last is not None:
        yield begins, last


def draw(episode: Episode, form: Format, palette: Palette) -> bytes:
    """Return the picture of an episode as SVG."""
    try:
        from matplotlib import rc_context, rcParamsDefault  # noqa: PLC0415  # takes a second, and is an extra
        from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415  # as above
        from matplotlib.figure import Figure  # noqa: PLC0415  # as above
    except ImportError:
        raise ConfigError(
            "the picture of the life cannot be drawn",
            why="matplotlib is not installed; it is an extra that only this needs",
            next_move="make set-up brings it; elsewhere: pip install -r requirements/papers.txt",
        ) from None
    # Whatever a user's own settings are, the same evidence gives the same bytes.
    settings: dict[Any, Any] = {name: value for name, value in rcParamsDefault.items() if name != "backend"}
    with rc_context(settings | _settings(form, palette)):
        figure = Figure(figsize=(form.width, form.height))
        FigureCanvasSVG(figure)
        _draw_on(figure.add_axes((0.0, 0.0, 1.0, 1.0)), episode, form, palette)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    return written.getvalue()


def _settings(form: Format, palette: Palette) -> dict[str, Any]:
    return {
        "axes.edgecolor": palette.ink,
        "axes.facecolor": palette.ground,
        "axes.labelcolor": palette.ink,
        "figure.facecolor": palette.ground,
        "font.family": "DejaVu Sans",
        "font.size": form.letters,
        "savefig.facecolor": palette.ground,
        "savefig.pad_inches": 0.06,
        "svg.fonttype": "path",
        "svg.hashsalt": "steward",
        "text.color": palette.ink,
        "timezone": "UTC",
        "xtick.color": palette.ink,
        "ytick.color": palette.ink,
    }


def _draw_on(axes: "Axes", episode: Episode, form: Format, palette: Palette) -> None:
    lanes = (*_LANES, _REQUESTS)
    heights = {name: len(lanes) - 1 - number for number, name in enumerate(lanes)}
    begins, ends = episode.begins, max(episode.ends, episode.begins + _SHORTEST)
    margin = (ends - begins) * _MARGIN
    axes.set_xlim((begins - margin).timestamp(), (ends + margin).timestamp())
    axes.set_ylim(-0.7, len(lanes) - 0.3)
    axes.set_yticks(list(heights.values()), list(heights), color=palette.ink)
    for name in lanes:
        axes.axhline(heights[name], color=palette.faint, linewidth=0.8, zorder=0)
    _shade_unseen(axes, episode, palette)
    life = episode.life
    colours = palette.role, palette.account, palette.usable
    for name, spans, colour in zip(_BARS, (life.held, life.enabled, life.usable), colours, strict=True):
        _bars(axes, spans, heights[name], colour, begins, ends + margin)
    for name in dict.fromkeys(_KINDS.values()):
        times = [each.at.timestamp() for each in episode.moments if _KINDS[each.kind] == name]
        _points(axes, times, heights[name], palette)
    _ticks(axes, episode.requests, heights[_REQUESTS], 0.13, palette.quiet)
    _ticks(axes, episode.changes, heights[_REQUESTS], 0.3, palette.mark)
    _time_axis(axes, begins, ends, form, palette)


def _shade_unseen(axes: "Axes", episode: Episode, palette: Palette) -> None:
    """Hatch the time between the account's creation and the first look at it."""
    life = episode.life
    if life.created is None or life.created < episode.begins or life.seconds_unseen == 0:
        return
    axes.axvspan(
        life.created.timestamp(),
        life.first_look.time.timestamp(),
        facecolor="none",
        edgecolor=palette.faint,
        hatch="///",
        linewidth=0,
        zorder=0.5,
    )


def _bars(axes: "Axes", spans: Sequence[Span], height: float, colour: str, begins: datetime, ends: datetime) -> None:
    widths = []
    for span in spans:
        first, last = max(span.begins, begins), min(span.ends or ends, ends)
        if first <= last:
            widths.append((first.timestamp(), last.timestamp() - first.timestamp()))
    axes.broken_barh(widths, (height - 0.32, 0.64), facecolor=colour, edgecolor=colour, linewidth=1.2, zorder=2)


def _points(axes: "Axes", times: Sequence[float], height: float, palette: Palette) -> None:
    axes.plot(
        times,
        [height] * len(times),
        linestyle="none",
        marker="D",
        markersize=5,
        markerfacecolor=palette.mark,
        markeredgecolor=palette.ground,
        markeredgewidth=0.7,
        zorder=3,
    )


def _ticks(axes: "Axes", times: Sequence[datetime], height: float, half: float, colour: str) -> None:
    # Hundreds of requests within a moment are one stroke to the eye, and need not be hundreds in the file.
    seconds = sorted({at.replace(microsecond=0) for at in times})
    axes.vlines([at.timestamp() for at in seconds], height - half, height + half, color=colour, linewidth=0.9, zorder=1)


def _time_axis(axes: "Axes", begins: datetime, ends: datetime, form: Format, palette: Palette) -> None:
    marks = _round_times(begins, ends, form.ticks)
    form_of_time = "%H:%M:%S" if ends - begins < _FEW_HOURS else "%m-%d %H:%M"
    axes.set_xticks([at.timestamp() for at in marks], [f"{at:{form_of_time}}" for at in marks])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", color=palette.ink)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _round_times(begins: datetime, ends: datetime, most: int) -> list[datetime]:
    """Return round times between two, as many as there is place for and no more."""
    step = next((each for each in _STEPS if (ends - begins).total_seconds() / each <= most), _STEPS[-1])
    while (ends - begins).total_seconds() / step > most:
        step *= 2
    first = math.ceil(begins.timestamp() / step) * step
    return [datetime.fromtimestamp(at, UTC) for at in range(first, math.floor(ends.timestamp()) + 1, step)]
