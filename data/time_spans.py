"""Time spans in words."""

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def time_span(seconds: float) -> str:
    """A time span in its two largest units, e.g. '1 h 12 min'; below a minute, to a tenth."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    rest, counts = round(seconds), []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        counts.append((count, unit))
    first = next(index for index, (count, _) in enumerate(counts) if count)
    return " ".join(f"{count} {unit}" for count, unit in counts[first : first + 2])
