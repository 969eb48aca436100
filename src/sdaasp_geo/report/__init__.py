"""Finished tables in; maps, a French page and table files out. Nothing is computed anew here."""
