"""Write the copy that the project keeps: run from its root."""

from sdaasp_geo.example.write import write_example

if __name__ == "__main__":
    write_example("territories", data="../data/raw/exemple", cache="../data/processed/cache")
