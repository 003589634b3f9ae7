"""The runtime: features, the tape, and the one function that runs everything. Knows effects, not how they are done."""
