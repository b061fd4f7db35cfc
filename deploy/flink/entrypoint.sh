#!/bin/sh
# Write the Flink configuration of this way of running, then become the process that is asked for.
set -eu
python -m stack.services.configure --profile "$CARDWATCH_PROFILE" --folder "$CARDWATCH_FOLDER"
exec "$@"
