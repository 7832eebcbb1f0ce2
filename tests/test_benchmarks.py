"""What the benchmarks rest on: the same crowd on both sides, and a README that is only written between
its marks.
"""

from pathlib import Path

from benchmarks import chart, table
from benchmarks.crowd import Crowd
from benchmarks.pages import Pages
from benchmarks.process import Cost

RESULTS = table.Results(
    costs={
        ("plan", 1_000): Cost(cpu=2.0, wall=3.0, peak=64),
        ("floor", 1_000): Cost(cpu=0.5, wall=1.0, peak=15),
    }
)


def test_whoever_stands_at_a_place_is_found_there() -> None:
    crowd = Crowd(size=3_000)

    assert sorted(map(crowd.number_at, range(crowd.numbers))) == list(range(crowd.numbers))
    assert all(crowd.place_of(crowd.number_at(place)) == place for place in range(crowd.numbers))


def test_a_page_a_record_and_a_search_tell_the_same() -> None:
    crowd = Crowd(size=300)
    pages = Pages(crowd, None)
    third = list(crowd.records())[2]

    _, page = pages.answer("GET", "/api/202412/customers?limit=250&sinceId=0", b"")
    _, one = pages.answer("GET", f"/api/202412/customers/{third['id']}", b"")
    _, found = pages.answer(
        "POST",
        "/api/202412/customers/search",
        b'{"query": "email:%s"}' % third["email"].upper().encode(),
    )

    assert third["email"].encode() in page
    assert third["email"].encode() in one
    assert third["email"].encode() in found
    assert pages.asked == {"list": 1, "get": 1, "search": 1}


def test_ratios_are_of_cpu_seconds() -> None:
    assert "| plan | floor | 1,000 | 4.0 × | 8.0 × |" in table.text(RESULTS, "a command")


def test_the_readme_is_written_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")

    table.into_readme(readme, "new\n", "picture.svg")

    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{table.BEGIN}\n![")
    assert text.endswith(f"(picture.svg)\n\nnew\n{table.END}\nafter\n")


def test_the_picture_has_a_point_for_each_size_and_panel() -> None:
    assert chart.drawn(RESULTS).count("<circle") == 2 * 2 + 2
