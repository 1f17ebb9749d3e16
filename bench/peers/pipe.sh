#!/bin/bash
# The C pipeline: freebcp writes a table as text, psql's \copy reads it. freebcp talks on stdout too: rows have fd 3.
set -euo pipefail
rows() {
  LD_LIBRARY_PATH="$FREETDS_LIBRARIES" "$FREEBCP" "$SOURCE_DATABASE.$1" out /dev/fd/3 \
    -c -A "$PACKET_SIZE" -T 2147483647 -S bench -U "$SOURCE_USER" -P "$SOURCE_PASSWORD" 3>&1 >&2
}
while [ $# -ge 2 ]; do
  rows "$1" | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$TARGET" \
    --command "\\copy $2 FROM pstdin WITH (FORMAT text, NULL '')"
  shift 2
done
if [ $# -eq 1 ]; then
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$TARGET" --command "$1"
fi
