"""Gammes, distribution, remoteness, zones: pure functions, tables in and tables out."""
