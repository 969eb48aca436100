"""One raw format a module: each reader returns a checked table and the rows left out."""
