"""Writes the server's OpenAPI document, from which the console's types are made. Knows nothing of the console.

Usage: python -m tools.openapi FILE
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tools.reference.http import document

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(asyncio.run(document()), indent=1), "utf-8")
