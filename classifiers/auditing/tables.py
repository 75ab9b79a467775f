"""An audit as tables of a report."""

from typing import Any

from gan_knowledge_gaps.report import Table

PROBES = ("file", "thumbnails", "traces")


def audit_tables(content: dict[str, Any]) -> list[Table]:
    """The audit as tables of a report.

    Args:
        content: As `audit.audit` gives it.
    """
    sets, probes = content["sets"], content["probes"]
    size = content["common_size"]
    neutral = f" Every image was brought to {size}x{size} pixels first." if size else ""
    facts = [name for name in sets[0] if name != "name"]
    rows = [f"{name}: {what}" for name in PROBES for what in ("AUC", "natural halves", "±")]
    return [
        Table(
            name="audit-sets", title="Audit: the sets before the training",
            caption="By the contents of a sample of the files. Detail up to: the share of the "
            "highest frequency up to which pictures hold detail; enlarged ones have less. "
            "Near-duplicates by a perceptual hash, over all sets." + neutral,
            row_label="What", column_label="Set", rows=facts,
            columns=[each["name"] for each in sets],
            cells=[[each[name] for each in sets] for name in facts], digits=3,
        ),
        Table(
            name="audit-probes", title="Audit: what little tells the sets apart",
            caption="Logistic regression on facts of the files, on thumbnails of 16x16 pixels, and "
            "on the power by frequency of the original pixels, on images that did not train it; "
            "beside it the same on halves of the natural images. 0.5 is guessing. In the powers "
            "the traces of a generator show, too.",
            row_label="Probe", column_label="Set", rows=rows,
            columns=[each["name"] for each in probes],
            cells=list(zip(*map(_cells, probes), strict=True)), digits=3,
        ),
    ]  # fmt: skip


def _cells(row: dict[str, Any]) -> list[float | None]:
    keys = ("auc", "null", "spread")
    return [row[name] and row[name][key] for name in PROBES for key in keys]
