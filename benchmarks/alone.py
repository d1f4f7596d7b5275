"""The table of what has no peer: shares and seconds that jml sets itself a bar for."""

import statistics

from rows import Row
from text import percent, seconds, table


def section(rows: list[tuple[Row, dict]]) -> list[str]:
    """Lines of Markdown; none without rows."""
    if not rows:
        return []
    head = ["work", "measured", "bar", "of which"]
    return ["Without a peer, medians over pairs (least to most):", "", *table(head, [cells(*row) for row in rows]), ""]


def cells(row: Row, measured: dict) -> list[str]:
    assert row.alone is not None
    key, most = row.alone
    show = percent if key.endswith("share") else seconds
    values = [pair["ours"][key] for pair in measured["pairs"]]
    middle = statistics.median(values)
    text = f"**{show(middle)}** ({show(min(values))} to {show(max(values))})"
    return [row.title, text, f"{show(most)}: {'reached' if middle <= most else 'missed'}", parts(row, measured)]


def parts(row: Row, measured: dict) -> str:
    """What the time is made of, of the first pair."""
    ours = measured["pairs"][0]["ours"]
    if row.kind == "wait":
        slower = ours["seconds_per_step"] / ours["seconds_per_step_alone"]
        cached = ours["page_cache_before"]
        return (
            f"step {seconds(ours['seconds_per_step'])}, {slower:.2f} times that of one batch again and again; "
            f"first batch {seconds(ours['first_wait_seconds'])}; {percent(cached)} of the files in the page cache"
        )
    longest_first = sorted(ours["by_kind"].items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} {seconds(part)}" for kind, part in longest_first)
