"""How Alembic runs our migrations: on the connection and in the transaction that it is given."""

from alembic import context
from sqlalchemy import Connection

from services.store.schema import metadata

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection)
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can change a column only by copying its table
    transactional_ddl=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
