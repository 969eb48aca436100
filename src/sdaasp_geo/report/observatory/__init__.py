"""The observatory: a diagnostic and its scenarios as one page to explore, without a network."""
