"""What every test runs under."""

import structlog
from hypothesis import settings

settings.register_profile("few", max_examples=15)  # where the same properties hold on another Python already

# The default draws every local value of every frame: seconds for one traceback of a whole running bot.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.set_exc_info,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
