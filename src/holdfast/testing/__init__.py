"""What users' own tests take: fake models, a vendor that fails on demand, a store in memory, a project opened aside.

Knows the contracts; does not know the project under test. `holdfast.testing.fixtures` is for pytest,
`holdfast.testing.rules` and `holdfast.testing.faults` tell a vendor what to do.
"""

from holdfast.testing import rules
from holdfast.testing.act import Act, Framing
from holdfast.testing.asked import Asked
from holdfast.testing.fake_model import FakeModel
from holdfast.testing.memory import MemoryStore
from holdfast.testing.opening import project
from holdfast.testing.received import Received
from holdfast.testing.vendor import Rule, Vendor

__all__ = ["Act", "Asked", "FakeModel", "Framing", "MemoryStore", "Received", "Rule", "Vendor", "project", "rules"]
