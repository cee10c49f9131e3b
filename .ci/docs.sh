#!/usr/bin/env bash
# Builds the documentation site from this checkout, without a network: a warning is an
# error, and so is a page that would load anything from elsewhere.
# Usage: .ci/docs.sh [OUTPUT]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-docs/_build/html}
export MPLBACKEND=Agg
${PYTHON:-python} -m sphinx -W --keep-going -n -q -E -b html -d "${out%/}.doctrees" docs "$out"
if grep -rlE '<(script|img|iframe|source)[^>]+src="(https?:)?//|<link[^>]+rel="(stylesheet|preload)"[^>]+href="(https?:)?//|@import +url\(["'"'"']?https?:' \
    --include='*.html' --include='*.css' "$out"; then
  echo "the pages above would load something from elsewhere"
  exit 1
fi
echo "$(find "$out" -name '*.html' | wc -l) pages in $out, no warning"
