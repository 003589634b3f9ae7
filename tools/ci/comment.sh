#!/usr/bin/env bash
# Puts holdfast-gate.md into the summary of a GitHub job, and into one comment of the pull request, which is replaced.
#
# Needs `gh` (it is there on GitHub's runners), GH_TOKEN and HOLDFAST_PULL_REQUEST, the number; without one, no comment.
set -euo pipefail

report=holdfast-gate.md
[ -f "$report" ] || exit 0
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$report" >>"$GITHUB_STEP_SUMMARY"
[ -n "${HOLDFAST_PULL_REQUEST:-}" ] || exit 0

mark="$(head -n 1 "$report")"
comments="repos/$GITHUB_REPOSITORY/issues/$HOLDFAST_PULL_REQUEST/comments"
found="$(gh api --paginate "$comments" --jq ".[] | select(.body | startswith(\"$mark\")) | .id" | head -n 1)"
if [ -n "$found" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" --field "body=@$report"
else
    gh api --silent --method POST "$comments" --field "body=@$report"
fi
