#!/usr/bin/env bash
# Installs other people's clients that the tests drive, each set as its lock names it into a folder of its own under
# DIR/clients. Knows nothing of what they are asked. What cannot be had leaves the reason in its folder, as `missing`, and
# is tried again next time; what is there is left alone. Usage: tools/clients.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
log=$venv/clients.log
locks=$PWD/tests/journeys/clients
source tools/packages.sh

with_python() { # the set $1, with an interpreter of its own
    "$venv/bin/python" -m venv --without-pip "$folder"
    packages "$folder/bin/python" --no-deps --require-hashes -r "$locks/$1.lock"
}

with_node() { # npm's set
    local bin
    bin=$(cd "$venv/bin" && pwd)
    [ -x "$bin/npm" ] && PATH=$bin:$PATH # this comes with `make console` where the machine has no node
    cp "$locks/$1/"{package.json,package-lock.json,.npmrc} "$folder"
    (cd "$folder" && npm ci) >>"$log" 2>&1
}

bring() { # the set that the lock $2 names, into the folder of its name, by way of $3
    local folder=$venv/clients/$1
    cmp -s "$2" "$folder/locked" && return
    printf '== clients: %s\n' "$1"
    rm -rf "$folder"
    mkdir -p "$folder"
    : >"$log"
    if ("$3" "$1"); then
        cp "$2" "$folder/locked"
    else
        tail -n 5 "$log" >"$folder/missing"
        say "The clients of $1 cannot be had; the end of $log:"
        cat "$folder/missing" >&2
        failed=3
    fi
}

failed=0
bring langchain "$locks/langchain.lock" with_python
bring llama_index "$locks/llama_index.lock" with_python
bring npm "$locks/npm/package-lock.json" with_node
exit $failed
