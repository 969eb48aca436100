"""The order of the steps, the cache, the progress; no formula."""
