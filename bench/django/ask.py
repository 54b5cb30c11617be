"""Asks the worker for one export and waits for its answer: seconds and rows on one line."""

import sys
import time

from tasks import export

upto, path = int(sys.argv[1]), sys.argv[2]
start = time.monotonic()
rows = export.delay(upto, path).get(timeout=1800, interval=0.02)
print(time.monotonic() - start, rows)
