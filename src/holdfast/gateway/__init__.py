"""The gateway room: models behind one call, with every fault of a vendor in mind.

Knows effects and answers; does not know features, prompts, recordings or who asks.
"""

from holdfast.gateway.ladder import Gateway
from holdfast.gateway.prices import Price, Prices
from holdfast.gateway.provider import BUILT_IN, Provider
from holdfast.gateway.waiting import Pace

__all__ = ["BUILT_IN", "Gateway", "Pace", "Price", "Prices", "Provider"]
