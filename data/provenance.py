"""What a file says of its own origin: IPTC's digital source type, and a C2PA manifest.

It is a statement, and no evidence. Whoever copies a picture may leave it out, IPTC's anybody may
write, and C2PA's signature tells who signed, not what is true.
"""

import functools
import io
import json
import re

from gan_knowledge_gaps.data.errors import brief

# In XMP, which every format holds as plain text: an attribute, an element, or one of a resource.
_IPTC = re.compile(
    rb"""DigitalSourceType(?:\s*=\s*["']|\s[^<>]*resource\s*=\s*["']|\s*>\s*)([^"'<>\s]{1,200})"""
)
_SOURCE_TYPE = "digitalSourceType"  # of an action in a C2PA manifest


def provenance_of(contents: bytes) -> str:
    """What an image file says of its origin, in one printable line.

    Args:
        contents: the file's bytes, of any format, from anywhere.

    Returns:
        Such as "IPTC: trainedAlgorithmicMedia; C2PA: trainedAlgorithmicMedia, signed by Someone,
        valid": IPTC's code of the digital source type, and those of the actions in a C2PA
        manifest. "valid" means that file and signature fit, "trusted" that its signer is known,
        too. "" where it says nothing. C2PA takes the package c2pa-python (the extra `provenance`),
        and is passed over without it; nothing is fetched from a network.
    """
    return "; ".join(filter(None, [_iptc(contents), _c2pa(contents)]))


def _iptc(contents: bytes) -> str:
    found = {_code(each.decode("utf-8", "replace")) for each in _IPTC.findall(contents)}
    return f"IPTC: {', '.join(sorted(found))}" if found else ""


def _code(uri: str) -> str:
    """The last part of a code's address at IPTC."""
    return brief(uri.rstrip("/").rpartition("/")[2])


def _c2pa(contents: bytes) -> str:
    if b"c2pa" not in contents or (context := _context()) is None:
        return ""
    import c2pa

    try:
        reader = c2pa.Reader.try_create(io.BytesIO(contents), context=context)
        if reader is None:
            return ""
        with reader:
            return f"C2PA: {_summary(json.loads(reader.json()))}"
    except c2pa.C2paError.NotSupported:  # a format that has no manifests
        return ""
    except Exception:  # of the library, or a manifest of another shape
        return "C2PA: cannot be read"


@functools.cache
def _context():
    """How manifests are read; None without the library."""
    try:
        import c2pa
    except ImportError:
        return None
    offline = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    return c2pa.Context(c2pa.Settings.from_dict(offline))


def _summary(store: dict) -> str:
    """The source types in all manifests of a file, and who signed the last."""
    found = {
        _code(action[_SOURCE_TYPE])
        for manifest in store["manifests"].values()
        for assertion in manifest.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
        if _SOURCE_TYPE in action
    }
    active = store["manifests"][store["active_manifest"]]
    signer = active.get("signature_info", {}).get("issuer") or "somebody unnamed"
    kinds = ", ".join(sorted(found)) or "no source type"
    return f"{kinds}, signed by {brief(signer)}, {store['validation_state'].lower()}"
