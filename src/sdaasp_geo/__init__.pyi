from .access.internal import inhabited_area_km2, internal_time_min
from .access.times import nearest_times
from .assumptions import Assumptions
from .basket import Basket, Gamme, Service, load_basket, shipped_baskets
from .diagnostic.model import Diagnostic, Land
from .errors import (
    Fault,
    InputError,
    NetworkError,
    OutputError,
    SdaaspError,
    StoredNetworkError,
    TerritoryError,
)
from .example import write_example
from .indicators.contrast import remote_against_others
from .indicators.distribution import share_within, weighted_median
from .indicators.means import basket_means, gamme_means, population_mean, wide_times
from .indicators.remoteness import Calibration, calibrate_thresholds, remoteness
from .indicators.zones import contiguous_zones
from .network.road_network import RoadNetwork
from .pipeline.steps import check, diagnose
from .pipeline.write import diagnose_file, write_diagnostic, write_maps_only
from .report.maps import plot_minutes, plot_remoteness, write_maps
from .report.page import write_report
from .sources.arrondissements import read_arrondissements
from .sources.bpe import read_bpe
from .sources.bpe_counts import read_bpe_counts
from .sources.chefs_lieux import read_chefs_lieux
from .sources.communes import read_communes
from .sources.france_services import read_france_services
from .sources.laposte import read_laposte
from .sources.lines import read_lines
from .sources.operators import read_operators
from .sources.origins import read_points_of_origin
from .sources.osm_pbf import read_osm_pbf
from .sources.passage import read_passage
from .tables.places import Places
from .tables.reading import Reading
from .territory import Territory, read_territory

__all__ = [
    "Assumptions",
    "Basket",
    "Calibration",
    "Diagnostic",
    "Fault",
    "Gamme",
    "InputError",
    "Land",
    "NetworkError",
    "OutputError",
    "Places",
    "Reading",
    "RoadNetwork",
    "SdaaspError",
    "Service",
    "StoredNetworkError",
    "Territory",
    "TerritoryError",
    "basket_means",
    "calibrate_thresholds",
    "check",
    "contiguous_zones",
    "diagnose",
    "diagnose_file",
    "gamme_means",
    "inhabited_area_km2",
    "internal_time_min",
    "load_basket",
    "nearest_times",
    "plot_minutes",
    "plot_remoteness",
    "population_mean",
    "read_arrondissements",
    "read_bpe",
    "read_bpe_counts",
    "read_chefs_lieux",
    "read_communes",
    "read_france_services",
    "read_laposte",
    "read_lines",
    "read_operators",
    "read_osm_pbf",
    "read_passage",
    "read_points_of_origin",
    "read_territory",
    "remote_against_others",
    "remoteness",
    "share_within",
    "shipped_baskets",
    "weighted_median",
    "wide_times",
    "write_diagnostic",
    "write_example",
    "write_maps",
    "write_maps_only",
    "write_report",
]
