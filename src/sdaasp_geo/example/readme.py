"""The README of the example's files, with the counts that were really written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sdaasp_geo.example import facilities
from sdaasp_geo.example.communes import WITHOUT_CHEF_LIEU
from sdaasp_geo.example.settlements import ARRONDISSEMENTS, DEPARTEMENT, NEIGHBOUR
from sdaasp_geo.example.sites import WITHOUT_POSITION

if TYPE_CHECKING:
    from sdaasp_geo.example.world import World

_TEMPLATE: Final = """\
# Territoire d'exemple (fictif)

Le département « Exemple » ({departement}) et son voisin ({neighbour}) **n'existent pas** : lieux, noms,
routes, équipements et habitants sont tirés d'une graine ({seed}) par `sdaasp_geo.example`. Les
coordonnées (EPSG:2154) tombent en mer, dans le golfe du Lion, pour que nul ne s'y trompe.
Aucune donnée réelle n'y est copiée. Mêmes versions des bibliothèques (`versions.json`),
mêmes octets.

Pour les refaire ici, depuis la racine du projet :

```sh
python -m sdaasp_geo.example
```

et dans un autre dossier : `sdaasp-geo example DOSSIER`.

| fichier | contenu |
|---|---|
| `communes.gpkg` | couches `communes` ({communes} du {departement}, {inhabitants} habitants, {epci} EPCI ; {neighbours} du {neighbour}), `chefs_lieux` ({without} communes n'en ont pas), `arrondissements` ({arrondissements}, de {city}) |
| `passage_cog.csv` | codes d'autres années ou arrondissements → commune |
| `routes.osm.pbf` | routes au format OpenStreetMap : {nodes} nœuds, {ways} chemins |
| `bpe23.csv` | équipements, mise en forme du fichier détail de la BPE 2023 : {bpe} lignes, la plupart des colonnes vides |
| `operateurs.csv` | {operators} accueils d'opérateurs absents de la BPE |
| `france_services.csv` | {sites} France Services, colonnes de la liste de 2024 |
| `carreaux_1km.gpkg` | {squares} carreaux habités de 1 km (EPSG:3035), colonnes de Filosofi |
| `versions.json` | bibliothèques qui ont écrit ces fichiers |

## Ce que le territoire doit montrer

- une grande ville à {arrondissements} arrondissements, sa couronne, des villes ;
- un massif aux routes rares et sinueuses, un delta au bout d'une route, que l'embouchure
  coupe en deux et qu'un bac traverse (`route=ferry`, 12 min) ;
- une île de deux communes que rien ne relie : elle a ses rues et quelques services, les autres
  lui sont hors d'atteinte (motif `other_component`) ;
- un département voisin dont l'hôpital et la maternité sont plus proches pour les communes de la limite.

## Défauts semés, comme en ont les vrais fichiers

| fichier | défaut | ce que le programme en fait |
|---|---|---|
| `communes.gpkg` | {without} communes sans chef-lieu | point intérieur, signalé |
| `bpe23.csv` | {missing} lignes sans coordonnées (`QUALITE_XY` `_U`) | placées au chef-lieu, signalées |
| `bpe23.csv` | {random} points tirés au hasard dans la commune (`QUALITE_GEOLOC` 33) | placés au chef-lieu |
| `bpe23.csv` | {poor} positions mauvaises (`QUALITE_XY` `M`) | placées au chef-lieu |
| `bpe23.csv` | {far} points à des centaines de km | rejetés |
| `bpe23.csv` | {swapped} lignes aux longitude et latitude échangées | rejetées |
| `bpe23.csv` | {near} points à 7,5 km de leur place, dont la plupart hors de leur commune | signalés |
| `bpe23.csv` | {unknown} lignes au code de commune inconnu ({unknown_code}) | placées par leur position, signalées |
| `bpe23.csv`, `operateurs.csv` | anciens codes de communes : {merged} | ramenés à la commune d'aujourd'hui |
| `bpe23.csv` | codes d'aucun service du panier (A128, A301, A504, C109, C201) | comptés |
| `operateurs.csv` | {without_position} sans coordonnées | placé au chef-lieu, signalé |
| `routes.osm.pbf` | parkings que rien ne relie aux rues, chemins privés, voies sans vitesse | jamais de rattachement à un parking isolé ; voies fermées comptées |
"""


def readme(world: World) -> str:
    """Write the README of a world."""
    here = world.communes["dep"] == DEPARTEMENT
    quality, geolocation = world.bpe["QUALITE_XY"], world.bpe["QUALITE_GEOLOC"]
    random = geolocation == facilities.RANDOM_POINT[1]
    return _TEMPLATE.format(
        departement=DEPARTEMENT,
        neighbour=NEIGHBOUR,
        seed=world.seed,
        communes=int(here.sum()),
        inhabitants=_thousands(int(world.communes.loc[here, "population"].sum())),
        epci=world.communes.loc[here, "siren_epci"].nunique(),
        neighbours=int((~here).sum()),
        without=WITHOUT_CHEF_LIEU,
        arrondissements=len(ARRONDISSEMENTS),
        city=world.arrondissements["nom"].iloc[0].partition(" ")[0],
        nodes=_thousands(len(world.roads.points)),
        ways=_thousands(len(world.roads.ways)),
        bpe=_thousands(len(world.bpe)),
        operators=len(world.operators),
        sites=len(world.france_services),
        squares=_thousands(len(world.squares)),
        missing=facilities.MISSING_POSITIONS,
        random=int(random.sum()),
        poor=int(((quality == "M") & ~random).sum()),
        far=facilities.FAR_POINTS,
        swapped=facilities.SWAPPED_POINTS,
        near=facilities.NEAR_MISSES,
        unknown=facilities.UNKNOWN_CODES,
        unknown_code=facilities.UNKNOWN_CODE,
        merged=", ".join(f"{old} → {new}" for old, new in world.merged.items()),
        without_position=f"`{WITHOUT_POSITION}`",
    )


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", " ")
