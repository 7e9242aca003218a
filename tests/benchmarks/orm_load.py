"""`python -m tests.benchmarks.orm_load PATH`: load every live alert as objects of SQLAlchemy's ORM, grouped by series.

Prints how many, the most memory held in KiB, and the processor's seconds.
"""

import resource
import sys
from collections import defaultdict

from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, relationship

from services.store import schema


class _Base(DeclarativeBase):
    metadata = schema.metadata


class _Alert(_Base):
    __table__ = schema.alert


class _Condition(_Base):
    __table__ = schema.condition
    metric: Mapped[str]
    level: Mapped[str]
    alert = relationship(_Alert, lazy="joined", innerjoin=True)


def main(path: str) -> None:
    """Load, group, print."""
    grouped = defaultdict(list)
    with Session(create_engine(f"sqlite:///{path}")) as session:
        for found in session.scalars(select(_Condition).where(schema.condition.c.live == 1)):
            grouped[found.metric].append((float(found.level), found))
    for each in grouped.values():
        each.sort(key=lambda pair: pair[0])
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(f"{sum(map(len, grouped.values()))} {used.ru_maxrss} {used.ru_utime + used.ru_stime}\n")


if __name__ == "__main__":
    main(sys.argv[1])
