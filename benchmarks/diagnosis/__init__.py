"""A bench for diagnoses: faults of known kinds planted in working features, and what is made of their failures.

Knows nothing of how a diagnosis is made; it asks one function, and shares no code with it.
"""
