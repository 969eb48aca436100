"""Where the next sites should go: exact and approximate facility location."""
