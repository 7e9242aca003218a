"""`python -m tests.benchmarks.plain_bot ADDRESS TOKEN LENGTH`: a bot as most people write it, the reference."""

import sys

from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes


def main(address: str, token: str, length: int) -> None:
    """Answer every /price with a text of this length, over the default transport, until SIGTERM."""

    async def price(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            await update.message.reply_text("x" * length)

    builder = Application.builder().token(token).base_url(f"{address}/bot").concurrent_updates(True)
    application = builder.build()
    application.add_handler(CommandHandler("price", price))
    application.run_polling()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
