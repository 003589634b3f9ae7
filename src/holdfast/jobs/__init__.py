"""Durable jobs: work that outlives whoever asked for it, and the process that began it.

Knows nothing of HTTP inward or of the command line. `asking` is what everybody may do; `engine` does the jobs, in the
one process that holds the project's lock.
"""
