from .access.internal import inhabited_area_km2, internal_time_min
from .access.isochrones import isochrones
from .access.nearest_facilities import facilities_within, k_nearest_facilities
from .access.rasters import access_raster, access_rasters, grid_over
from .access.reach import Reach, inhabitants_within, reach, reach_times
from .access.times import nearest_times
from .assumptions import Assumptions
from .basket import Basket, Gamme, Service, load_basket, shipped_baskets
from .basket.mapping import Mapping, explain_mapping
from .cluster import DaskExecutor
from .diagnostic.by_level import by_level, level_names
from .diagnostic.model import Diagnostic, Land
from .errors import (
    ClusterError,
    Fault,
    InputError,
    MissingExtraError,
    NetworkError,
    OutputError,
    SdaaspError,
    StoredNetworkError,
    TerritoryError,
)
from .example import write_example
from .indicators.contrast import remote_against_others
from .indicators.distribution import share_within, weighted_median
from .indicators.insee_comparison import InseeComparison, compare_with_insee
from .indicators.means import basket_means, gamme_means, population_mean, wide_times
from .indicators.remoteness import Calibration, calibrate_thresholds, remoteness
from .indicators.zones import contiguous_zones
from .network.graph import SearchGraph
from .network.road_network import RoadNetwork
from .pipeline.check_write import write_criteria, write_criticality, write_sensitivity
from .pipeline.many import diagnose_many
from .pipeline.raster_write import write_access_rasters
from .pipeline.scenario_write import write_comparison, write_gains, write_siting
from .pipeline.steps import check, diagnose
from .pipeline.trying import mairies
from .pipeline.write import diagnose_file, write_diagnostic, write_maps_only
from .report.atlas import plot_epci
from .report.curves import plot_distribution
from .report.gainplots import plot_gain, plot_siting
from .report.isochronemap import plot_isochrones
from .report.maps import write_map_set, write_maps
from .report.observatory.page import write_page
from .report.page import write_report
from .report.plots import (
    plot_gamme,
    plot_minutes,
    plot_remoteness,
    plot_service,
    plot_sites,
    plot_zones,
)
from .report.rasters import write_raster
from .report.smallmultiples import plot_services_sheet
from .report.workbook.writing import write_workbook
from .routing.hierarchy import Hierarchy, build_hierarchy
from .routing.hierarchy_storage import hierarchy_for, topology_for
from .routing.improvement import checked_today, improvement, total_improvement
from .routing.nearest import Seeds, nearest, nearest_two
from .routing.sweeps import matrix, matrix_chunks, nearest_by_hierarchy
from .routing.sweeps_two import nearest_two_by_hierarchy
from .routing.topology import Topology, build_topology, customised
from .scenarios.availability import availability_times
from .scenarios.bouquets import Bouquet, load_bouquet, shipped_bouquets
from .scenarios.compare import compare
from .scenarios.comparison import Comparison
from .scenarios.criteria import Judgement, judge_criteria
from .scenarios.criteria_file import Criteria, Criterion, load_criteria, shipped_criteria
from .scenarios.criticality import criticality
from .scenarios.dashboard import Dashboard, dashboard
from .scenarios.each import simulate_each
from .scenarios.gains import Gains
from .scenarios.model import Closing, Conversion, Move, Opening, Scenario, Spot, Stop
from .scenarios.openness import AvailabilityRule
from .scenarios.placing import facilities_after
from .scenarios.scenario_file import read_scenario
from .scenarios.sensitivity import Sensitivity, Siting, sensitivity
from .scenarios.simulate import simulate
from .scenarios.site_layer import sites_after
from .scenarios.siting.choose import choose_sites, remote_weights
from .scenarios.siting.problem import SitingProblem
from .scenarios.siting.result import SitingResult
from .scenarios.variants import Variant, one_at_a_time, sampled
from .scenarios.watch import Thresholds
from .sources.areas import read_areas
from .sources.arrondissements import read_arrondissements
from .sources.bdtopo import read_bdtopo
from .sources.bpe import read_bpe
from .sources.bpe_counts import read_bpe_counts
from .sources.candidates import read_candidates
from .sources.chefs_lieux import read_chefs_lieux
from .sources.cog import read_cog_movements
from .sources.communes import read_communes
from .sources.dila import read_annuaire
from .sources.fetch import FetchChoice, FetchError, FetchResult, fetch
from .sources.filosofi import read_filosofi
from .sources.finess import read_finess
from .sources.france_services import read_france_services
from .sources.france_travail import read_france_travail
from .sources.graphml import read_graphml
from .sources.insee_access import PublishedTimes, read_insee_access_times
from .sources.laposte import read_laposte
from .sources.levels import read_levels
from .sources.lines import read_lines
from .sources.operators import OperatorForm, read_operators
from .sources.origins import read_points_of_origin
from .sources.osm_facilities import read_osm_facilities
from .sources.osm_pbf import read_osm_pbf
from .sources.passage import read_passage
from .sources.population_raster import read_population_raster
from .sources.populations import read_populations
from .sources.route500 import read_route500
from .sources.sites import read_annuaire_sites, read_sites
from .tables.inhabitants import Inhabitants
from .tables.levels import Levels
from .tables.movements import Succession
from .tables.places import Places
from .tables.reading import Reading
from .territory import Territory, read_territory

__all__ = [
    "Assumptions",
    "AvailabilityRule",
    "Basket",
    "Bouquet",
    "Calibration",
    "Closing",
    "ClusterError",
    "Comparison",
    "Conversion",
    "Criteria",
    "Criterion",
    "Dashboard",
    "DaskExecutor",
    "Diagnostic",
    "Fault",
    "FetchChoice",
    "FetchError",
    "FetchResult",
    "Gains",
    "Gamme",
    "Hierarchy",
    "Inhabitants",
    "InputError",
    "InseeComparison",
    "Judgement",
    "Land",
    "Levels",
    "Mapping",
    "MissingExtraError",
    "Move",
    "NetworkError",
    "Opening",
    "OperatorForm",
    "OutputError",
    "Places",
    "PublishedTimes",
    "Reach",
    "Reading",
    "RoadNetwork",
    "Scenario",
    "SdaaspError",
    "SearchGraph",
    "Seeds",
    "Sensitivity",
    "Service",
    "Siting",
    "SitingProblem",
    "SitingResult",
    "Spot",
    "Stop",
    "StoredNetworkError",
    "Succession",
    "Territory",
    "TerritoryError",
    "Thresholds",
    "Topology",
    "Variant",
    "access_raster",
    "access_rasters",
    "availability_times",
    "basket_means",
    "build_hierarchy",
    "build_topology",
    "by_level",
    "calibrate_thresholds",
    "check",
    "checked_today",
    "choose_sites",
    "compare",
    "compare_with_insee",
    "contiguous_zones",
    "criticality",
    "customised",
    "dashboard",
    "diagnose",
    "diagnose_file",
    "diagnose_many",
    "explain_mapping",
    "facilities_after",
    "facilities_within",
    "fetch",
    "gamme_means",
    "grid_over",
    "hierarchy_for",
    "improvement",
    "inhabitants_within",
    "inhabited_area_km2",
    "internal_time_min",
    "isochrones",
    "judge_criteria",
    "k_nearest_facilities",
    "level_names",
    "load_basket",
    "load_bouquet",
    "load_criteria",
    "mairies",
    "matrix",
    "matrix_chunks",
    "nearest",
    "nearest_by_hierarchy",
    "nearest_times",
    "nearest_two",
    "nearest_two_by_hierarchy",
    "one_at_a_time",
    "plot_distribution",
    "plot_epci",
    "plot_gain",
    "plot_gamme",
    "plot_isochrones",
    "plot_minutes",
    "plot_remoteness",
    "plot_service",
    "plot_services_sheet",
    "plot_sites",
    "plot_siting",
    "plot_zones",
    "population_mean",
    "reach",
    "reach_times",
    "read_annuaire",
    "read_annuaire_sites",
    "read_areas",
    "read_arrondissements",
    "read_bdtopo",
    "read_bpe",
    "read_bpe_counts",
    "read_candidates",
    "read_chefs_lieux",
    "read_cog_movements",
    "read_communes",
    "read_filosofi",
    "read_finess",
    "read_france_services",
    "read_france_travail",
    "read_graphml",
    "read_insee_access_times",
    "read_laposte",
    "read_levels",
    "read_lines",
    "read_operators",
    "read_osm_facilities",
    "read_osm_pbf",
    "read_passage",
    "read_points_of_origin",
    "read_population_raster",
    "read_populations",
    "read_route500",
    "read_scenario",
    "read_sites",
    "read_territory",
    "remote_against_others",
    "remote_weights",
    "remoteness",
    "sampled",
    "sensitivity",
    "share_within",
    "shipped_baskets",
    "shipped_bouquets",
    "shipped_criteria",
    "simulate",
    "simulate_each",
    "sites_after",
    "topology_for",
    "total_improvement",
    "weighted_median",
    "wide_times",
    "write_access_rasters",
    "write_comparison",
    "write_criteria",
    "write_criticality",
    "write_diagnostic",
    "write_example",
    "write_gains",
    "write_map_set",
    "write_maps",
    "write_maps_only",
    "write_page",
    "write_raster",
    "write_report",
    "write_sensitivity",
    "write_siting",
    "write_workbook",
]
