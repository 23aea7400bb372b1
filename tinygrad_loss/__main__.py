"""`python -m tinygrad_loss`: see cli.py."""

import sys

from .cli import main

sys.exit(main())
