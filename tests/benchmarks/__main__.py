"""Every figure with its floor, one after the other, each benchmark in a process of its own.

uv run python -m tests.benchmarks
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them all; the worst exit code."""
    here = Path(__file__).parent
    names = sorted(path.stem for path in here.glob("bench_*.py"))
    codes = [
        subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}"], cwd=here.parent.parent, check=False
        ).returncode
        for name in names
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
