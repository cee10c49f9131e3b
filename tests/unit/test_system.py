"""The records of a lake system: what they say, and every refusal of a graph that is no lake."""

import dataclasses

import numpy as np
import pytest

from balkhash_model.errors import InputError
from balkhash_model.system import (
    OUTSIDE,
    Delta,
    Groundwater,
    Hypsometry,
    Junction,
    LakeSystem,
    LinearLink,
    ParameterSet,
    Release,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)

POND = Hypsometry(np.array([0.0, 10.0]), np.array([1e6, 2e6]), "pond")
BARRIER = {"sill": 5.0, "width": 100.0, "length": 1e3, "roughness": 0.03, "linear_head": 1e-4}


def delta(source="fork", target="a", loss=(0.0, 5.0, 5.0)) -> Delta:
    return Delta(
        "arm", source, target, "mouth", "lost", np.array([0.0, 5.0, 100.0]), np.array(loss)
    )


def system(**changes) -> LakeSystem:
    parts = {
        "name": "ponds",
        "title": "Two ponds",
        "datum": "local",
        "storages": (
            Storage("dam", "reservoir", POND),
            Storage("a", "lake", POND),
            Storage("b", "lake", POND),
        ),
        "lake": ("a", "b"),
        "junctions": (Junction("fork", "side"),),
        "rivers": (River("brook", "dam"),),
        "links": (Release("gate", "dam", "fork"), Strait("neck", "a", "b", **BARRIER)),
        "deltas": (delta(),),
        "groundwater": Groundwater((("a", 0.25), ("b", 0.75))),
        "withdrawals": (Withdrawal("town", "b"),),
    }
    return LakeSystem(**(parts | changes))


def test_names_and_ends_of_links_are_in_one_order():
    ponds = system()
    assert ponds.storage_names() == ["dam", "a", "b"]
    assert ponds.users() == ["town"]
    assert dict(zip(ponds.link_names(), ponds.link_ends(), strict=True)) == {
        "gate": ("dam", "fork"),
        "neck": ("a", "b"),
        "side": (OUTSIDE, "fork"),
        "arm": ("fork", "mouth"),
        "lost": ("fork", OUTSIDE),
    }
    assert ponds.delta_at("fork").name == "arm"
    assert ponds.storage("dam").kind == "reservoir"


def test_an_unknown_storage_gets_the_nearest(problems):
    assert problems(system().storage, "damn") == [
        "system 'ponds': no such storage; got damn. Nearest: dam"
    ]


def test_records_are_frozen(balkhash):
    for record in (balkhash, balkhash.storages[0], balkhash.links[0], balkhash.rivers[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            record.name = "other"


WRONG = [
    ({"lake": ("a", "bb")}, ["lake: no such storage; got bb. Nearest: b"]),
    ({"rivers": (River("brook", "damm"),)}, ["river 'brook': flows to no storage; got damm"]),
    (
        {"links": (Release("gate", "dam", "fork"), Release("gate", "a", OUTSIDE))},
        ["a name is used twice; got gate"],
    ),
    (
        {
            "storages": (
                Storage("dam", "reservoir", POND),
                Storage("a", "lake", POND),
                Storage("a", "lake", POND),
                Storage("b", "lake", POND),
            )
        },
        ["a name is used twice; got a"],
    ),
    (
        {"withdrawals": (Withdrawal("town", "a"), Withdrawal("town", "b"))},
        ["a name is used twice; got town"],
    ),
    ({"links": (Weir("spill", "fork", OUTSIDE, 9.0, 5.0),)}, ["link 'spill': leaves no storage"]),
    ({"links": (Strait("neck", "a", OUTSIDE, **BARRIER),)}, ["link 'neck': leads nowhere"]),
    ({"links": (LinearLink("seep", "a", "fork", 1.0),)}, ["link 'seep': leads nowhere"]),
    ({"deltas": ()}, ["junction 'fork': must have one way on; got 0; expected exactly one delta"]),
    ({"deltas": (delta(source="fjord"),)}, ["junction 'fork': must have", "starts at no junction"]),
    ({"deltas": (delta(target="c"),)}, ["delta 'arm': leads nowhere; got c"]),
    ({"deltas": (delta(loss=(0.0, 6.0, 6.0)),)}, ["nor rise faster than the flow"]),
    ({"deltas": (delta(loss=(0.0, 5.0, 4.0)),)}, ["must start at zero flow and neither fall"]),
    (
        {"withdrawals": (Withdrawal("town", "fjord"),)},
        ["user 'town': takes from no storage or junction"],
    ),
    (
        {"groundwater": Groundwater((("a", 1.5), ("c", -0.5)))},
        [
            "share out of range; got 1.5; expected 0 to 1",
            "groundwater: no such storage; got c",
            "share out of range; got -0.5; expected 0 to 1",
        ],
    ),
    (
        {"groundwater": Groundwater((("a", 1.0), ("b", 1.0)))},
        ["groundwater: shares do not add up to one; got 2"],
    ),
    (
        {"links": (Strait("neck", "a", "a", **BARRIER),)},
        ["link 'neck': leads back to where it starts; got a"],
    ),
    (
        {"links": (Strait("neck", "a", "b", **(BARRIER | {"sill": 11.0})),)},
        [
            "link 'neck': sill or crest outside the curve of 'a'; got 11 m; expected 0 to 10 m",
            "link 'neck': sill or crest outside the curve of 'b'; got 11 m; expected 0 to 10 m",
        ],
    ),
    (
        {"links": (Weir("spill", "a", OUTSIDE, -1.0, 5.0),)},
        ["link 'spill': sill or crest outside the curve of 'a'; got -1 m; expected 0 to 10 m"],
    ),
    (
        {
            "storages": (
                Storage("dam", "reservoir", POND),
                Storage("b", "lake", POND),
                Storage("a", "lake", POND, np.datetime64("1970-01-01", "s")),
            )
        },
        [
            "link 'arm': leads into a storage that starts later; got a",
            "storage 'a': a storage that starts later needs one release",
        ],
    ),
    ({"lake": ("x",), "rivers": (River("brook", "y"),)}, ["got x", "got y"]),
]


@pytest.mark.parametrize(("changes", "faults"), WRONG)
def test_a_graph_that_is_no_lake_is_refused_with_every_fault(problems, changes, faults):
    found = problems(system, **changes)
    assert len(found) == len(faults)
    for text, fault in zip(found, faults, strict=True):
        assert text.startswith("system 'ponds'")
        assert fault in text


# ---------------------------------------------------------------- parameter sets


def test_a_parameter_set_is_a_mapping_that_names_the_nearest(balkhash):
    parameters = balkhash.parameters
    assert isinstance(parameters, ParameterSet)
    assert len(parameters) == len(list(parameters)) > 30
    assert "delta_loss" in parameters
    assert "delta_los" not in parameters
    with pytest.raises(InputError, match=r"no such parameter; got delta_los\. Nearest: delta_loss"):
        parameters["delta_los"]
    with pytest.raises(TypeError):
        parameters["delta_loss"] = 1.0


def test_a_normal_prior_is_read_from_its_words(balkhash):
    assert balkhash.parameters["net_evaporation"].normal_prior == (0.85, 0.05)
    assert balkhash.parameters["shelf_base"].normal_prior is None  # uniform
    assert balkhash.parameters["strait_width"].normal_prior is None  # none stated


def test_every_parameter_has_value_range_source_and_note(balkhash):
    for p in balkhash.parameters.values():
        assert p.lower <= p.value <= p.upper, p.name
        assert p.note, p.name
        assert p.source or p.status != "published", p.name
