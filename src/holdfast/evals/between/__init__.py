"""Between two releases, or two ranges of time: which change a fall goes with. Knows nothing of the command line."""
