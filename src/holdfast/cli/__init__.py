"""The command line: parse, call the app, show.

Knows nothing of how a feature runs, a corpus is synced or a request is served.
"""


def main() -> None:
    """The entry point `holdfast`. Ends the process with the exit code."""
    import io
    import sys

    from holdfast.cli.entry import enter

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character is no reason to stop
    sys.exit(enter(sys.argv[1:]))
