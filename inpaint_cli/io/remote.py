"""Objects in stores, through fsspec: the one module that talks to them.

Errors of a store become those of a file system: an `OSError` with the URL and the store's message. An object appears
whole or not at all: object stores make it visible at the end of the upload, elsewhere it is written under another name
and then renamed.
"""

from __future__ import annotations

import contextlib
import errno
import io
import posixpath
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpaint_cli.errors import InpaintError, UsageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# Uploads to these appear whole.
_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "memory"}
_S3 = {"s3", "s3a"}
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
_PACKAGES |= {"http": "aiohttp", "https": "aiohttp", "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol"}
_BLOCK = 8 << 20  # bytes asked for at a time when an object is read as it comes
_MAGIC = re.compile(r"[*?\[]")


def exists(url: str) -> bool:
    """Whether there is an object or a folder of this name.

    Raises:
        OSError: the store does not say.
    """
    with _refusals(url):
        store, path = _open(url)
        return bool(store.exists(path))


def is_folder(url: str) -> bool:
    """Whether objects lie below this name.

    Raises:
        OSError: the store does not say.
    """
    with _refusals(url):
        store, path = _open(url)
        return bool(store.isdir(path))


def read(url: str) -> bytes:
    """Return an object.

    Raises:
        OSError: it can't be read.
    """
    with _refusals(url):
        store, path = _open(url)
        return bytes(store.cat_file(path))


def write(url: str, data: bytes | memoryview | Path, *, overwrite: bool) -> None:
    """Write an object whole or not at all.

    Args:
        url: its name.
        data: what is in it, or a file that holds it.
        overwrite: whether one that is there may be replaced.

    Raises:
        FileExistsError: it is there and may not be replaced.
        OSError: it can't be written.
    """
    with _refusals(url):
        store, path = _open(url)
        whole = url.partition("://")[0].lower() in _STORES
        target = (
            path
            if whole
            else f"{posixpath.dirname(path)}/.{posixpath.basename(path)[:100]}.{secrets.token_hex(4)}.part"
        )
        if not whole:
            store.makedirs(posixpath.dirname(path), exist_ok=True)
        if isinstance(data, Path):
            if not overwrite and store.exists(path):
                raise FileExistsError(errno.EEXIST, "exists already", url)
            store.put_file(str(data), target)
        else:
            store.pipe_file(target, bytes(data), mode="overwrite" if overwrite or not whole else "create")
        if not whole:
            if not overwrite and store.exists(path):
                store.rm_file(target)
                raise FileExistsError(errno.EEXIST, "exists already", url)
            store.mv(target, path)


def children(folder: str) -> Iterator[str]:
    """Yield the objects in a folder, not those of its sub-folders.

    Raises:
        OSError: the store does not say.
    """
    return _listed(folder, deep=False)


def below(folder: str) -> Iterator[str]:
    """Yield the objects in a folder and its sub-folders; none if there is no such folder.

    S3 is listed page by page, any other store folder by folder.

    Raises:
        OSError: the store does not say, or there is no such bucket.
    """
    return _listed(folder, deep=True)


def expand(pattern: str) -> Iterator[str]:
    """Yield the objects that a pattern stands for; `*` and `?` stay within a folder, `**` goes through all.

    Raises:
        OSError: the store does not say.
    """
    from fsspec.utils import glob_translate  # noqa: PLC0415

    matches = re.compile(glob_translate(pattern)).match
    magic = _MAGIC.search(pattern)
    folder, _, rest = pattern.rpartition("/") if magic is None else _divided(pattern, magic.start())
    found = below(folder) if "/" in rest or "**" in rest else children(folder)
    return (url for url in found if matches(url))


class Stream(io.RawIOBase):
    """An object read as it comes, a block at a time.

    Args:
        url: its name.

    Raises:
        OSError: it can't be read; also from each read.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        with _refusals(url):
            store, path = _open(url)
            self._file: Any = store.open(path, "rb", block_size=_BLOCK)

    def readable(self) -> bool:  # noqa: D102
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: D102
        with _refusals(self._url):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:  # noqa: D102
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


def _divided(pattern: str, magic: int) -> tuple[str, str, str]:
    slash = pattern.rindex("/", 0, magic)
    return pattern[:slash], "/", pattern[slash + 1 :]


def _listed(folder: str, *, deep: bool) -> Iterator[str]:
    """Yield the URLs of the objects below a folder; errors come from the first step on."""
    with _refusals(folder):
        store, path = _open(folder)
        prefix = folder[: len(folder) - len(path)] if folder.endswith(path) else None
        for found in _paths(store, path, folder.partition("://")[0].lower(), deep):
            if prefix is None:
                yield store.unstrip_protocol(found)
            else:
                yield f"{prefix}{found}"


def _paths(store: AbstractFileSystem, path: str, scheme: str, deep: bool) -> Iterator[str]:
    if scheme in _S3:
        yield from _s3_pages(store, path, deep)
    elif deep:
        for root, _, files in store.walk(path):
            yield from (f"{root}/{name}" for name in sorted(files))
    else:
        entries = store.ls(path, detail=True)
        yield from sorted(entry["name"] for entry in entries if entry["type"] == "file")


def _s3_pages(store: Any, path: str, deep: bool) -> Iterator[str]:
    """Yield the objects below a prefix, a thousand to a page; fsspec's own listing would hold them all in memory."""
    bucket, _, key = path.partition("/")
    request = {"Bucket": bucket, "Prefix": f"{key}/" if key else ""} | ({} if deep else {"Delimiter": "/"})
    while True:
        page = store.call_s3("list_objects_v2", **request)
        yield from (f"{bucket}/{item['Key']}" for item in page.get("Contents", ()) if not item["Key"].endswith("/"))
        if not page.get("IsTruncated"):
            return
        request["ContinuationToken"] = page["NextContinuationToken"]


def _open(url: str) -> tuple[AbstractFileSystem, str]:
    """Return the store that a URL names, and its name of the object; stores are kept by fsspec.

    Raises:
        UsageError: fsspec or the store's driver is not installed, or no driver knows such a URL.
    """
    scheme = url.partition("://")[0].lower()
    try:
        import fsspec  # noqa: PLC0415 - only URLs need it

        kind = fsspec.get_filesystem_class(scheme)
        # Listings are not kept: another machine may have written since.
        store = fsspec.filesystem(scheme, use_listings_cache=False, **kind._get_kwargs_from_urls(url))
    except ImportError as error:
        package = _PACKAGES.get(scheme, error.name or "a driver for fsspec")
        raise UsageError(f"{url}: {scheme}:// needs the package {package}: pip install {package}") from error
    except ValueError as error:
        raise UsageError(f"{url}: no such kind of URL as {scheme}://: {error}") from error
    return store, str(kind._strip_protocol(url))


@contextlib.contextmanager
def _refusals(url: str) -> Iterator[None]:
    """Turn whatever a driver raises into an `OSError` with the URL and one line of text."""
    try:
        yield
    except InpaintError:
        raise
    except FileNotFoundError as error:
        raise OSError(errno.ENOENT, _words(error, url, "no such object"), url) from error
    except PermissionError as error:
        raise OSError(errno.EACCES, _words(error, url, "permission denied"), url) from error
    except FileExistsError as error:
        raise OSError(errno.EEXIST, "exists already", url) from error
    except OSError as error:
        raise OSError(error.errno or errno.EIO, _words(error, url, "input/output error"), url) from error
    except Exception as error:  # each driver has its own exceptions: no credentials, no such host, a bad name
        raise OSError(errno.EIO, _words(error, url, type(error).__name__), url) from error


def _words(error: Exception, url: str, otherwise: str) -> str:
    """Return a driver's message as the end of a line, or a general one if it is only the object's name."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = " ".join(text.split()).rstrip(".")
    return otherwise if not text or url.endswith(text) or text.endswith(url) else text
