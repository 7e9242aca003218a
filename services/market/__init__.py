"""The market as everyone else sees it: what the sources say, checked, converted and agreed on."""

from services.market.health import SourceHealth
from services.market.market import Listener, Market
from services.market.priced import Priced

__all__ = ["Listener", "Market", "Priced", "SourceHealth"]
