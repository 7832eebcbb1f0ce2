"""Complaints as a JUnit report, which every pipeline shows: one test for each file."""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.report.plain import plain

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(diagnostics: Iterable[Diagnostic], files: Iterable[str]) -> str:
    """A file with an error has failed; its warnings are told beside, and fail nothing. What is
    about no file that was checked stands as a test of its own.
    """
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in sorted(files)}
    for one in diagnostics:
        by_file.setdefault(one.mark.file, []).append(one)
    suite = ElementTree.Element("testsuite", name="reconciler validate")
    failed = 0
    for name, every in by_file.items():
        case = ElementTree.SubElement(suite, "testcase", classname="specs", name=_text(name))
        errors = [one for one in every if one.severity is Severity.ERROR]
        failed += bool(errors)
        for one in errors:
            rule = {"type": one.rule, "message": _text(one.message)}
            ElementTree.SubElement(case, "failure", rule).text = _text(str(one))
        warnings = [one for one in every if one.severity is not Severity.ERROR]
        if warnings:
            told = "\n".join(_text(str(one)) for one in warnings)
            ElementTree.SubElement(case, "system-out").text = told
    suite.set("tests", str(len(by_file)))
    suite.set("failures", str(failed))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _text(text: str) -> str:
    return _NO_XML.sub("�", "\n".join(map(plain, text.split("\n"))))
