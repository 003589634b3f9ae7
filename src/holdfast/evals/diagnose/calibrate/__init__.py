"""Calibration: faults planted in a feature's own cases, and what the procedure says of them.

Knows nothing of the command line, nor of the project that hosts it.
"""
