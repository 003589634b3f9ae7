#!/usr/bin/env bash
# Makes a virtual environment with the locked packages and Holdfast itself. Knows nothing of what is run in it.
# Stopped halfway, it goes on where it stopped; run again, it installs only what differs. Usage: tools/setup.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
log=$venv/setup.log
export UV_COMPILE_BYTECODE=1 # as pip does: once, and not again in every process that starts meanwhile
source tools/packages.sh

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Holdfast needs Python 3.11, 3.12 or 3.13, and none is on the PATH."
    say "  Debian, Ubuntu: apt-get install python3 python3-venv    macOS: brew install python@3.13"
    say "  One that lies elsewhere: make PYTHON=/path/to/python3.12 ..."
    return 2
}

python=$(find_python)
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "$python cannot make virtual environments: its venv module is missing."
    say "  Debian, Ubuntu: apt-get install python3-venv"
    exit 2
fi

printf '== set-up: %s, packages into %s (once)\n' "$("$python" --version)" "$venv"
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear "$venv"
fi
: >"$log"
packages "$venv/bin/python" --no-deps --require-hashes -r requirements.lock
packages "$venv/bin/python" --no-deps --no-build-isolation -e .
