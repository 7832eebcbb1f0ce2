"""The register of opt-outs as a file: what is noted, read, chained and taken over."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import schemas
from reconciler.errors import ConfigError, JournalError
from reconciler.model.act import By, Doer, Said, standing
from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms, canonical
from reconciler.state.chain import START
from reconciler.state.key import FORMER_KEYS_VARIABLE, register_keys
from reconciler.state.register_proof import prove
from tests.harness import KEY
from tests.registers import NOW, act, place_at, register_at, who

ADA, BO = who("ada@example.com", alias="cus_aaaaaaaaaa"), who("+8613315034487", Channel.SMS)
OTHER_KEY = b"another key, which is as long as any other"
DAY = timedelta(days=1)


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(one) for one in _path(folder).read_bytes().splitlines()]


def _path(folder: Path) -> Path:
    return folder / "opt-outs" / "shop.jsonl"


def test_an_opt_out_is_noted_once_and_known_from_then_on(tmp_path: Path) -> None:
    for _ in range(2):
        register_at(tmp_path).note([(ADA, act()), (BO, act())])
        register_at(tmp_path).note([])

    found = register_at(tmp_path).known
    assert found.of(Channel.EMAIL, "ada@example.com") == standing([act()])
    assert found.of(Channel.SMS, "+8613315034487") == standing([act()])
    assert found.of(Channel.SMS, "ada@example.com") is None
    assert found.of_record("cus_aaaaaaaaaa", Channel.EMAIL) == standing([act()])
    assert register_at(tmp_path, store="other").known.of(Channel.EMAIL, "ada@example.com") is None
    assert len(_lines(tmp_path)) == 2


def test_each_line_is_of_the_written_format_sealed_and_follows_the_one_before(
    tmp_path: Path,
) -> None:
    register_at(tmp_path).note([(ADA, act(at=NOW))], "4c1d")
    register_at(tmp_path).note([(BO, act()), (ADA, act(Said.IN, at=NOW + DAY, by=By.GRANT))])

    lines = _lines(tmp_path)
    assert [one["number"] for one in lines] == [1, 2, 3]
    assert [one["previous"] for one in lines] == [START, *(one["seal"] for one in lines[:-1])]
    assert all(schemas.accepts("register", one) for one in lines)
    assert _path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert register_at(tmp_path, proven=True).head.count == 3


def test_a_line_is_written_in_its_canonical_form(tmp_path: Path) -> None:
    odd = register_at(tmp_path, store='a"b é')
    odd.note([(ADA, act(store='a"b é')), (BO, act(at=NOW, doer=Doer.NOT_TOLD))], 'plan "1"')

    for raw in (tmp_path / "opt-outs" / 'a"b é.jsonl').read_bytes().splitlines():
        line = json.loads(raw)
        seal = line.pop("seal")
        assert raw == canonical(line)[:-1] + f',"seal":"{seal}"}}'.encode()


def test_nothing_in_it_is_a_person_s_or_a_bare_hash_of_it(tmp_path: Path) -> None:
    register_at(tmp_path).note([(ADA, act()), (BO, act())])

    text = _path(tmp_path).read_text()
    assert "ada@" not in text.lower()
    assert "13315034487" not in text
    identities = {one["identity"] for one in _lines(tmp_path)}
    assert not identities & {
        Pseudonyms(b"").identity("shop", one.channel, one.contact or "") for one in (ADA, BO)
    }


def test_without_the_key_a_list_of_addresses_finds_nobody(tmp_path: Path) -> None:
    many = [f"person{number}@example.com" for number in range(2000)]
    register_at(tmp_path).note([(who(one), act()) for one in many[::2]])

    here = register_at(tmp_path).known
    elsewhere = register_at(tmp_path, OTHER_KEY).known

    assert sum(here.of(Channel.EMAIL, one) is not None for one in many) == 1000
    assert sum(elsewhere.of(Channel.EMAIL, one) is not None for one in many) == 0
    assert not elsewhere.is_askable
    assert elsewhere.missing_keys == {Pseudonyms(KEY).name}


def test_a_list_of_a_million_addresses_finds_nobody_by_hashing_them(tmp_path: Path) -> None:
    """Whoever has the register, the list and this program, and not the key."""
    listed = [f"person{number}@example.com" for number in range(1_000_000)]
    file = register_at(tmp_path)
    file.note([(who(one), act()) for one in listed[:1000]])
    kept = {json.loads(line)["identity"] for line in file.path.read_text().splitlines()}
    assert len(kept) == 1000

    bare = (f"register 4 shop email {one}" for one in listed)
    assert kept.isdisjoint(hashlib.sha256(one.encode()).hexdigest() for one in bare)
    guess = Pseudonyms(OTHER_KEY)
    assert kept.isdisjoint(guess.identity("shop", "email", one) for one in listed)


def test_a_former_key_keeps_its_lines_askable(tmp_path: Path) -> None:
    register_at(tmp_path).note([(ADA, act())])
    rotated = register_at(tmp_path, OTHER_KEY, KEY)
    rotated.note([(ADA, act()), (BO, act())])

    assert [one["key"] for one in _lines(tmp_path)] == [
        Pseudonyms(one).name for one in (KEY, OTHER_KEY)
    ]
    assert rotated.known.of(Channel.EMAIL, "ada@example.com") is not None
    alone = register_at(tmp_path, OTHER_KEY).known
    assert alone.is_askable
    assert alone.missing_keys == {Pseudonyms(KEY).name}


def test_the_register_s_key_is_its_own_or_derived_and_former_ones_may_be_either(
    tmp_path: Path,
) -> None:
    own, plans = OTHER_KEY.decode(), KEY.decode()

    derived = register_keys(tmp_path, {"RECONCILER_KEY": plans})
    both = register_keys(tmp_path, {"RECONCILER_KEY": plans, "RECONCILER_REGISTER_KEY": own})
    empty = register_keys(tmp_path, {"RECONCILER_KEY": plans, "RECONCILER_REGISTER_KEY": ""})
    rotated = register_keys(
        tmp_path, {"RECONCILER_REGISTER_KEY": "n" * 32, FORMER_KEYS_VARIABLE: f"{own}\n{plans}\n"}
    )

    assert derived == empty
    assert derived != (KEY,)
    assert both == (OTHER_KEY, *derived)
    assert rotated[0] == b"n" * 32
    assert {OTHER_KEY, *derived} <= set(rotated)
    assert register_keys(tmp_path, {}) == ()
    with pytest.raises(ConfigError, match=FORMER_KEYS_VARIABLE):
        register_keys(tmp_path, {FORMER_KEYS_VARIABLE: "short"})


def test_what_a_kill_cut_off_was_not_noted_and_the_next_line_is_whole(tmp_path: Path) -> None:
    register_at(tmp_path).note([(ADA, act())])
    path = _path(tmp_path)
    path.write_bytes(path.read_bytes() + b'{"number":2,"identity":"cu')

    register_at(tmp_path).note([(BO, act())])

    assert [one.get("event", "act") for one in _lines(tmp_path)] == ["act", "repaired", "act"]
    assert register_at(tmp_path, proven=True).known.of(Channel.SMS, "+8613315034487")


@pytest.mark.parametrize(
    "line",
    [
        "5",
        "[]",
        "{",
        "{}",
        '{"seal":"s","number":1}',
        '{"customer":"c","channel":"fax"}',
        "[" * 9999,
    ],
)
def test_nobody_is_forgotten_where_the_register_is_damaged(tmp_path: Path, line: str) -> None:
    register_at(tmp_path).note([(ADA, act())])
    _path(tmp_path).write_text(f"{line}\n{_path(tmp_path).read_text()}")

    with pytest.raises(JournalError, match="damaged in line 1"):
        register_at(tmp_path)


def test_an_edited_line_is_no_line_where_it_counts(tmp_path: Path) -> None:
    register_at(tmp_path).note([(ADA, act(doer=Doer.PERSON))])
    _path(tmp_path).write_text(_path(tmp_path).read_text().replace('"out"', '"in"'))

    with pytest.raises(JournalError, match="was edited"):
        register_at(tmp_path, proven=True)


def test_lines_that_others_add_are_seen_before_the_next_is_written(tmp_path: Path) -> None:
    ours, theirs = register_at(tmp_path), register_at(tmp_path)
    theirs.note([(ADA, act())])

    ours.note([(BO, act())])

    assert [one["number"] for one in _lines(tmp_path)] == [1, 2]
    assert ours.known.of(Channel.EMAIL, "ada@example.com") is not None


def test_a_register_that_goes_away_while_it_is_used_stops_what_uses_it(tmp_path: Path) -> None:
    ours = register_at(tmp_path)
    ours.note([(ADA, act())])
    _path(tmp_path).unlink()

    with pytest.raises(JournalError, match="removed or replaced"):
        ours.note([(BO, act())])


def test_another_file_in_its_place_is_read_anew_and_a_shorter_one_is_refused(
    tmp_path: Path,
) -> None:
    ours = register_at(tmp_path)
    ours.note([(ADA, act())])
    former = _path(tmp_path).read_bytes()
    register_at(tmp_path).note([(BO, act())])
    _replace(_path(tmp_path), _path(tmp_path).read_bytes())
    ours.note([(who("cy@example.com"), act())])
    assert [one["number"] for one in _lines(tmp_path)] == [1, 2, 3]

    _replace(_path(tmp_path), former)
    with pytest.raises(JournalError, match="removed or replaced"):
        ours.note([(who("di@example.com"), act())])


def _replace(path: Path, data: bytes) -> None:
    other = path.with_name("other")
    other.write_bytes(data)
    other.replace(path)


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    register_at(tmp_path / "a").note([(ADA, act())])
    (tmp_path / "b" / "opt-outs").mkdir(parents=True)
    _path(tmp_path / "b").symlink_to(_path(tmp_path / "a"))

    with pytest.raises(JournalError, match="is a link"):
        register_at(tmp_path / "b")


def test_what_was_remembered_before_there_was_a_register_is_taken_over(tmp_path: Path) -> None:
    """The former file had aliases in clear lines; what they say of records holds."""
    (tmp_path / "opt-outs").mkdir()
    _path(tmp_path).write_text('{"customer": "cus_bbbbbbbbbb", "channel": "sms"}\n')
    assert register_at(tmp_path).known.of_record("cus_bbbbbbbbbb", Channel.SMS)

    register_at(tmp_path).note([(ADA, act())])

    assert all(schemas.accepts("register", one) for one in _lines(tmp_path))
    found = register_at(tmp_path, proven=True).known.of_record("cus_bbbbbbbbbb", Channel.SMS)
    assert found is not None
    assert found.by_person


def test_what_is_noted_of_very_many_at_once_is_one_chain(tmp_path: Path) -> None:
    """It is written in parts, so that they need not all be in memory as lines."""
    many = [(who(f"p{number}@example.com"), act()) for number in range(2500)]
    for _ in range(2):
        register_at(tmp_path).note(many)

    proof = prove(place_at(tmp_path).path, place_at(tmp_path).keys)
    assert (proof.flaws, proof.lines) == ((), 2500)
    assert list(register_at(tmp_path).known.counts()) == [(Said.OUT, 2500)]


def test_the_latest_act_decides_and_doubt_goes_to_the_opt_out() -> None:
    out, yes = act(at=NOW), act(Said.IN, at=NOW + DAY, by=By.GRANT)
    gone = act(Said.ERASED, at=NOW + DAY)
    cases = [
        ([out, yes], Said.IN),
        ([yes, out], Said.IN),
        ([yes, act(at=NOW + 2 * DAY)], Said.OUT),
        ([yes, act(at=NOW + DAY)], Said.OUT),
        ([yes, act(seen=NOW + 2 * DAY)], Said.OUT),
        ([act(seen=NOW), yes], Said.IN),
        ([act(at=NOW + DAY), gone], Said.ERASED),
        ([gone, yes], Said.ERASED),
        ([gone, act(Said.IN, at=NOW + 2 * DAY)], Said.ERASED),
        ([gone, act(Said.IN, at=NOW + 2 * DAY, by=By.GRANT)], Said.IN),
    ]
    for acts, said in cases:
        found = standing(acts)
        assert found is not None
        assert found.said is said, acts
    assert standing([]) is None


def test_our_own_writes_do_not_wash_out_that_it_was_the_person() -> None:
    later = act(at=NOW + DAY, doer=Doer.STAFF)
    found = standing([act(at=NOW), later])
    anew = standing(
        [act(at=NOW), act(Said.IN, at=NOW + DAY), act(at=NOW + 2 * DAY, doer=Doer.TOOL)]
    )

    assert found is not None
    assert found.by_person
    assert found.since == NOW + DAY
    assert anew is not None
    assert not anew.by_person
    assert not anew.may_be_person
