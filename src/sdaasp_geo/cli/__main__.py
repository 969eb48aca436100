"""`python -m sdaasp_geo.cli`, where the command itself is not on the path."""

from sdaasp_geo.cli import main

if __name__ == "__main__":
    main()
