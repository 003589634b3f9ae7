"""What users' own tests take: fake models, a vendor that fails on demand, a store in memory, a project opened aside.

Knows the contracts; does not know the project under test. `holdfast.testing.fixtures` is for pytest.
"""

from holdfast.testing.act import Act
from holdfast.testing.fake_model import FakeModel
from holdfast.testing.memory import MemoryStore
from holdfast.testing.opening import project
from holdfast.testing.vendor import Received, Vendor

__all__ = ["Act", "FakeModel", "MemoryStore", "Received", "Vendor", "project"]
