# Puts packages into environments: with uv, which requirements.lock names like all else, and where it cannot be had with
# pip, minutes later. Knows nothing of what they are for. Sourced where `venv` is the environment that has the installers,
# and `log` the file that takes all they say.

say() { printf '%s\n' "$*" >&2; }

uv() { # by the mirror that pip has been told of
    local index
    index=$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)
    index=${PIP_INDEX_URL:-$index}
    env ${index:+UV_DEFAULT_INDEX="$index"} "$venv/bin/uv" --no-progress "$@" >>"$log" 2>&1
}

have_uv() {
    [ -x "$venv/bin/uv" ] && return
    awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock >"$venv/uv.lock"
    "$venv/bin/python" -m pip install --require-hashes --no-deps -r "$venv/uv.lock" >>"$log" 2>&1
}

packages() { # into the environment of the interpreter $1, what the other arguments name
    local python=$1
    shift
    if have_uv && uv pip install --python "$python" "$@"; then
        return
    fi
    if ! "$venv/bin/python" -m pip --python "$python" --disable-pip-version-check --no-input install --progress-bar off "$@" \
        2>&1 | tee -a "$log" | progress; then
        say "pip could not finish; this is the end of $log:"
        tail -n 15 "$log" >&2
        return 3
    fi
}

progress() {
    awk '/^Collecting / && ++n % 20 == 0 { printf "   %d packages found\n", n; fflush() }
         /^Installing collected / { print "   installing"; fflush() }'
}
