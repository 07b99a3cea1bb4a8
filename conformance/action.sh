#!/usr/bin/env bash
# The body of the action: judges the World that the environment names, and hands on what was found.
set -uo pipefail

arguments=(world --transport "$WORLD_TRANSPORT")
if [ -n "$WORLD_URL" ]; then arguments+=("$WORLD_URL"); fi
if [ -n "$WORLD_START" ]; then arguments+=(--start "$WORLD_START"); fi
if [ -n "$WORLD_TOKEN" ]; then arguments+=(--token "$WORLD_TOKEN"); fi
if [ -n "$WORLD_BASELINE" ]; then arguments+=(--baseline "$WORLD_BASELINE"); fi
mkdir -p "$REPORT_DIR"
for report in json:report.json junit:junit.xml md:summary.md html:report.html; do
  arguments+=(--report "${report%%:*}=$REPORT_DIR/${report#*:}")
done
# WORLD_ARGS is a line of further arguments, as a user would type them.
read -r -a further <<<"$WORLD_ARGS"

node "$SUITE" "${arguments[@]}" "${further[@]}"
code=$?

if [ -f "$REPORT_DIR/summary.md" ]; then cat "$REPORT_DIR/summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"; fi
{
  echo "conformant=$([ $code -eq 0 ] && echo true || echo false)"
  echo "report=$REPORT_DIR/report.json"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit $code
