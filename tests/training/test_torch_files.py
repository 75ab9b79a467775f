"""Files of torch.save: both formats give their tensors; attacks and damage end in one line."""

import base64
import itertools
import os
import zipfile
import zlib

import numpy as np
import pytest
from torch_saved import EMPTY, group, name, pickled, saved, tensor, text, zipped

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.pickles.torch_files import is_one, state_dict

# By PyTorch 2.13, in today's format and in that of before 1.6; zlib and base85 make them short:
#     layer = torch.nn.BatchNorm1d(2)
#     layer.weight.data = torch.tensor([[0.5, 1.5], [2.5, -3.5]]).t()[1]
#     state = layer.state_dict()
#     state["double"] = torch.arange(3.0, dtype=torch.float64)
TODAY = (
    "c-qBQ&u`mQ9Di|ACre9zY|wTE${36#+nUC)<E9&sDNMc?K^uf*?czDkBeCY%``Rz9K$<iO6^R?-#A)KMfb0GR4jhn>"
    "IKTx72@c%2@SdHz_AAZ07HKbXoH+0E<2`@BpLk2p7Z56y(2+5Z&Lb<Zht4iu?_0#GJ-F{`omq4@Gad=H?Yl0viQ{`="
    "`NN=(1Khvk*rW`o+J#)j5GmOnb_PQNf=zr%Su;n(al^71;NHk_`zFC&=m+L*qYU{<#VArlNM~9D422j{)?D8rAH^5T"
    "FlFTEoH~d`o}TRoBPi+x0;O#|rwjXVj=hz?95M&f1ZKMMf<c#wdX5#s?2u{<3&WU0g1KQ)7YNL6>xjV?^xQt2kFggB"
    "yx4`8j2SvH7<r!K4a^;Ed9aw_Xuwj;u{`Fu$T(JFj+Y6%(uG%z=@iGV6~JnSLWb93ic4dP*BQm-nBolrZ+78|ae+?s"
    "MmuKDBK8o6CJ8M2KJLR?G1Yjd-uJyhvQbwfb_FVwJx8EQ*{ju<^%{ZeUAPh5pT0lpxfs?mM0cW#2~{nkYQj3D$`hzF"
    "qxpT1n9)W|DHBk-&>TGk)i_5d)6F6lD<0U0es3A9vS9Ne+>CDWE)GIkH*iZA!Z7UBw)A4DyZA@{0|6m+Y#m#jOK2^r"
    "&e|t_uwxN(%%*j!T#-%~5|jM?&!0bMYh%apk}GKAP;y+JrsX;VZwGrs>&PcpJshgS47B&)ce-38Of;~7+KGYQrv&?~"
    "*|g5B)94-y*CE8k%)|aWzg}deAWrl!i{8zo!g^in+&qH;O4&x}2|X^|M(Ey?$jKM){Wc#Z&}1h{)`_Hb>gW{u(O|mH"
    "FPAYBDm_K_?W}G?>$K1r)_+!g`E2@++U#KZUu}y&o<d)F&g*afANuk5t3Cd3oB6p``bk-)UzR8OnM2nTKS=^zJ*gqN"
    "%#?n3JoxzO{lAJDhXE8VJ;Z@S6X-LG{rj3uU+dJKaVMmP+G?sB@}|0}D)iM*B}r=4rFv6VH(E_;vsITRMQt&ce}6Z%"
    "SD`*Ck;@!2oA^wp_WTj&{Bs14P6zN(2KiV($K^avk`B?8Y;fk$gyiOV(m}Y8;rTknlLYV)cq+YSGw{U%;<A&+raK^u"
    "{g%f{C&w;Nao7frO?Q44`wfqkpFvmTunLb&cNnM3W1BoS-7|9;Y^8|!j^x4VQeMs8;}rP6n`}!L#Ty4LnO{qgGu-(f"
    "AwIWC2N5T-XC5R^$KT_pjVUq4%tZ6!x&HznID}6"
)
BEFORE = (
    "c-nQ7OK;Oa5Xb#WL){03@+!~pc6bEWF{uNG_E7a=UNx7!AmiAp*x=e3dmRK)q+B8apMej+$LQDL#ubSJV>`4YGAr+D"
    "cXsFZ-<chcg|Bk>``g~H#=GyYHd<rh`417t5pW7w<2Y`R#4L8>&>qqx4dMuRJU~`(Ckz-1sZAp<a3T;s6B&){<AB;}"
    "@QJ1%jzCgK4UMTECk$$)Ktx;x5rYL&B2vzXqdwG4Da%mPMVXMg3{_J3W#Z9<db@$kWZ;?>@CsQ#j}J8H`wRq^#fj^;"
    "?2H9rD%%O|WkKlKj7Djk*h5VQQBg=eSI3i1pMq4n$a`Vzu-Bzgh8kJLGhJQV#ILQYx}mDDP+Zg<Wcl4*FgUSq@}@9>"
    "#e9&z`1yU77%W?`QiRb9oD^1lRP-f(hNyMh?X9i`C;hr9AZcyi<Z{R<lb^uplC;j?j0I=OGP)&M6a`V=KA@P>bJavu"
    "Gden)pAs)ji5ofbVoAKj;Iai*$kIQ=p_9PX{{S&=1FlVhjVbVY4!ltUZ!)-L!ELgRZc%n%_Z;T>G__gcxbLY4cS`Uy"
    "!_V+lj}m-$PD^ih3{X&uN3AAmHJhczJqGtJcu>5u7iYbY!owNtZectEx90QQ(G7TnU=hJ;9)vi7%{&OL6lgQhEqI)b"
    "phFhX6_d;y&tVR175fH3BM03PJSht2Z^b_~g)~ijSfOw7zoOzT_^NygRe_6DmzJt3rn)d`OW<bP@p`<ScYbbP<f_`w"
    "?dfD^o+lko@ysFi#tz55J^TZ3X8qg"
)
BY_PYTORCH = [zlib.decompress(base64.b85decode(each)) for each in (TODAY, BEFORE)]
EXPECTED = {
    "weight": np.float32([1.5, -3.5]), "bias": np.float32([0, 0]),
    "running_mean": np.float32([0, 0]), "running_var": np.float32([1, 1]),
    "num_batches_tracked": np.int64(0), "double": np.float64([0, 1, 2]),
}  # fmt: skip
ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize("data", BY_PYTORCH, ids=["today", "before"])
def test_what_pytorch_saves_gives_its_tensors(data):
    assert is_one(data) and not is_one(data[1:])
    found = state_dict(data)
    assert list(found) == list(EXPECTED)
    for key, expected in EXPECTED.items():
        assert found[key].dtype == expected.dtype
        np.testing.assert_array_equal(found[key], expected)


def test_what_the_tests_write_is_read():
    found = state_dict(saved({"a": ARRAY, "b": np.float64(0.5)}))
    np.testing.assert_array_equal(found["a"], ARRAY)
    np.testing.assert_array_equal(found["b"], 0.5)


@pytest.mark.parametrize("data", BY_PYTORCH, ids=["today", "before"])
def test_damage_is_an_error_or_changes_nothing_but_numbers(data):
    random = np.random.default_rng(0)
    cut = (data[:end] for end in range(16, len(data), 7))
    hits = ((int(at), int(bit)) for at, bit in random.integers(0, (len(data), 8), (600, 2)))
    flipped = (data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :] for at, bit in hits)
    errors = 0
    for damaged in itertools.chain(cut, flipped):
        try:
            assert all(isinstance(each, np.ndarray) for each in state_dict(damaged).values())
        except InputError as error:
            assert str(error).isprintable()
            errors += 1
    assert errors > 300


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + group(*arguments) + b"R"


def test_nothing_is_run(tmp_path):
    marker = tmp_path / "ran"
    attack = call(os.system.__module__, "system", text(f"touch {marker}"))
    before = BY_PYTORCH[1]
    for data in (
        zipped(b"\x80\x02" + attack + b".", {}),
        zipped(pickled({"a": attack}), {}),
        zipped(pickled({"a": tensor("0", ARRAY).replace(EMPTY, attack)}), {"data/0": bytes(24)}),
        before.replace(EMPTY.replace(b")R", b"q"), attack + EMPTY.replace(b")R", b"q"), 1),
    ):
        with pytest.raises(InputError, match=r"asks for (posix|nt)\.system, which is refused"):
            state_dict(data)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped(pickled({"a": tensor("0", ARRAY)}), {}), "a storage is missing"),
        (zipped(pickled({"a": tensor("0", ARRAY)}), {"data/0": bytes(23)}), "6 elements in 23"),
        (
            zipped(pickled({"a": tensor("0", ARRAY, size=(3, 3))}), {"data/0": bytes(24)}),
            "beyond its storage",
        ),
        (zipped(pickled({"a": tensor("0", ARRAY)}), {"constants.pkl": b""}), "TorchScript"),
        (zipped(pickled({}), {"data/0": bytes(9**6)}, zipfile.ZIP_DEFLATED), "is compressed"),
        (zipped(pickled({}), {}), "no state dict"),
        (zipped(pickled({"a": text("b")}), {}), "no state dict: not only tensors"),
        (zipped(b"\x80\x02" + name("torch", "FloatStorage") + b".", {}), "no state dict"),
        (zipped(b"\x80\x02" + call("torch", "FloatStorage") + b".", {}), "refused"),
        (zipped(b"\x80\x02" + EMPTY[:-2] + b"]\x85R.", {}), "bad arguments"),
        (zipped(b"\x80\x02" + text("a") + b"Q.", {}), "damaged tensor"),
        (zipped(pickled({}), {}).replace(b"data.pkl", b"else.pkl"), "not as torch.save"),
        (zipped(pickled({}), {"byteorder": b"big"}), "big-endian"),
    ],
)
def test_what_is_no_state_dict_is_refused(data, message):
    with pytest.raises(InputError, match=message):
        state_dict(data)
