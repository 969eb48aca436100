"""What each table is: schemas, keys, units, and the meaning of missing."""
