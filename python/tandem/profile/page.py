"""A profile as a page."""

from tandem import __version__
from tandem.profile.measure import Profile
from tandem.report.kernels import device_tag, kernel_list, short_site
from tandem.report.page import bars, card, page, table, tiles
from tandem.report.text import bytes_text, chain_text, escape, rate_text, time_text
from tandem.report.timeline import timeline_html

__all__ = ["profile_fragment", "profile_page"]

_MOST = 60  # rows of a table, boxes of kernels


def _tiles(found: Profile) -> str:
    counters = found.run.counters
    ledger = found.run.ledger
    launches = counters["kernels_launched"] + counters["library_calls"]
    figures = [
        (time_text(found.seconds), "wall time", "from the first line to the last value"),
        (f"{counters['nodes_run']:,}", "operations", f"in {launches:,} kernels and library calls"),
        (bytes_text(ledger["total_bytes"]), "moved", f"{ledger['total_transfers']} transfers"),
        (bytes_text(ledger["eliminated_bytes"]), "not moved", "the value was there already"),
    ]
    figures += [
        (rate_text(roof), f"memory roof, {device}", "measured after the run")
        for device, roof in found.roofs.items()
    ]
    return tiles(figures)


def _kernels(found: Profile) -> str:
    busy = found.device_seconds()
    rows = []
    for use in found.kernels()[:_MOST]:
        share = found.roof_share(use)
        name = chain_text(use.name) if use.kind == "kernel" else use.name
        sites = ", ".join(map(short_site, use.sites[:3])) + (" ..." if len(use.sites) > 3 else "")
        rows.append(
            [f"<b>{escape(name)}</b><br><small>{escape(sites)}</small>", device_tag(use.device),
             f"{use.calls:,}", time_text(use.seconds),
             f"{100 * use.seconds / busy[use.device]:.0f} %", bytes_text(use.bytes / use.calls),
             rate_text(use.rate()), "" if share is None else f"{100 * share:.0f} %"]
        )  # fmt: skip
    columns = ("what ran", "on", "calls", "time", "of device", "bytes a call", "rate", "of roof")
    text = (
        "Time is that of all calls. Above 100 % of the memory roof the data came from a cache; far "
        "below it arithmetic or the launch decides."
    )
    return card("Kernels", text, table(columns, rows, numbers=range(2, 8)))


def _lines(found: Profile) -> str:
    lines = found.lines()[:_MOST]
    total = sum(line.seconds for line in lines) or 1
    rows = [
        [
            f"<code>{escape(short_site(line.site))}</code>",
            f"<code>{escape(line.source)}</code>",
            " ".join(device_tag(device) for device in sorted(line.devices)),
            f"{sum(line.ops.values()):,}",
            time_text(line.seconds),
            f"{100 * line.seconds / total:.0f} %",
        ]
        for line in lines
    ]
    columns = ("line", "source", "on", "operations", "time", "")
    text = "The time of a kernel is divided among its operations by their cost: an estimate."
    return card("Lines of the program", text, table(columns, rows, numbers=range(3, 6)))


def _ops(found: Profile) -> str:
    rows = [
        (use.name, use.seconds, f"{time_text(use.seconds)}, {use.calls:,} runs", "cpu")
        for use in found.ops()[:20]
    ]
    return card("Operations", "Divided in the same way.", bars(rows))


def _unfused(found: Profile) -> str:
    uses = found.unfused()
    if not uses:
        return card("Not fused", "Nothing: no value went through memory between two kernels.", "")
    rows = [
        [
            f"{use.calls:,}",
            f"{escape(use.name)} <small>{escape(short_site(use.site))}</small>",
            f"{escape(use.reader)} <small>{escape(short_site(use.reader_site))}</small>",
            escape(use.reason),
        ]
        for use in uses[:_MOST]
    ]
    text = "Values that went through memory between two kernels, and why."
    columns = ("times", "value", "read by", "why")
    return card("Not fused", text, table(columns, rows, numbers=[0]))


def profile_fragment(found: Profile) -> str:
    """The profile without a page around it, for a notebook."""
    timeline = timeline_html(found.timeline().cropped())
    clock = any(track.clock == "model" for track in found.timeline().tracks)
    text = "From the first launch to the last. " + (
        "The GPU is simulated: its times are those of a model." if clock else ""
    )
    return "".join([_tiles(found), card("Time line", text, timeline), _kernels(found),
                    _lines(found), _ops(found), _unfused(found)])  # fmt: skip


def profile_page(found: Profile, program: str) -> str:
    launched = sorted(found.notes, key=lambda note: -len(note["ops"]))[:_MOST]
    body = profile_fragment(found) + card(
        "What was fused", "Each kernel once, those of most operations first.", kernel_list(launched)
    )
    lead = f"<p>Where the time of <code>{escape(program)}</code> went.</p>"
    footer = f"Written by <code>python -m tandem profile</code>, version {__version__}."
    return page("Profile", lead, body, footer)
