"""``python -m genesis_cli`` is ``genesis``."""

from __future__ import annotations

import sys

from . import main

sys.exit(main())
