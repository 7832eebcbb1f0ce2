"""What a platform brings, and what it need not."""

import pytest

from reconciler.desired import settings, yaml_reader
from reconciler.desired.files import SpecFile
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel
from reconciler.model.settings import CheckSettings, Rate, SettingsComplaint, StoreSettings
from reconciler.platforms.answer import Answer
from reconciler.platforms.registry import CHECKS, PLATFORMS

LEAST = Capabilities(
    platform="least",
    title="Least",
    versions=("1",),
    default_version="1",
    domains=("least.example",),
    rate=Rate(per_second=1, burst=4),
)
STORE = """\
stores:
  acme:
    platform: least
    shop: acme
    token: {env: TOKEN}
    timezone: Asia/Tokyo
"""


def test_a_table_of_the_required_few_promises_nothing_and_fears_the_most() -> None:
    assert (LEAST.creates, LEAST.updates, LEAST.deletes) == (frozenset(), frozenset(), False)
    assert (LEAST.counts, LEAST.looks_up, LEAST.ids_at_once) == (False, frozenset(), 1)
    assert LEAST.resends_consent
    assert not LEAST.shares_rereads
    assert LEAST.opt_out_indistinct == frozenset(Channel)
    assert LEAST.meaning("SUBSCRIBED") is None


def test_a_platform_of_the_required_few_believes_and_counts_every_answer_and_complains_of_none() -> (
    None
):
    plain = PLATFORMS["shoplazza"]
    answer = Answer(body={"errors": ["no"]}, link=None)

    assert plain.judge(answer) is None
    assert plain.cost_of(answer) is None


def declared(check: CheckSettings) -> tuple[Diagnostic, ...]:
    document, _ = yaml_reader.parse(SpecFile(name="a.yaml", content=STORE.encode()))
    assert document is not None
    found, wrong = settings.declare([document], {"least": LEAST}, {"least": check})
    assert len(found.stores) == 1
    return wrong


@pytest.mark.parametrize(
    ("place", "line"), [(("timezone",), 6), (("token", "env"), 5), (("region",), 3), ((), 3)]
)
def test_what_a_platform_says_of_settings_has_its_place_rule_and_remedy(
    place: tuple[str, ...], line: int
) -> None:
    def check(store: StoreSettings) -> list[SettingsComplaint]:
        return [SettingsComplaint(message=f"not in {store.timezone}", hint="move", place=place)]

    (one,) = declared(check)

    assert (one.rule, one.message, one.hint) == ("settings.platform", "not in Asia/Tokyo", "move")
    assert (one.mark.file, one.mark.line) == ("a.yaml", line)


def test_a_platform_may_only_warn() -> None:
    def check(_: StoreSettings) -> list[SettingsComplaint]:
        return [SettingsComplaint(message="a", hint="b", severity=Severity.WARNING)]

    (one,) = declared(check)

    assert one.severity is Severity.WARNING


def test_most_platforms_have_nothing_to_say() -> None:
    assert declared(CHECKS["shopline"]) == ()


def test_all_platforms_are_told_by_name() -> None:
    assert list(PLATFORMS) == ["genstore", "shoplazza", "shopline"]
    assert len(CHECKS) == len(PLATFORMS)
    assert "least" not in PLATFORMS
