"""Connecting to a Ray cluster, or starting one on this machine."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inpaint_cli.errors import InpaintError, UsageError

_LOOPBACK = "127.0.0.1"
_ANSWER = 10  # seconds within which a cluster answers
_STORE = 100 << 20  # bytes of Ray's object store: nothing but names travels


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield the module `ray`, connected to a cluster.

    Args:
        address: `auto` for the cluster that RAY_ADDRESS or `ray start` made, or a new one on this machine if there is
            none; `local` for a new one; or `HOST:PORT`.

    Raises:
        UsageError: Ray is not installed, or no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage statistics are sent
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # deduplicated lines would be printed at the end
    try:
        import ray  # noqa: PLC0415 - only fleets need it
    except ImportError as error:
        raise UsageError("--ray needs the extra `fleet`: pip install 'inpaint-cli[fleet]'") from error
    on_term = signal.getsignal(signal.SIGTERM)
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.FATAL}
    try:
        if address not in {"auto", "local"}:
            _check_answer(address)
            ray.init(address, **settings)
        elif address == "local" or not _joined(ray, settings):
            # Without an address Ray would find its own by a connection to the internet.
            here: dict[str, Any] = {
                "include_dashboard": False,
                "object_store_memory": _STORE,
                "_node_ip_address": _LOOPBACK,
            }
            ray.init("local", **settings, **here)
    except (ConnectionError, RuntimeError, ValueError) as error:
        line = str(error).partition("\n")[0]
        raise UsageError(f"--ray {address}: no cluster: {line}") from error
    signal.signal(signal.SIGTERM, on_term)  # Ray replaced the handler
    with contextlib.ExitStack() as stack:
        # Ray prints paragraphs about each worker that dies; this tool prints a line.
        verbose = logging.getLogger("inpaint_cli").isEnabledFor(logging.INFO)
        silence = sys.stderr if verbose else stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stdout(silence))
        stack.callback(ray.shutdown)
        yield ray


def _joined(ray: Any, settings: dict[str, Any]) -> bool:
    """Join the cluster that RAY_ADDRESS or `ray start` made; return whether there is one."""
    known = os.environ.get("RAY_ADDRESS", "")
    if known and "://" not in known and known not in {"auto", "local"}:
        _check_answer(known)
    try:
        ray.init("auto", **settings)
    except ConnectionError:
        if known:
            raise
        return False
    return True


def _check_answer(address: str) -> None:
    """Check the connection: Ray itself would fail only after minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(f"--ray {address}: no cluster answers there: {error}") from error


@dataclass(frozen=True)
class Places:
    """The number of workers that the cluster has room for, and the resources of each.

    Attributes:
        workers: their number.
        cores: processor cores of each.
        gpus: 1 or 0.
        max_concurrent: jobs at once in each.
    """

    workers: int
    cores: int
    gpus: int
    max_concurrent: int


def places(ray: Any, device: str, threads: int | None) -> Places:
    """Return the room for workers in the cluster as it is now.

    One GPU each where there are GPUs and the device is not the processor, with its share of the node's cores, which
    decode, texture and encode; otherwise `threads` cores each, one if that was left open.

    Raises:
        InpaintError: there is no room for a single one.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    if device.startswith("cuda") and not gpus:
        raise UsageError(f"--device {device}: no node of the cluster has a GPU")
    if gpus and device != "cpu":
        with_gpu = [node for node in nodes if node.get("GPU", 0) >= 1]
        cores = threads or max(1, min(int(node.get("CPU", 0) / node["GPU"]) for node in with_gpu))
        workers = sum(min(int(node["GPU"]), int(node.get("CPU", 0) // cores)) for node in with_gpu)
        found = Places(workers, cores, 1, max(2, min(cores, 8)))
    else:
        cores = threads or 1
        found = Places(sum(int(node.get("CPU", 0) // cores) for node in nodes), cores, 0, 2)
    if not found.workers:
        raise InpaintError(f"--ray: no node of the cluster has {found.cores} cores for a worker; give fewer --threads")
    return found
