"""``python -m tandem devices``: what operations can run on."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tandem import core as mx

__all__ = ["device_table", "main"]


def _all_devices() -> list[mx.Device]:
    kinds = (mx.cpu, mx.gpu)
    return [mx.Device(kind, i) for kind in kinds for i in range(mx.device_count(kind))]


def device_table() -> Table:
    """A table with a column for each device and a row for each fact."""
    devices = _all_devices()
    facts = [mx.device_info(device) for device in devices]
    table = Table(box=box.SIMPLE_HEAD, title="Devices", title_justify="left")
    table.add_column("")
    for device in devices:
        default = " (default)" if device == mx.default_device() else ""
        table.add_column(f"{device}{default}", overflow="fold")
    names = list(dict.fromkeys(name for info in facts for name in info))
    for name in names:
        table.add_row(name, *(Text(str(info.get(name, ""))) for info in facts))
    return table


def main() -> int:
    Console().print(device_table())
    return 0
