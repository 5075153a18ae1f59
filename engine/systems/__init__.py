"""Other systems over HTTP, described by YAML: sign-in, paging, limits, errors.

Public: ``load_system`` reads a file, ``open_system`` opens it for one company.
Each name is imported when it is first asked for: whoever only reads the files does not
load the HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.json_text import BadJsonError, decode_json, encode_json
    from engine.project.system_load import load_system
    from engine.project.system_spec import EndpointSpec, SystemSpec
    from engine.systems.answers import Answer
    from engine.systems.bodies import Upload
    from engine.systems.limiter import RateLimiter
    from engine.systems.system import System, open_system

__all__ = [
    "Answer",
    "BadJsonError",
    "EndpointSpec",
    "RateLimiter",
    "System",
    "SystemSpec",
    "Upload",
    "decode_json",
    "encode_json",
    "load_system",
    "open_system",
]

_PLACES = {
    "Answer": "engine.systems.answers",
    "BadJsonError": "engine.json_text",
    "EndpointSpec": "engine.project.system_spec",
    "RateLimiter": "engine.systems.limiter",
    "System": "engine.systems.system",
    "SystemSpec": "engine.project.system_spec",
    "Upload": "engine.systems.bodies",
    "decode_json": "engine.json_text",
    "encode_json": "engine.json_text",
    "load_system": "engine.project.system_load",
    "open_system": "engine.systems.system",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
