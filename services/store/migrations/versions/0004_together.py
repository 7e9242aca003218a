"""Deliveries that are told in one message."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TOGETHER = sa.text("lead_id IS NOT NULL")


def upgrade() -> None:
    """Add which delivery leads the message."""
    op.add_column("delivery", sa.Column("lead_id", sa.BigInteger(), nullable=True))
    op.create_index("delivery_together", "delivery", ["lead_id"], sqlite_where=_TOGETHER, postgresql_where=_TOGETHER)


def downgrade() -> None:
    """Take it away; what was told together and is not settled yet goes out one by one."""
    op.drop_index("delivery_together", table_name="delivery", sqlite_where=_TOGETHER, postgresql_where=_TOGETHER)
    op.drop_column("delivery", "lead_id")
