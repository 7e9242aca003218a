"""Every setting there is, with its default and what it may be."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.settings.forms import (
    Count,
    DatabaseUrl,
    DiscordToken,
    Failpoints,
    Files,
    ListenAddress,
    LogFormat,
    LogLevel,
    OperatorChatId,
    Operators,
    Pace,
    Plan,
    Port,
    SocketAddress,
    Sources,
    Speed,
    Switch,
    TelegramToken,
    WebAddress,
)
from services.sources import binance, coinbase, kraken


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MarketSettings(_Section):
    """Where prices come from."""

    sources: Sources = Field(
        default=("binance", "coinbase", "kraken", "coingecko"),
        description="Sources of prices, with commas between: binance, coinbase, kraken, coingecko; or replay or "
        "simulated alone. None needs a key.",
    )


class TelegramSettings(_Section):
    """Telegram. Without a token it is off."""

    token: TelegramToken | None = Field(
        default=None,
        description="The bot's token: write to @BotFather in Telegram, send /newbot, copy what it answers.",
    )
    api_base: WebAddress = Field(
        default="https://api.telegram.org", description="The Bot API server; another one if you run your own."
    )
    pace: Switch = Field(
        default="on", description="Keep to Telegram's sending limits; off only for your own Bot API server."
    )


class DiscordSettings(_Section):
    """Discord. Without a token it is off."""

    token: DiscordToken | None = Field(
        default=None,
        description="The bot's token: in the Discord developer portal make an application, open Bot, Reset Token, "
        "copy it.",
    )
    api_base: WebAddress = Field(default="https://discord.com/api/v10", description="The REST address.")
    gateway_url: SocketAddress = Field(default="wss://gateway.discord.gg", description="The gateway's address.")
    pace: Switch = Field(default="on", description="Keep to Discord's sending limits; off only for tests.")


class BinanceSettings(_Section):
    """Binance, public market data."""

    api_base: WebAddress = Field(default=binance.API_BASE, description="The REST address, or a mirror of it.")
    ws_base: SocketAddress = Field(default=binance.WS_BASE, description="The address of its streams.")


class CoinbaseSettings(_Section):
    """Coinbase Exchange, public market data."""

    api_base: WebAddress = Field(default=coinbase.API_BASE, description="The REST address, or a mirror of it.")
    ws_base: SocketAddress = Field(default=coinbase.WS_BASE, description="The address of its streams.")


class KrakenSettings(_Section):
    """Kraken, public market data."""

    api_base: WebAddress = Field(default=kraken.API_BASE, description="The REST address, or a mirror of it.")
    ws_base: SocketAddress = Field(default=kraken.WS_BASE, description="The address of its streams.")


class CoinGeckoSettings(_Section):
    """CoinGecko: names, ranks, market caps and the long tail."""

    api_base: WebAddress | None = Field(default=None, description="The REST address; without one, the plan decides.")
    key: SecretStr | None = Field(
        default=None, description="An API key, from the developer dashboard; works without one."
    )
    plan: Plan = Field(default="none", description="What the key is for: demo or pro; none without a key.")
    calls_per_minute: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="How often it may be asked; 30 suits a demo key."
    )


class SimulatedSettings(_Section):
    """The simulated market."""

    seed: Annotated[int, Field(ge=0, le=2**32)] = Field(default=1, description="The same seed gives the same prices.")
    speed: Speed = Field(default=Decimal(1), description="How many times faster than the clock it runs.")


class ReplaySettings(_Section):
    """Recorded candles or trades as a source."""

    files: Files = Field(default=(), description="CSV or JSON files, plain or gz, with commas between.")
    speed: Pace = Field(
        default=Decimal(1), description="How many times faster than recorded; max is as fast as it goes."
    )


class LimitSettings(_Section):
    """How much one person or chat may have."""

    alerts_per_person: Count = Field(default=50, description="Alerts a person may have.")
    alerts_per_chat: Count = Field(default=200, description="Alerts a group or channel may have.")
    commands_per_minute: Count = Field(
        default=20, description="Commands a person may give a minute; half as many may come at once."
    )


class HealthSettings(_Section):
    """Health for the operator: /health/live, /health/ready and /metrics over HTTP. Nothing personal is shown there."""

    port: Port = Field(
        default=0,
        description="The port; 0 is off, and opens nothing. 9464 is a usual one. Also switches the watchdog on.",
    )
    host: ListenAddress = Field(
        default="127.0.0.1", description="The address to listen on: this machine alone, unless you say otherwise."
    )
    operator_chat: OperatorChatId | None = Field(
        default=None,
        description="A chat that the watchdog writes to every five minutes, as platform:numeric id, like "
        "telegram:123456789; without one it only counts.",
    )


class LogSettings(_Section):
    """What is written to standard error."""

    level: LogLevel = Field(default="info", description="debug, info, warning or error.")
    format: LogFormat = Field(default="text", description="text for people, json for machines.")


class Settings(BaseSettings):
    """All settings as values; built by `load_settings`, by hand only in tests."""

    model_config = SettingsConfigDict(
        env_prefix="FLOWBELL_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(default=Path("data"), description="The folder of the store, its snapshots and charts.")
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="A PostgreSQL database, like postgresql+asyncpg://user:password@host/name; without one, SQLite "
        "in the data folder.",
    )
    operators: Operators = Field(
        default=(),
        description="Who runs this bot, as platform:numeric id with commas between, like telegram:123456789.",
    )
    chaos: Failpoints | None = Field(default=None, exclude=True)  # for tests
    market: MarketSettings = MarketSettings()
    telegram: TelegramSettings = TelegramSettings()
    discord: DiscordSettings = DiscordSettings()
    binance: BinanceSettings = BinanceSettings()
    coinbase: CoinbaseSettings = CoinbaseSettings()
    kraken: KrakenSettings = KrakenSettings()
    coingecko: CoinGeckoSettings = CoinGeckoSettings()
    simulated: SimulatedSettings = SimulatedSettings()
    replay: ReplaySettings = ReplaySettings()
    limits: LimitSettings = LimitSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @property
    def store_path(self) -> Path | None:
        """Return the file of the store, or None where PostgreSQL is the store."""
        return self.data_dir / "flowbell.sqlite" if self.database_url is None else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing behind the caller's back: what the environment says is passed in."""
        return (init_settings,)


def secrets(settings: Settings) -> tuple[str, ...]:
    """Return every value that must never be shown: tokens, keys, the database's address and its password."""
    held = (settings.telegram.token, settings.discord.token, settings.coingecko.key, settings.database_url)
    found = [each.get_secret_value() for each in held if each is not None]
    if settings.database_url is not None:
        password = urlsplit(settings.database_url.get_secret_value()).password or ""
        found += [password, unquote(password)]
    return tuple(dict.fromkeys(filter(None, found)))
