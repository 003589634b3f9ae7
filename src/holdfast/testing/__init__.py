"""What users' own tests need: models that say what they are told to, a vendor that fails on demand, a store in memory.

Knows the contracts; does not know the project under test.
"""

from holdfast.testing.act import Act
from holdfast.testing.fake_model import FakeModel
from holdfast.testing.memory import MemoryStore
from holdfast.testing.vendor import Received, Vendor

__all__ = ["Act", "FakeModel", "MemoryStore", "Received", "Vendor"]
