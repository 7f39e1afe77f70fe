"""Checks of a Hub's answers and of their duration, before the client writes anything.

huggingface_hub names files of its cache by headers of the answer, and waits and retries for minutes. Hooks on its HTTP
client limit both.
"""

import os
import re
from typing import Any

from inpaint_cli.errors import WeightsError

CONNECT_SECONDS = 10.0
SILENT_SECONDS = 30.0  # without a byte
_TIMEOUTS = ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT")  # set by the user, read by huggingface_hub
# Headers that become names of files.
_ETAGS = ("ETag", "X-Linked-Etag")
_HASHES = ("X-Repo-Commit", "X-Xet-Hash")
_ETAG = re.compile(r"[\w.+=~-]{1,200}", re.ASCII)
_HASH = re.compile(r"[0-9a-zA-Z]{7,128}")
_NAME = re.compile(r"[^/\\:\x00-\x1f]+")

_attempts: dict[str, str] = {}  # address: the range of the last download of it


def guard_client() -> None:
    """Put the hooks on the client that huggingface_hub uses, and forget earlier downloads."""
    from huggingface_hub import get_session  # noqa: PLC0415

    _attempts.clear()
    session = get_session()
    hooks = session.event_hooks
    if _limit not in hooks["request"]:
        session.event_hooks = {
            "request": [*hooks["request"], _limit],
            "response": [*hooks["response"], _check_answer],
        }


def is_plain_path(name: str) -> bool:
    """Whether the name of a repository's file or revision has no part that leads out of its folder."""
    return all(_NAME.fullmatch(part) and part not in {".", ".."} for part in name.split("/"))


def _limit(request: Any) -> None:
    """Limit the time of a request; raise if the previous attempt brought nothing of the same file."""
    if not any(name in os.environ for name in _TIMEOUTS):
        limits = {"connect": CONNECT_SECONDS, "read": SILENT_SECONDS, "write": SILENT_SECONDS, "pool": SILENT_SECONDS}
        request.extensions["timeout"] = limits
    if request.method == "GET":
        address, wanted = str(request.url), request.headers.get("Range", "")
        if _attempts.get(address) == wanted:
            raise WeightsError(f"{address}: no byte came any more; check the connection, then run the command again")
        _attempts[address] = wanted


def _check_answer(response: Any) -> None:
    """Raise for an answer whose headers would name files outside the cache."""
    for header in (*_ETAGS, *_HASHES):
        value = response.headers.get(header)
        if value is None:
            continue
        bare = value.removeprefix("W/").strip('"')
        allowed = _ETAG if header in _ETAGS else _HASH
        if not allowed.fullmatch(bare) or bare in {".", ".."}:
            raise WeightsError(
                f"{response.url.host}: answers with {header} {value[:80]!r}, which is none; not downloaded"
            )
