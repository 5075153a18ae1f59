"""What a base address may be: https, or http to this machine. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def address_fault(base_url: str) -> str | None:
    """Say what is wrong with a base address; None when it may be used."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is not an address"
    if not host or not parts.scheme:
        return "is not an address"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "may hold only scheme, host, port and path"
    if ".." in parts.path or "{" in parts.path or "%" in parts.path:
        return "has a path with signs that hide where it leads"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return None
    return "must begin with https:// (http:// only for this machine's own address)"


def is_local(base_url: str) -> bool:
    """Tell whether an address is this machine's own."""
    return _is_loopback(urlsplit(base_url).hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
