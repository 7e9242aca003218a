"""Rules of several conditions, held and resting alerts, and what an event was decided by."""

import math
from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Add them; every stored condition learns where it changes."""
    op.add_column("alert", sa.Column("shape", sa.Text(), nullable=True))
    op.add_column("alert", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.create_index("alert_due", "alert", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.add_column("condition", sa.Column("way", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("condition", sa.Column("edge", sa.Double(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "event_input",
        sa.Column(
            "event_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("event.id"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
    )
    connection = op.get_bind()
    stored = connection.execute(sa.text("SELECT alert_id, position, op, level, armed, repeats FROM condition")).all()
    filled = sa.text("UPDATE condition SET way = :way, edge = :edge WHERE alert_id = :alert AND position = :position")
    for alert, position, comparison, level, armed, repeats in stored:
        way, edge = _edge(comparison, Decimal(level), armed=bool(armed), repeats=bool(repeats))
        connection.execute(filled, {"way": way, "edge": edge, "alert": alert, "position": position})


def _edge(comparison: str, level: Decimal, *, armed: bool, repeats: bool) -> tuple[int, float]:
    # As version 0001 watched: half a percent back for what repeats.
    way = 1 if comparison in ("above", "up", "cross_up") else -1
    if not armed:
        level -= way * (abs(level) * Decimal("0.005") if repeats else 0)
        way = -way
    return way, math.nextafter(float(level), -math.inf * way)


def downgrade() -> None:
    """Take them away; rules of several conditions keep their first one only."""
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM condition WHERE position > 0"))
    op.drop_table("event_input")
    op.drop_column("condition", "edge")
    op.drop_column("condition", "way")
    op.drop_index("alert_due", table_name="alert", sqlite_where=_DUE, postgresql_where=_DUE)
    op.drop_column("alert", "due_at")
    op.drop_column("alert", "shape")
