"""The dialects that the scriptable vendor speaks, a file each: how it reads a request and how it says an answer.

Does not know sockets. Written from the vendors' own descriptions, apart from the gateway's readers and writers, so that
the two can prove each other wrong.
"""
