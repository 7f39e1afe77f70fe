"""The jobs of a run in a temporary database, every result with a file of its own.

Each name that a job reads or writes is noted as a hash of 16 bytes. Once all jobs are known, the database sorts the
hashes, so that collisions lie side by side; memory does not grow with the number of jobs.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator

from inpaint_cli.batch.job import NO_EDGES, Job
from inpaint_cli.batch.listing import to_blob
from inpaint_cli.batch.places import Places, digest, folds_case
from inpaint_cli.errors import OutputError, UsageError
from inpaint_cli.io.formats import STREAM, format_of
from inpaint_cli.io.locations import Location, Url, locate, resolved

_PAGE = 1000  # jobs fetched at a time
_PICTURE, _STEPS = 0, 1  # what a job writes: a picture, or a folder of them

_TABLES = (
    "CREATE TABLE jobs (number INTEGER PRIMARY KEY, photo BLOB, output BLOB, named BOOL, job TEXT)",
    "CREATE TABLE reads (place BLOB, folded BLOB, folder BLOB, job INTEGER)",
    "CREATE TABLE writes (place BLOB, folded BLOB, folder BLOB, kind INTEGER, job INTEGER)",
    "CREATE TABLE existing (place BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE mine (number INTEGER PRIMARY KEY)",
)
_ADD = "INSERT INTO jobs VALUES (?, ?, ?, ?, ?)"
_READ = "INSERT INTO reads VALUES (?, ?, ?, ?)"
_WRITE = "INSERT INTO writes VALUES (?, ?, ?, ?, ?)"
_DEAL = """INSERT INTO mine SELECT number FROM
           (SELECT number, row_number() OVER (ORDER BY photo, number) - 1 AS rank FROM jobs) WHERE rank % ? = ?"""
_JOBS = """SELECT job, existing.place IS NOT NULL FROM jobs
           LEFT JOIN existing ON output = existing.place
           WHERE ? OR number IN mine ORDER BY number"""
_OVER_INPUT = """SELECT writes.job FROM writes JOIN reads USING (place) WHERE kind = ? ORDER BY writes.job LIMIT 1"""
_SHARED_PLACE = """SELECT min(job), max(job), place FROM writes
                   GROUP BY place HAVING count(*) > 1 ORDER BY 2 LIMIT 1"""
_CASE_ONLY = """SELECT min(job), max(job) FROM writes WHERE folded IS NOT NULL
                GROUP BY folded HAVING count(DISTINCT place) > 1 ORDER BY 2"""
_CASE_OF_INPUT = """SELECT writes.job FROM writes JOIN reads USING (folded)
                    WHERE writes.place <> reads.place ORDER BY writes.job"""
_NAMED_ALIKE = """CREATE TABLE rivals AS SELECT group_concat(DISTINCT writes.job) AS numbers
                  FROM writes JOIN jobs ON number = writes.job WHERE named
                  GROUP BY place HAVING count(DISTINCT writes.job) > 1"""
_STEPS_OVER_INPUT = """SELECT writes.job, reads.job FROM writes JOIN reads ON reads.folder = writes.place
                       WHERE kind = ? ORDER BY writes.job"""
_STEPS_OVER_RESULT = """SELECT steps.job, results.job FROM writes AS steps JOIN writes AS results
                        ON results.folder = steps.place WHERE steps.kind = ? AND results.kind = ? ORDER BY steps.job"""


class Plan:
    """Jobs in order.

    Args:
        database: where they are kept.
        shared: what the run reads for every job.
        steps: whether jobs write intermediate pictures.
    """

    def __init__(self, database: sqlite3.Connection, shared: Iterable[Location] = (), *, steps: bool = False) -> None:
        self._database = database
        self._places = Places()
        self._steps = steps
        self._count = 0
        self._rows: dict[str, list[tuple[object, ...]]] = {statement: [] for statement in (_ADD, _READ, _WRITE)}
        self._listed = ""  # the folder whose outputs are known
        self._dealt = False
        for table in _TABLES:
            database.execute(table)
        self._shared = [place for place in shared if place != NO_EDGES]
        self._streams = 0  # inputs that are standard input
        self.writes_stream = False  # whether a result goes to standard output
        for place in self._shared:
            self._note_input(place, None)

    def __len__(self) -> int:
        if not self._dealt:
            return self._count
        (count,) = self._database.execute("SELECT count(*) FROM mine").fetchone()
        return int(count)

    @property
    def reads_stream(self) -> bool:
        """Whether an input is standard input."""
        return self._streams > 0

    def __iter__(self) -> Iterator[Job]:
        rows = self._database.execute(_JOBS, (not self._dealt,))
        while page := rows.fetchmany(_PAGE):
            for text, exists in page:
                job = _decoded(text)
                if self._listed and str(job.output).startswith(self._listed):
                    job = job.known(exists=bool(exists))
                yield job

    def add(self, job: Job, *, named: bool) -> None:
        """Add a job.

        Args:
            job: what to do.
            named: whether the tool chose the names of its results, and may choose others.

        Raises:
            UsageError: a result can't be written under its name.
        """
        number = self._count
        self._count += 1
        output = None if job.nameless else digest(self._places.key(job.output))
        self._put(_ADD, (number, to_blob(str(job.photo)), output, named, _encoded(job)))
        if job.nameless:
            return
        self._note_input(job.photo, number)
        for place in _read_beside(job):
            if place not in self._shared:
                self._note_input(place, number)
        self._note_results(job, number)

    def _put(self, statement: str, row: tuple[object, ...]) -> None:
        """Queue a row: one statement for a thousand rows takes a third of the time."""
        rows = self._rows[statement]
        rows.append(row)
        if len(rows) >= _PAGE:
            self._flush()

    def _flush(self) -> None:
        for statement, rows in self._rows.items():
            self._database.executemany(statement, rows)
            rows.clear()

    def replace(self, number: int, job: Job) -> None:
        """Replace a job by one that reads the same and writes elsewhere."""
        self._flush()
        output = digest(self._places.key(job.output))
        self._database.execute("UPDATE jobs SET job = ?, output = ? WHERE number = ?", (_encoded(job), output, number))
        self._database.execute("DELETE FROM writes WHERE job = ?", (number,))
        self._note_results(job, number)

    def note_existing(self, folder: Url, places: Iterable[str]) -> None:
        """Note the URLs that exist in a folder, so that no job has to ask for its output there."""
        self._listed = f"{folder}/"
        self._database.executemany("INSERT OR IGNORE INTO existing VALUES (?)", ((digest(place),) for place in places))

    def rivals(self) -> Iterator[list[tuple[int, Job]]]:
        """Yield, for each place, the numbered jobs that would write there under names that the tool chose."""
        self._flush()
        self._database.execute(_NAMED_ALIKE)
        self._database.execute("CREATE INDEX writes_by_job ON writes (job)")
        for (numbers,) in self._database.execute("SELECT numbers FROM rivals"):
            yield [(number, self._job(number)) for number in sorted(map(int, numbers.split(",")))]

    def check(self) -> None:
        """Check that every result has a file of its own.

        Raises:
            UsageError: an input or another result stands there.
        """
        self._flush()
        if self._streams > 1 or (STREAM in self._shared and len(self) > 1):
            raise UsageError("standard input can be one picture only, for one photo")
        for (number,) in self._database.execute(_OVER_INPUT, (_PICTURE,)):
            inputs = {self._places.key(place) for place in self._inputs(number)}
            job = self._job(number)
            place = next((place for place in job.results if self._places.key(place) in inputs), job.output)
            raise UsageError(f"{place}: would replace an input; choose another name")
        for first, second, place in self._database.execute(_SHARED_PLACE):
            raise UsageError(self._clash(self._job(first), self._job(second), place))
        self._check_case()
        self._check_steps()

    def deal(self, share: int, shares: int) -> None:
        """Keep one share of the jobs: (2, 8) the second of eight."""
        # Sorted, so that every machine of a job array deals the same shares, however its shell orders the files.
        self._database.execute(_DEAL, (shares, share - 1))
        self._dealt = True

    def _job(self, number: int) -> Job:
        (text,) = self._database.execute("SELECT job FROM jobs WHERE number = ?", (number,)).fetchone()
        return _decoded(text)

    def _inputs(self, writer: int) -> Iterator[Location]:
        """Yield the inputs that may stand where a job writes: its own, the shared ones, and those found there."""
        yield from self._shared
        query = (
            "SELECT DISTINCT reads.job FROM writes JOIN reads USING (place) WHERE writes.job = ? AND reads.job NOT NULL"
        )
        for (number,) in self._database.execute(query, (writer,)):
            job = self._job(number)
            yield from (job.photo, *_read_beside(job))

    def _note_input(self, place: Location, number: int | None) -> None:
        if place == STREAM:
            self._streams += 1
            return
        key = self._places.key(place)
        self._put(_READ, (digest(key), self._places.folded(place, key), self._folder(key), number))

    def _folder(self, key: str) -> bytes | None:
        return digest(os.path.dirname(key)) if self._steps else None  # noqa: PTH120 - of a URL too

    def _note_results(self, job: Job, number: int) -> None:
        for place in job.results:
            _check_format(place)
            self.writes_stream |= place == STREAM
            key = self._places.key(place)
            row = digest(key), self._places.folded(place, key), self._folder(key), _PICTURE, number
            self._put(_WRITE, row)
        if job.steps is not None:
            if not isinstance(job.steps, Url) and job.steps.exists() and not job.steps.is_dir():
                raise UsageError(f"--save-steps {job.steps}: is a file, not a folder")
            self._put(_WRITE, (digest(self._places.key(job.steps)), None, None, _STEPS, number))

    def _clash(self, first: Job, second: Job, place: bytes) -> str:
        """Return what is wrong with two jobs that write to one place."""
        if second.steps is not None and digest(self._places.key(second.steps)) == place:
            return (
                f"--save-steps: {first.photo} and {second.photo} would both have the folder {second.steps}; "
                "run them apart"
            )
        shared = next(result for result in second.results if digest(self._places.key(result)) == place)
        if shared == STREAM:
            return "standard output takes one picture only"
        if first == second:
            return f"{shared}: two results of {first.photo} would be written there; choose another name"
        return (
            f"{first.photo} and {second.photo} would both be written to {shared}; "
            "tell them apart with a template such as -o 'out/{parent}/{stem}{ext}'"
        )

    def _check_case(self) -> None:
        for first, second in self._database.execute(_CASE_ONLY):
            one, other = self._job(first), self._job(second)
            if folds_case(other.output):
                raise UsageError(
                    f"{one.output} and {other.output} are one file on this disk, which does not tell capitals apart; "
                    "choose names that differ in more"
                )
        for (number,) in self._database.execute(_CASE_OF_INPUT):
            if folds_case(self._job(number).output):
                raise UsageError(
                    f"{self._job(number).output}: would replace an input on this disk, which does not tell capitals "
                    "apart; choose another name"
                )

    def _check_steps(self) -> None:
        for number, reader in self._database.execute(_STEPS_OVER_INPUT, (_STEPS,)):
            job = self._job(number)
            inputs = self._shared if reader is None else [self._job(reader).photo, *_read_beside(self._job(reader))]
            if any(job.is_step(resolved(place)) for place in inputs):
                raise UsageError(f"--save-steps {job.steps}: would replace an input; choose another folder")
        for number, writer in self._database.execute(_STEPS_OVER_RESULT, (_STEPS, _PICTURE)):
            job = self._job(number)
            if any(job.is_step(resolved(place)) for place in self._job(writer).results):
                raise UsageError(f"--save-steps {job.steps}: would replace a result; choose another folder")


def _check_format(place: Location) -> None:
    if isinstance(place, Url) and place.is_web:
        raise UsageError(f"{place}: the web is read only; give -o a place to write to")
    if place.suffix:
        try:
            format_of(place)
        except OutputError as error:
            raise UsageError(str(error)) from error


def _read_beside(job: Job) -> list[Location]:
    """Return what a job reads beside its photo."""
    return [*job.masks, *job.not_from, *([] if job.edges is None or job.edges == NO_EDGES else [job.edges])]


def _encoded(job: Job) -> str:
    """Return a job as JSON; names may hold any characters."""
    places = (job.photo, job.output, job.edges, job.picture, job.panel, job.steps)
    texts = [None if place is None else str(place) for place in places]
    masks, not_from = ([str(place) for place in listed] for listed in (job.masks, job.not_from))
    return json.dumps([*texts, masks, not_from, job.problem, job.nameless])


def _decoded(text: str) -> Job:
    photo, output, edges, picture, panel, steps, masks, not_from, problem, nameless = json.loads(text)
    return Job(
        locate(photo),
        locate(output),
        tuple(map(locate, masks)),
        _maybe(edges),
        tuple(map(locate, not_from)),
        problem,
        _maybe(picture),
        _maybe(panel),
        _maybe(steps),
        nameless=nameless,
    )


def _maybe(text: str | None) -> Location | None:
    return None if text is None else locate(text)
