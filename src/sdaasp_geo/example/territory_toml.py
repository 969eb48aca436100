"""The territory files of the example, commented for the analyst who copies them."""

from __future__ import annotations

from typing import Final, Literal

from sdaasp_geo.example.facilities import VINTAGE
from sdaasp_geo.example.settlements import DEPARTEMENT
from sdaasp_geo.example.sites import OPERATOR_VINTAGE, SERVICE_OF_OPERATOR, SITE_VINTAGE
from sdaasp_geo.example.squares import SIDE_M

Kind = Literal["chef_lieu", "squares"]

_TEMPLATE: Final = """\
# Territoire d'exemple : un département FICTIF. Ni les lieux ni les chiffres n'existent.
# Pour étudier un vrai territoire, copiez ce fichier, changez les chemins et les colonnes.
# Les chemins partent du dossier de ce fichier. Toute clé inconnue est une erreur.
name = "Exemple, département fictif{suffix}"
departement = "{departement}"            # seules ses communes sont des points de départ
crs = "EPSG:2154"              # projection métrique des calculs
buffer_km = 35                 # équipements et routes retenus au-delà de la limite
fictional = true               # chaque sortie le rappelle

# Communes : une couche de polygones, noms de colonnes au choix.
[communes]
path = "{data}communes.gpkg"
layer = "communes"
columns = {{ commune = "code_insee", name = "nom", departement = "dep", population = "population", epci = "siren_epci", epci_name = "nom_epci" }}
[communes.chefs_lieux]         # sans chef-lieu, un point intérieur (et le résumé le dit)
path = "{data}communes.gpkg"
layer = "chefs_lieux"
columns = {{ commune = "code_insee" }}
[communes.arrondissements]     # origines à part, comptées dans leur commune
path = "{data}communes.gpkg"
layer = "arrondissements"
columns = {{ arrondissement = "code_insee", commune = "code_commune", name = "nom", population = "population" }}
[communes.passage]             # codes d'autres années → commune d'aujourd'hui
path = "{data}passage_cog.csv"
columns = {{ old = "code_ancien", commune = "code_insee" }}

{origins}
# Routes : un extrait OpenStreetMap.
[[roads]]
format = "osm_pbf"
path = "{data}routes.osm.pbf"

# Équipements : la BPE, puis les listes des opérateurs qu'elle ne connaît pas.
[[facilities]]
source = "bpe"
path = "{data}bpe{short_vintage}.csv"
vintage = {vintage}
[[facilities]]
source = "operators"
path = "{data}operateurs.csv"
vintage = "{operator_vintage}"
columns = {{ service = "service", facility = "id", name = "nom", commune = "code_insee", lon = "lon", lat = "lat" }}
services = {{ {services} }}

# France Services : des lieux qui offrent plusieurs services (cartes et simulations).
[[sites]]
source = "france_services"
path = "{data}france_services.csv"
vintage = {site_vintage}

[basket]
name = "sdaasp-29"

# Les hypothèses qui manquent ici gardent leur valeur par défaut ; toutes sont
# enregistrées avec le résultat.
[assumptions]
access_speed_kmh = 25          # du point à la route, et de la route à la porte
access_length_factor = 1.3
snap_limit_m = 5000
min_component_nodes = 50       # jamais rattaché à un parking isolé
same_commune = "internal_estimate"    # routed | internal_estimate | zero
missing_service = "exclude_and_count" # exclude_and_count | propagate | cap:60
basket_mean = "by_service"            # by_service | by_gamme | by_frequency | median

# Minutes au-delà desquelles une commune est dite éloignée.
[thresholds]
proximite_min = {proximite}
intermediaire_min = {intermediaire}
superieure_min = {superieure}
basket_min = {basket}              # pour les zones où l'ensemble du panier est loin

[cache]                        # le réseau construit y est gardé
dir = "{cache}"
"""

_CHEF_LIEU: Final = """\
# Points de départ : le chef-lieu de chaque commune, l'arrondissement dans la ville.
[origins]
kind = "chef_lieu"             # chef_lieu | squares | points
"""

_SQUARES: Final = """\
# Points de départ : le milieu de chaque carreau habité.
[origins]
kind = "squares"               # chef_lieu | squares | points
path = "{data}carreaux_1km.gpkg"
layer = "carreaux_1km"
columns = {{ origin = "idcar_1km", population = "ind" }}
size_m = {side_m}
"""

THRESHOLDS_MIN: Final = {
    "proximite": 6.0,
    "intermediaire": 15.0,
    "superieure": 30.0,
    "basket": 15.0,
}


def territory_toml(data: str, *, cache: str, kind: Kind = "chef_lieu") -> str:
    """Write the text of a territory file.

    Parameters
    ----------
    data
        Path of the data folder from the file's own, empty or with its slash.
    cache
        Folder of the built network, from the file's own.
    kind
        Points of departure.
    """
    squares = kind == "squares"
    origins = _SQUARES.format(data=data, side_m=SIDE_M) if squares else _CHEF_LIEU
    return _TEMPLATE.format(
        suffix=", carreaux" if squares else "",
        departement=DEPARTEMENT,
        data=data,
        origins=origins,
        vintage=VINTAGE,
        short_vintage=VINTAGE % 100,
        operator_vintage=OPERATOR_VINTAGE,
        services=", ".join(
            f'{name} = "{service}"' for name, service in SERVICE_OF_OPERATOR.items()
        ),
        site_vintage=SITE_VINTAGE,
        cache=cache,
        **THRESHOLDS_MIN,
    )
