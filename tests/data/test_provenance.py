"""What files say of their origin: signed by the C2PA library itself, and XMP as IPTC writes it."""

import datetime
import io
import sys

import pytest
from PIL import Image

from gan_knowledge_gaps.data import provenance
from gan_knowledge_gaps.data.provenance import provenance_of

TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype"
FORMATS = ("JPEG", "PNG", "WEBP")


def encoded(kind: str, **options) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 30), "green").save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def signer():
    """Of a certificate whose issuer nobody knows."""
    c2pa = pytest.importorskip("c2pa", reason="needs the extra provenance")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    start = datetime.datetime(2024, 1, 1)

    def certificate(organization: str, key, is_root: bool) -> bytes:
        names = [
            x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, each)])
            for each in (organization, "A root")
        ]
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
        usage = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
        builder = (
            x509.CertificateBuilder(*reversed(names), key.public_key(), x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=20_000))
            .add_extension(x509.BasicConstraints(is_root, None), True)
            .add_extension(
                x509.KeyUsage(not is_root, *[False] * 4, is_root, is_root, False, False), True
            )
            .add_extension(issuer, False)
        )
        if not is_root:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usage), False)
        return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    chain = certificate("Testers", own, False) + certificate("A root", root, True)
    key = own.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))


def signed(signer, kind: str, *source_types: str) -> bytes:
    """A picture with a manifest that says so of its creation."""
    import c2pa

    actions = [
        {"action": "c2pa.created", "digitalSourceType": f"{TYPES}/{each}"} for each in source_types
    ] or [{"action": "c2pa.opened"}]
    manifest = {
        "claim_generator_info": [{"name": "a test", "version": "1"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }
    file = io.BytesIO()
    c2pa.Builder(manifest).sign(signer, f"image/{kind.lower()}", io.BytesIO(encoded(kind)), file)
    return file.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_manifest_is_told_with_its_signer(signer, kind):
    contents = signed(signer, kind, "trainedAlgorithmicMedia")
    said = provenance_of(contents)
    assert said == "C2PA: trainedAlgorithmicMedia, signed by Testers, valid"
    changed = bytearray(contents)
    changed[-3] ^= 1  # behind the manifest
    assert provenance_of(bytes(changed)) == said.replace("valid", "invalid")
    assert provenance_of(contents[: len(contents) // 2]) == "C2PA: cannot be read"


def test_without_the_library_iptc_is_told_alone(signer, monkeypatch):
    contents = signed(signer, "JPEG", "digitalCapture") + xmp(f'D="{TYPES}/digitalCapture"')
    assert provenance_of(contents).startswith("IPTC: digitalCapture; C2PA: digitalCapture, ")
    monkeypatch.setitem(sys.modules, "c2pa", None)  # as if it were not installed
    provenance._context.cache_clear()
    try:
        assert provenance_of(contents) == "IPTC: digitalCapture"
    finally:
        provenance._context.cache_clear()


def xmp(text: str) -> bytes:
    """A packet in which D stands for the property's name."""
    name = "Iptc4xmpExt:DigitalSourceType"
    return f"<rdf:Description a='b' {text.replace('D', name)}/></rdf:RDF>".encode()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'D="{TYPES}/trainedAlgorithmicMedia"', "trainedAlgorithmicMedia"),
        (f"D = '{TYPES}/digitalCapture/'", "digitalCapture"),
        (f"><D>\n {TYPES}/virtualRecording</D><x", "virtualRecording"),
        (f'><D rdf:resource="{TYPES}/digitalArt"/><x', "digitalArt"),
        ('><D rdf:parseType="Resource"></D><x', ""),
        ("><dc:title>D is nothing</dc:title><x", ""),
    ],
)
def test_xmp_is_read_in_each_of_its_forms(kind, text, said):
    packet = xmp(text)
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        contents = encoded(kind, pnginfo=info)
    else:
        contents = encoded(kind, xmp=packet)
    assert packet in contents
    assert provenance_of(contents) == (f"IPTC: {said}" if said else "")


@pytest.mark.parametrize("contents", [b"", b"c2pa", b"\xff\xd8c2pa", *map(encoded, FORMATS)])
def test_most_files_say_nothing(contents):
    assert provenance_of(contents) == ""


def test_what_is_said_is_one_printable_line():
    said = provenance_of(xmp('D="a/\x1b[31mred\xff"') * 3)
    assert said.isprintable() and said.startswith("IPTC: ") and len(said) < 250
