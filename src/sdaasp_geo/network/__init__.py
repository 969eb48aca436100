"""Roads as a network of arrays: speeds, pieces, snapping, and its file on disk."""
