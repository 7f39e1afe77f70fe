"""Files of the Hugging Face Hub, through huggingface_hub: its cache, endpoint, tokens, resuming and offline switch.

Cached files are used without asking the Hub; only `weights fetch` looks for newer ones.
"""

import logging
import re
from pathlib import Path

from inpaint_cli.errors import InpaintError, UsageError, WeightsError
from inpaint_cli.weights.hub_answers import guard_client, is_plain_path

_log = logging.getLogger(__name__)

DEFAULT_REVISION = "main"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOG_IN = "log in with `hf auth login` or set HF_TOKEN"


class Repository:
    """A model repository at one revision.

    Args:
        repo_id: USER/REPO.
        revision: a branch, tag or commit.
        fetch: what to give to `inpaint weights fetch` for these files, named in errors.
        refresh: ask the Hub for newer files; cached ones are used if it can't be reached.
    """

    def __init__(self, repo_id: str, revision: str, fetch: str, *, refresh: bool = False) -> None:
        self.repo_id = repo_id
        self.revision = revision
        self._fetch = fetch
        self._refresh = refresh

    def find(self, filename: str) -> Path | None:
        """Return the local path of a file, downloaded if need be, or None if the repository has no such file.

        Raises:
            UsageError: `repo_id` can't be the name of a repository.
            WeightsError: the file can't be obtained; the text says why and what to do.
        """
        from huggingface_hub import (  # noqa: PLC0415
            _CACHED_NO_EXIST,
            constants,
            errors,
            hf_hub_download,
            try_to_load_from_cache,
        )

        from inpaint_cli import __version__  # noqa: PLC0415

        # The base of its HTTP client's errors, whichever client this release is built on.
        http_error: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]
        _hush()
        guard_client()
        self._check_names(filename)
        try:
            if not self._refresh:
                cached = try_to_load_from_cache(self.repo_id, filename, revision=self.revision)
                if cached is _CACHED_NO_EXIST:
                    return None
                if isinstance(cached, str):
                    return self._found(cached)
            _log.info("%s: asking for %s", self, filename)
            if not constants.HF_HUB_OFFLINE and (cached := self._cached_if_unreachable(filename)):
                return self._found(cached)
            path = hf_hub_download(
                self.repo_id,
                filename,
                revision=self.revision,
                library_name="inpaint-cli",
                library_version=__version__,
            )
            return self._found(path)
        except errors.LocalEntryNotFoundError as error:
            raise self._unreachable(filename, error) from error
        except errors.EntryNotFoundError:
            return None
        except errors.HFValidationError as error:
            raise UsageError(f"hf:{self.repo_id}: not the name of a Hub repository; expected hf:USER/REPO") from error
        except errors.HfHubHTTPError as error:
            raise self._refused(filename, error) from error
        except (http_error, OSError, RuntimeError) as error:  # RuntimeError: hf_xet's
            raise WeightsError(
                f"{self}: {filename} could not be downloaded ({_first_sentence(error)}); run the command again"
            ) from error

    def _check_names(self, filename: str) -> None:
        if not is_plain_path(filename) or not is_plain_path(self.revision):
            raise WeightsError(f"{self}: {filename!r} is not the name of a file in a repository and its revision")

    def _cached_if_unreachable(self, filename: str) -> str | None:
        """Return the cached file if the Hub does not answer, None if it does; the client would retry for minutes.

        Raises:
            WeightsError: it does not answer, and there is none.
        """
        from huggingface_hub import (  # noqa: PLC0415
            constants,
            errors,
            get_hf_file_metadata,
            hf_hub_url,
            try_to_load_from_cache,
        )

        http_error: type[Exception] = errors.HTTPError  # type: ignore[attr-defined] # see `find`
        try:
            get_hf_file_metadata(
                hf_hub_url(self.repo_id, filename, revision=self.revision), timeout=constants.HF_HUB_ETAG_TIMEOUT
            )
        except (errors.HfHubHTTPError, errors.FileMetadataError):
            return None  # it answers; the download reports errors
        except http_error as error:
            cached = try_to_load_from_cache(self.repo_id, filename, revision=self.revision)
            if not isinstance(cached, str):
                raise self._unreachable(filename, error) from error
            return cached
        return None

    def cached(self, filename: str) -> Path | None:
        """Return the local path of a file if it has been downloaded; no network access."""
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

        path = try_to_load_from_cache(self.repo_id, filename, revision=self.revision)
        return Path(path) if isinstance(path, str) else None

    def __str__(self) -> str:
        return f"hf:{self.repo_id}@{self.revision}"

    def _found(self, path: str) -> Path:
        if not _is_cached(Path(path)):
            raise WeightsError(f"{self}: {path} lies outside the cache; not used")
        # A snapshot's folder is named by its commit: the other files come from the same one, even if the branch moves.
        commit = Path(path).parent.name
        if re.fullmatch(r"[0-9a-f]{40}", commit):
            self.revision = commit
        return Path(path)

    def _unreachable(self, filename: str, error: Exception) -> InpaintError:
        from huggingface_hub import constants  # noqa: PLC0415

        command = f"`inpaint weights fetch {self._fetch}`"
        if constants.HF_HUB_OFFLINE:
            return WeightsError(
                f"{self}: {filename} is not in the cache and HF_HUB_OFFLINE is set; unset it and run {command}"
            )
        return WeightsError(
            f"{self}: {filename} is not in the cache and {constants.ENDPOINT} can't be reached "
            f"({_first_sentence(error.__cause__ or error)}); check the connection, then run {command}"
        )

    def _refused(self, filename: str, error: Exception) -> InpaintError:
        from huggingface_hub import errors  # noqa: PLC0415

        if isinstance(error, errors.GatedRepoError):
            return WeightsError(f"{self}: its owner grants access one by one; ask for it on the Hub, then {_LOG_IN}")
        if isinstance(error, errors.RepositoryNotFoundError):
            return WeightsError(f"{self}: there is no such repository, or it is private; check the name, or {_LOG_IN}")
        if isinstance(error, errors.RevisionNotFoundError):
            return WeightsError(f"{self}: the repository has no revision {self.revision!r}")
        status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else 0
        if status in (401, 403):
            return WeightsError(f"{self}: the Hub refuses access ({status}); the token may be wrong: {_LOG_IN}")
        return WeightsError(f"{self}: {filename} could not be downloaded (the Hub answers {status}); try again later")


def parse(weights: str) -> tuple[str, str]:
    """Split `hf:USER/REPO[@REVISION]` into repository and revision.

    Raises:
        UsageError: it has another form.
    """
    repo_id, _, revision = weights.removeprefix("hf:").partition("@")
    if repo_id.count("/") != 1 or not all(repo_id.split("/")) or weights.endswith("@"):
        raise UsageError(f"--weights {weights}: expected hf:USER/REPO or hf:USER/REPO@REVISION")
    return repo_id, revision or DEFAULT_REVISION


def known_sha256(path: Path) -> str | None:
    """Return the sha256 by which the cache names a large file, or None for a small one (named by git's own hash)."""
    name = path.resolve().name
    return name if _SHA256.fullmatch(name) else None


def forget(path: Path) -> None:
    """Remove a file from the cache, so that it is downloaded anew; nothing outside the cache is removed."""
    for file in (path.resolve(), path):
        if _is_cached(file):
            file.unlink(missing_ok=True)


def _is_cached(path: Path) -> bool:
    """Whether a path lies in the client's cache, where links lead as well."""
    from huggingface_hub import constants  # noqa: PLC0415

    cache = Path(constants.HF_HUB_CACHE).resolve()
    return path.resolve().is_relative_to(cache) and path.parent.resolve().is_relative_to(cache)


def _hush() -> None:
    """Silence the client's warnings, which run over many lines, and with --quiet its progress.

    Lasting failures are raised; progress is drawn only on a terminal anyway.
    """
    from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not _log.isEnabledFor(logging.WARNING):
        disable_progress_bars()


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". ")[0].rstrip(".")
