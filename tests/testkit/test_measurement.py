"""Peak memory is that of the measured program, whatever its starter has needed."""

import subprocess
import sys

from testkit.measurement import ROOT, measure

LARGE_MB, SMALL_MB = 400, 100
OWN_PEAK = "from testkit.measurement import peak_mb; print(peak_mb())"
AFTER_A_LARGE_PARENT = f"""
import subprocess, sys
from testkit.measurement import measure, peak_mb
held = bytearray({LARGE_MB}_000_000)
held[::4096] = bytes(len(held[::4096]))
del held
own = subprocess.run([sys.executable, "-c", {OWN_PEAK!r}], capture_output=True)
print(peak_mb(), float(own.stdout), measure({{}}, "-c", "pass").peak_mb)
"""


def test_a_child_does_not_inherit_the_peak_of_its_parent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AFTER_A_LARGE_PARENT],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    parent, seen_inside, seen_outside = map(float, done.stdout.split())
    assert parent > LARGE_MB
    assert 5 < seen_inside < SMALL_MB
    assert 5 < seen_outside < SMALL_MB


def test_the_peak_of_a_child_counts_what_it_has_freed() -> None:
    use = (
        f"held = bytearray({LARGE_MB}_000_000); held[::4096] = bytes(len(held[::4096]))"
    )
    taken = measure({}, "-c", f"{use}; del held")
    assert LARGE_MB < taken.peak_mb < LARGE_MB + SMALL_MB
