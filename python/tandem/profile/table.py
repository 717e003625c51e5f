"""A profile in the terminal, 80 columns wide."""

import io

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tandem.profile.measure import KernelUse, LineUse, OpUse, Profile
from tandem.report.kernels import short_site
from tandem.report.text import bytes_text, chain_text, rate_text, time_text

__all__ = ["print_profile", "profile_text"]

WIDTH = 80
_ROWS = 15
_COLOURS = {"cpu": "cyan", "gpu": "magenta"}


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def _table(rich: bool, columns: dict[str, int], right: tuple[int, ...] = ()) -> Table:
    """Columns with their widths; the last one takes what is left of the line."""
    table = Table(box=box.SIMPLE_HEAD if rich else box.ASCII2, pad_edge=False,
                  padding=(0, 1, 0, 0), header_style="bold")  # fmt: skip
    used = sum(columns.values()) + 2 * len(columns) + 2
    for i, (column, width) in enumerate(columns.items()):
        table.add_column(column, justify="right" if i in right else "left", no_wrap=True,
                         width=width or WIDTH - used,
                         overflow="ellipsis" if rich else "crop")  # fmt: skip
    return table


class _Printer:
    def __init__(self, console: Console, found: Profile) -> None:
        self.console = console
        self.found = found
        self.rich = (console.encoding or "").lower().startswith("utf")
        self.times = "\N{MULTIPLICATION SIGN}" if self.rich else "x"
        self.busy = found.device_seconds()

    def heading(self, text: str, explanation: str = "") -> None:
        self.console.print()
        line = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" if self.rich else "-"
        self.console.rule(Text(text, "bold blue"), align="left", characters=line)
        if explanation:
            self.console.print(Text(explanation, "dim"))

    def device(self, device: str) -> Text:
        return Text(device, _COLOURS[device.split()[0]])

    def more(self, count: int) -> None:
        if count > _ROWS:
            self.console.print(Text(f"... and {count - _ROWS} more", "dim"))

    def summary(self) -> None:
        counters = self.found.run.counters
        launches = counters["kernels_launched"] + counters["library_calls"]
        self.console.print(
            f"{counters['nodes_run']:,} operations in {launches:,} kernels and library calls, "
            f"{time_text(self.found.seconds)} wall"
        )
        model = {e.device.index for e in self.found.run.events if e.clock == "model"}
        for device, seconds in sorted(self.busy.items()):
            roof = self.found.roofs.get(device)
            simulated = device.startswith("gpu") and int(device.split()[1]) in model
            text = f" busy for {time_text(seconds)}"
            if roof:
                text += f"; memory roof {rate_text(roof)} (measured)"
            if simulated:
                text = text.replace("busy", "(simulated) busy", 1)
            self.console.print(self.device(device).append(text, "default"))
        ledger = self.found.run.ledger
        self.console.print(
            f"{bytes_text(ledger['total_bytes'])} moved in {ledger['total_transfers']} transfers, "
            f"{bytes_text(ledger['eliminated_bytes'])} avoided"
        )

    def kernel_row(self, table: Table, use: KernelUse) -> None:
        share = self.found.roof_share(use)
        name = chain_text(use.name, self.times) if use.kind == "kernel" else use.name
        table.add_row(
            time_text(use.seconds), _percent(use.seconds, self.busy[use.device]), f"{use.calls}",
            self.device(use.device), bytes_text(use.bytes / use.calls),
            "" if share is None else f"{100 * share:.0f} %", Text(name),
        )  # fmt: skip

    def kernels(self) -> None:
        uses = self.found.kernels()
        self.heading("Kernels", "time: all calls, and its part of the device's; bytes: one call")
        columns = {"time": 7, "": 5, "calls": 5, "on": 5, "bytes": 8, "of roof": 7, "what ran": 0}
        table = _table(self.rich, columns, right=(0, 1, 2, 4, 5))
        for use in uses[:_ROWS]:
            self.kernel_row(table, use)
        self.console.print(table)
        self.more(len(uses))

    def shares(self, uses: list[LineUse] | list[OpUse], table: Table) -> None:
        for use in uses[:_ROWS]:
            if isinstance(use, OpUse):
                table.add_row(time_text(use.seconds), f"{use.calls:,}", use.name)
            else:
                source = use.source or ", ".join(list(use.ops)[:4])
                count = f"{sum(use.ops.values()):,}"
                # As Text: brackets in a source line are no markup.
                table.add_row(time_text(use.seconds), count, Text(short_site(use.site)),
                              Text(source))  # fmt: skip
        self.console.print(table)
        self.more(len(uses))

    def unfused(self) -> None:
        uses = self.found.unfused()
        if not uses:
            return
        self.heading("Not fused", "values that went through memory between two kernels, and why")
        for use in uses[:_ROWS]:
            text = f"{use.calls:>5}{self.times} {use.name} ({short_site(use.site)}), read by "
            text += f"{use.reader} ({short_site(use.reader_site)})"
            self.console.print(Text(text, no_wrap=True, overflow="crop"))
            self.console.print(Text(f"       {use.reason}", "yellow"))
        self.more(len(uses))

    def run(self) -> None:
        self.heading("Profile")
        self.summary()
        self.kernels()
        share = "a kernel's time is divided among its operations by their cost"
        self.heading("Lines of the program", share)
        sites = [len(short_site(line.site)) for line in self.found.lines()[:_ROWS]]
        columns = {"time": 7, "ops": 6, "line": min(24, max(sites, default=4)), "source": 0}
        self.shares(self.found.lines(), _table(self.rich, columns, right=(0, 1)))
        self.heading("Operations", share)
        columns = {"time": 7, "runs": 6, "operation": 24}
        self.shares(self.found.ops(), _table(self.rich, columns, right=(0, 1)))
        self.unfused()


def print_profile(found: Profile, console: Console | None = None) -> None:
    _Printer(console or Console(width=WIDTH, highlight=False), found).run()


def profile_text(found: Profile) -> str:
    target = io.StringIO()
    print_profile(found, Console(file=target, width=WIDTH, highlight=False))
    return target.getvalue()
