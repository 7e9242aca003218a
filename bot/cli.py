"""The command line: run, demo, console, ask, replay, doctor."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from services.domain.language import say

if TYPE_CHECKING:
    from bot.settings import Settings

T = TypeVar("T")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Crypto prices and alerts for Telegram, Discord and the terminal.",
)

REFUSED = 2
"""Exit status for a question that is refused."""
CONFIGURATION = 78
"""Exit status for settings that cannot be used (EX_CONFIG)."""
STORE = 65
"""Exit status for a store that is damaged or too new (EX_DATAERR)."""
NO_RECORDING = 65
"""Exit status for a file to replay that is no recording (EX_DATAERR)."""
NO_FILE = 66
"""Exit status for a file to replay that is missing or cannot be opened (EX_NOINPUT)."""
BUSY = 75
"""Exit status where another process holds the store, or the disk is full (EX_TEMPFAIL)."""


def _folder(name: str) -> Path:
    if not name.strip():
        raise typer.BadParameter(say("The name of the folder is empty."))
    return Path(name)


FILES = (
    "Recorded candles or trades, CSV or JSON, plain or gz. The name says which pair is in it, "
    "like BTCUSDT_1m.csv, or a column of the file; else write BTCUSDT=FILE."
)
Data = Annotated[
    Path | None, typer.Option("--data", parser=_folder, help="Work on this data folder; without it, in memory.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="Use the simulated market, whatever the settings say.")]


@app.command()
def run() -> None:
    """Run the bot on Telegram and Discord, whichever has a token."""
    from bot.run import PlatformRefused, how_to_switch_on
    from bot.run import run as run_platforms
    from services.clock import SystemClock

    settings = _settings(quiet=False)
    if settings.telegram.token is None and settings.discord.token is None:
        _fail(how_to_switch_on(), CONFIGURATION)
    try:
        _finish(run_platforms(settings, SystemClock()))
    except PlatformRefused as refusal:
        _fail(str(refusal), CONFIGURATION)


@app.command()
def console(data: Data = None, simulated: Simulated = False) -> None:
    """Chat in this terminal: prices, charts and alerts as they come."""
    from bot.terminal import chat

    settings = _settings(data, simulated=simulated)
    _finish(chat(settings))


@app.command()
def ask(
    line: Annotated[str, typer.Argument(help="A command line, like: /price btc eth")],
    as_json: Json = False,
    data: Data = None,
    simulated: Simulated = False,
) -> None:
    """Answer one command: exit status 0 with the answer, 2 with a sentence on standard error."""
    from bot.terminal import answer

    settings = _settings(data, simulated=simulated)
    if not line.strip():
        _fail(say('Nothing is asked. Write it like: flowbell ask "/price btc"'), REFUSED)
    status, out, err = _finish(answer(settings, line, as_json=as_json, in_memory=data is None))
    try:
        sys.stdout.write(out)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        _fail(say("The answer could not be written: {reason}.", reason=failure.strerror), BUSY)
    sys.stderr.write(err)
    raise typer.Exit(status)


@app.command()
def replay(
    files: Annotated[list[str], typer.Argument(help=FILES)],
    rule: Annotated[list[str], typer.Option(help="A rule to try, like: btc > 94000")],
    speed: Annotated[str, typer.Option(help="How many times faster than recorded; max is as fast as it goes.")] = "max",
    as_json: Json = False,
) -> None:
    """Play recordings through the alert engine and name every firing."""
    from bot.replaying import replayed

    settings = _settings(None, simulated=True)
    status = _finish(replayed(settings, tuple(files), tuple(rule), speed, as_json=as_json))
    raise typer.Exit(status)


@app.command()
def doctor(data: Data = None) -> None:
    """Check configuration, store, reachability and permissions: a line each, with what to do."""
    from bot.doctor import diagnose

    settings = _settings(data)
    findings = _finish(diagnose(settings))
    for finding in findings:
        sys.stdout.write(f"{finding.line}\n")
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


@app.command()
def demo(data: Annotated[Path, typer.Option("--data", help="The demo's own data folder.")] = Path("demo")) -> None:
    """Show Flowbell on a simulated market: a chat in a terminal, a short tour anywhere else."""
    if sys.stdin.isatty():
        from bot.terminal import chat

        _finish(chat(_settings(data, simulated=True)))
        return
    from bot.tour import tour

    raise typer.Exit(_finish(tour(data)))


@app.command()
def version() -> None:
    """Print the version."""
    from bot.version import VERSION

    sys.stdout.write(f"flowbell {VERSION}\n")


def _settings(data: Path | None = None, *, simulated: bool = False, quiet: bool = True) -> "Settings":
    from bot.logs import configure
    from bot.settings import ConfigurationError, Settings, load_settings, secrets
    from services.failpoints import arm

    environ = dict(os.environ)
    if quiet:
        environ.setdefault("FLOWBELL_LOG__LEVEL", "error")
    if simulated:
        environ["FLOWBELL_MARKET__SOURCES"] = "simulated"
    if data is not None:
        environ["FLOWBELL_DATA_DIR"] = str(data)
    try:
        settings: Settings = load_settings(environ, Path(".env"))
    except ConfigurationError as error:
        _fail("\n".join(f"{key}: {fault}" for key, fault in error.faults), CONFIGURATION)
    configure(settings.log.level, settings.log.format, secrets(settings))
    if settings.chaos is not None:
        arm(settings.chaos)
    return settings


def _finish(work: Coroutine[object, object, T]) -> T:
    """Run `work`; what a person can mend becomes one sentence and an exit status, never a traceback."""
    from services.feed import SourceError
    from services.store.errors import AlreadyRunning, NoFolder, StoreDamaged, StoreError, StoreFull, StoreTooNew

    try:
        return asyncio.run(work)
    except (AlreadyRunning, StoreFull) as error:
        _fail(str(error), BUSY)
    except NoFolder as error:
        _fail(str(error), CONFIGURATION)
    except (StoreDamaged, StoreTooNew) as error:
        _fail(str(error), STORE)
    except StoreError as error:
        _fail(say("The store cannot be used: {reason}", reason=error), STORE)
    except SourceError as error:
        _fail(error.reason, CONFIGURATION)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BaseExceptionGroup as failures:
        if failures.split(BrokenPipeError)[1] is not None:
            raise
        raise BrokenPipeError from None


def _fail(sentence: str, status: int) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(status)
