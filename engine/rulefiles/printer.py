"""Print a tree of nodes as YAML that reads back as the same texts, with remarks.

What is printed means the same to our reader, in which every scalar is the text that was
typed: quotes are put only where YAML would read another text. Pure; imports the yaml
modules only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar

WIDTH = 100  # characters of a line before its remark
_PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_/.+=()\- \[\]]*")
_INDENT = "  "


def render_yaml(node: MapNode, remark: Callable[[Scalar], str]) -> str:
    """Give a map as YAML text.

    Args:
        remark: Gives the comment at the end of a key's line. A value whose keys all
            have one remark is printed on one line, where there is room.
    """
    return "\n".join(_Printer(remark).map_lines(node, "")) + "\n"


class _Printer:
    def __init__(self, remark: Callable[[Scalar], str]) -> None:
        self.remark = remark

    def map_lines(self, node: MapNode, indent: str) -> list[str]:
        lines: list[str] = []
        for key, value in node.items():
            remark = self.remark(key)
            head = f"{indent}{_text(key.text)}:"
            short = self._on_one_line(value, remark)
            if short is not None and len(head) + len(short) < WIDTH:
                lines.append(_remarked(f"{head} {short}", remark))
            elif isinstance(value, Scalar):
                lines.append(_remarked(f"{head} {_text(value.text)}", remark))
            elif isinstance(value, MapNode):
                lines.append(_remarked(head, remark))
                lines += self.map_lines(value, indent + _INDENT)
            else:
                lines.append(_remarked(head, remark))
                lines += self.list_lines(value, indent + _INDENT, remark)
        return lines

    def list_lines(self, node: ListNode, indent: str, remark: str) -> list[str]:
        lines: list[str] = []
        for item in node.items:
            short = self._on_one_line(item, remark)
            if short is not None and len(indent) + len(short) < WIDTH:
                lines.append(f"{indent}- {short}")
            elif isinstance(item, MapNode):
                below = self.map_lines(item, indent + _INDENT)
                lines += [f"{indent}- {below[0].lstrip()}", *below[1:]]
            elif isinstance(item, ListNode):
                below = self.list_lines(item, indent + _INDENT, remark)
                lines += [f"{indent}- {below[0].lstrip()}", *below[1:]]
            else:
                lines.append(f"{indent}- {_text(item.text)}")
        return lines

    def _on_one_line(self, node: Node, remark: str) -> str | None:
        """Give a value in short form; None when its keys come from several places."""
        if isinstance(node, Scalar):
            return _text(node.text)
        if isinstance(node, ListNode):
            parts = [self._in_braces(item, remark) for item in node.items]
            return None if None in parts else f"[{', '.join(map(str, parts))}]"
        parts = []
        for key, value in node.items():
            inner = self._in_braces(value, remark)
            if inner is None or self.remark(key) != remark:
                return None
            parts.append(f"{_text(key.text, in_braces=True)}: {inner}")
        return f"{{{', '.join(map(str, parts))}}}"

    def _in_braces(self, node: Node, remark: str) -> str | None:
        if isinstance(node, Scalar):
            return _text(node.text, in_braces=True)
        return self._on_one_line(node, remark)


def _text(text: str, *, in_braces: bool = False) -> str:
    is_plain = _PLAIN.fullmatch(text) and text == text.strip()
    if is_plain and not (in_braces and re.search(r"[\[\]]", text)):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False)


def _remarked(line: str, remark: str) -> str:
    return f"{line}  # {remark}" if remark else line
