"""The dialects of vendors: from an effect to a request body, and from what comes back to an answer.

Does not know how bytes travel: everything here is a function of its arguments.
"""
