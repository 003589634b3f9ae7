"""`python -m holdfast.cli` is `holdfast`. Knows nothing else."""

from holdfast.cli import main

main()
