"""Origins × services: times, nearest facility, and the reason for every missing time."""
