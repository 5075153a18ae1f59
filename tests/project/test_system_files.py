"""System files: what is checked when they are read, and the two that are shipped."""

from __future__ import annotations

from dataclasses import fields

import pytest
import yaml

from engine.errors import RuleError
from engine.project.system_spec import SystemSpec
from engine.systems.bodies import BODY_KINDS
from engine.systems.paging import PAGING_KINDS
from engine.systems.sign_in import SIGN_IN_KINDS
from tests.places import ROOT, read_yaml
from tests.system_files import DEMO, SCHEMA, read_system

CASES = ROOT / "tests" / "cases" / "systems"
SHIPPED = sorted((ROOT / "mappings" / "systems").glob("*.yaml"))
REFERENCE = ROOT.parent / "shared" / "reference"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["name"])
        for case in read_yaml(CASES / "bad_systems.yaml")
    ],
)
def test_bad_system(case):
    """Each mistake has its code, its place and, where there is one, the way out."""
    text = DEMO.read_text("utf-8")
    assert 1 == text.count(case["old"])
    with pytest.raises(RuleError) as caught:
        read_system(text.replace(case["old"], case["new"]), "demo")

    problems = caught.value.problems
    assert case["codes"] == sorted({problem.code for problem in problems})
    assert all(problem.position and problem.position.line > 0 for problem in problems)
    if "hint" in case:
        assert case["hint"] in [problem.hint for problem in problems]


def test_all_problems_at_once():
    """A consultant sees every mistake of the file."""
    text = DEMO.read_text("utf-8")
    for old, new in [
        ("items: results", "items: 'results['"),
        ("paging: last_id", "paging: lastid"),
        ("https://", "http://"),
    ]:
        text = text.replace(old, new)
    with pytest.raises(RuleError) as caught:
        read_system(text, "demo")

    assert 3 == len(caught.value.problems)


@pytest.mark.parametrize("path", [*SHIPPED, DEMO], ids=lambda p: p.stem)
def test_system_file_loads(path):
    """The shipped files are right."""
    spec = read_system(path.read_text("utf-8"), path.stem)

    assert path.stem == spec.name


def test_grammar_names_every_kind():
    """A new kind is in the grammar, or the editor would refuse it."""
    definitions = SCHEMA["$defs"]
    endpoint = definitions["endpoint"]["properties"]

    paging = definitions["paging"]["properties"]
    assert list(PAGING_KINDS) == paging["kind"]["enum"]
    used = {field.name for kind in PAGING_KINDS.values() for field in fields(kind)}
    assert set(paging) == used | {"kind"}
    assert list(BODY_KINDS) == endpoint["body"]["enum"]
    assert (
        list(SIGN_IN_KINDS)
        == (SCHEMA["properties"]["sign_in"]["properties"]["kind"]["enum"])
    )
    keys = {"format", "note", "paging", "system"}
    assert set(SCHEMA["properties"]) - keys == {f.name for f in fields(SystemSpec)} - {
        "name"
    }


def test_every_grammar_key_is_explained():
    """Description and example on each key."""

    def walk(node, path):
        for name, child in node.get("properties", {}).items():
            here = f"{path}.{name}"
            if not child.get("description") or not child.get("examples"):
                yield here
            yield from walk(child, here)

    assert [] == list(walk(SCHEMA, "")) + [
        key for name, part in SCHEMA["$defs"].items() for key in walk(part, name)
    ]


DOCUMENTS = {"severa": "severa-openapi.json", "procountor": "procountor-openapi.yaml"}


@pytest.mark.skipif(not REFERENCE.exists(), reason="the vendors' documents do not ship")
@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_endpoints_stand_in_the_vendors_documents(path):
    """No path, method, parameter or body kind is invented."""
    document = yaml.load(  # a JSON document is YAML too
        (REFERENCE / DOCUMENTS[path.stem]).read_text("utf-8"),
        yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader,
    )
    spec = read_system(path.read_text("utf-8"), path.stem)
    assert spec.base_url in [server["url"] for server in document["servers"]]
    assert "post" in document["paths"][spec.sign_in.path]
    for endpoint in spec.endpoints.values():
        item = document["paths"].get(endpoint.path)
        assert item, f"{endpoint.name}: no path {endpoint.path}"
        operation = item.get(endpoint.method.lower())
        assert operation, f"{endpoint.name}: no {endpoint.method}"
        known = {}
        for parameter in [
            *item.get("parameters", []),
            *operation.get("parameters", []),
        ]:
            while "$ref" in parameter:
                parameter = resolve(document, parameter["$ref"])  # noqa: PLW2901
            known[parameter["name"], parameter["in"]] = parameter
        for param in endpoint.params.values():
            assert (param.wire_name, param.place) in known, (
                f"{endpoint.name}.{param.name}"
            )
            parameter = known[param.wire_name, param.place]
            schema = parameter.get("schema", {})
            if param.place == "query":
                style = {
                    (True, True): "repeat",
                    (True, False): "comma",
                }.get((schema.get("type") == "array", parameter.get("explode", True)))
                assert style == param.list_style, f"{endpoint.name}.{param.name}"
            if param.fixed is not None and "enum" in schema:
                assert param.fixed in schema["enum"]
        if paging := endpoint.paging:
            for name in (paging.keys["size_param"], paging.keys["param"]):
                assert (name, "query") in known, f"{endpoint.name}: paging by {name}"
            headers = {
                name
                for response in operation["responses"].values()
                for name in response.get("headers", {})
            }
            assert not paging.keys["header"] or paging.keys["header"] in headers, (
                endpoint.name
            )
        else:
            assert not {"firstRow", "pageToken", "previousId"} & {n for n, _ in known}
        content = operation.get("requestBody", {}).get("content", {})
        if endpoint.body != "none":
            kind = {"multipart": "multipart/form-data"}.get(endpoint.body)
            assert (kind or "application/json") in content, endpoint.name
        if endpoint.parts:
            schema = content["multipart/form-data"]["schema"]
            assert set(endpoint.parts.values()) == set(schema["required"])
        missing = {
            name for (name, _), parameter in known.items() if parameter.get("required")
        } - {param.wire_name for param in endpoint.params.values()}
        assert not missing, endpoint.name


def resolve(document, reference):
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
