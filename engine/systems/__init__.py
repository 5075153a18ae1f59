"""Other systems over HTTP, described by YAML: sign-in, paging, limits, errors.

Public: ``load_system`` reads a file, ``open_system`` opens it for one company.
"""

from __future__ import annotations

from engine.json_text import BadJsonError, decode_json, encode_json
from engine.systems.answers import Answer
from engine.systems.bodies import Upload
from engine.systems.limiter import RateLimiter
from engine.systems.load import load_system
from engine.systems.requests import render_body
from engine.systems.spec import EndpointSpec, SystemSpec
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
    "render_body",
]
