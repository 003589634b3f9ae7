#!/usr/bin/env bash
# Holds a change against what it changes, and leaves holdfast-gate.md and holdfast-gate.xml behind.
#
#   HOLDFAST_FEATURE   the feature; empty where only one has cases
#   HOLDFAST_AGAINST   a release to hold it against, in a database that outlives the job (`live` is the promoted one)
#   HOLDFAST_BASE      else a commit: it is checked out, frozen as a release, asked its cases, and left again
#   HOLDFAST_PROJECT   the folder of the project, from the repository's root
#   HOLDFAST_OPTIONS   further options of `holdfast eval`, such as --strict --max-cost 2
#
# Exit codes are those of `holdfast eval`: 1 regressed or the bar missed, 3 not comparable, 4 inconclusive with --strict.
set -euo pipefail

project="${HOLDFAST_PROJECT:-.}"
against="${HOLDFAST_AGAINST:-}"
read -r -a options <<<"${HOLDFAST_OPTIONS:-}"
feature=()
[ -z "${HOLDFAST_FEATURE:-}" ] || feature=("$HOLDFAST_FEATURE")
reports="$PWD"

gate() {
    holdfast eval ${feature[@]+"${feature[@]}"} --project "$project" --against "$against" "$@"
}

if [ -z "$against" ]; then
    base="$(git rev-parse --short=12 "${HOLDFAST_BASE:?name a commit in HOLDFAST_BASE, or a release in HOLDFAST_AGAINST}")"
    against="base-$base"
    if ! holdfast release list --project "$project" --json | grep -q "\"name\":\"$against\""; then
        change="$(git rev-parse HEAD)"
        trap 'git checkout --quiet --detach "$change"' EXIT
        git checkout --quiet --detach "$base"
        holdfast sync --project "$project"
        holdfast release create "$against" --project "$project"
        gate --repeat 1 || [ $? -ne 2 ] # its answers are the bank; what they come to by themselves is no matter here
        git checkout --quiet --detach "$change"
        trap - EXIT
    fi
fi

holdfast sync --project "$project"
code=0
gate ${options[@]+"${options[@]}"} --format md --out "$reports/holdfast-gate.md" || code=$?
if [ -f "$reports/holdfast-gate.md" ]; then
    gate --resume --format junit --out "$reports/holdfast-gate.xml" >/dev/null 2>&1 || true
fi
exit "$code"
