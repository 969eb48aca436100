"""What the readers noted about rows, in French, for a page that a committee reads."""

from __future__ import annotations

import re

from sdaasp_geo.report.french import BEFORE_UNIT

# The readers write English, as files and messages do. A note is made of parts joined by
# one of these, each of which is told in French on its own.
_JOINTS = re.compile(r"(; |: |, found )")
_FRENCH_JOINTS = {"; ": " ; ", ": ": f"{BEFORE_UNIT}: ", ", found ": f", trouvé{BEFORE_UNIT}: "}

# Pattern, French for one row, French for all rows alike (the same if empty).
_PARTS: tuple[tuple[str, str, str], ...] = (
    (
        r"([\d.]+) km from its commune (\S+)",
        "à {0} km de sa commune {1}",
        "position loin de sa commune",
    ),
    (
        r"chef-lieu ([\d.]+) km outside its commune",
        "chef-lieu à {0} km de sa commune",
        "chef-lieu hors de sa commune",
    ),
    (r"outside the département (\S+)", "hors du département {0}", "hors du département"),
    (r"coordinates out of the range of (.+)", "coordonnées impossibles en {0}", ""),
    (r"a point outside the area of use of (.+)", "point hors du domaine de {0}", ""),
    (r"more fields than the (\d+) of the header", "plus de champs que les {0} de l'en-tête", ""),
    (r"a (\S+) inside a cell", "séparateur {0} dans une cellule", ""),
    (r"(\w+) not understood, the class speed is used", "{0} illisible, vitesse de la classe", ""),
    (r"placed at its commune", "placé à sa commune", ""),
    (r"placed by its position", "placé par sa position", ""),
    (r"taken as no position", "compté comme sans position", ""),
    (r"no position", "sans position", ""),
    (r"an interior point instead", "remplacé par un point intérieur", ""),
    (r"no chef-lieu", "chef-lieu absent", ""),
    (r"latitude and longitude swapped", "latitude et longitude inversées", ""),
    (
        r"latitude and longitude \(or the two projected axes\) swapped",
        "latitude et longitude (ou axes projetés) inversées",
        "",
    ),
    (r"unknown commune code", "code commune inconnu", ""),
    (r"no commune code", "code commune absent", ""),
    (
        r"not an INSEE commune code of 5 characters",
        "le code n'est pas un code commune Insee à 5 caractères",
        "",
    ),
    (r"a leading zero eaten by a spreadsheet", "zéro initial perdu par un tableur", ""),
    (
        r"in the study area, but its commune is not in the communes file",
        "dans la zone d'étude, mais sa commune n'est pas dans le fichier des communes",
        "",
    ),
    (r"outside (?:the study )?area", "hors de la zone d'étude", ""),
    (r"in no known commune", "dans aucune commune connue", ""),
    (
        r"(\d+) of (\d+) squares are imputed",
        "{0} carreaux imputés sur {1}",
        "carreaux imputés",
    ),
    (
        r"all but their number of inhabitants is estimated",
        "leurs chiffres, hors le nombre d'habitants, sont estimés par l'Insee",
        "",
    ),
    (r"in the land of another projected CRS", "dans une région d'une autre projection", ""),
    (r"no service of the basket has this code", "code d'aucun service du panier", ""),
    (r"a service that another file gives \(without\)", "service pris dans un autre fichier", ""),
    (r"no code of a service", "code de service absent", ""),
    (r"no identifier", "identifiant absent", ""),
    (r"a repetition of an earlier row", "répétition d'une ligne précédente", ""),
    (
        r"expected a whole number of facilities, 0 or more",
        "nombre d'équipements attendu (entier, 0 ou plus)",
        "",
    ),
    (r"a count of 0", "nombre d'équipements nul", ""),
    (r"expected a number of inhabitants, 0 or more", "nombre d'habitants attendu", ""),
    (r"a coordinate that is not a number", "coordonnée qui n'est pas un nombre", ""),
    (r"one coordinate without the other", "une coordonnée sans l'autre", ""),
    (r"coordinates 0, 0", "coordonnées 0, 0", ""),
    (r"coordinates in no known system", "système de coordonnées inconnu", ""),
    (r"coordinates that are not numbers", "coordonnées qui ne sont pas des nombres", ""),
    (
        r"coordinates with latitude and longitude .*swapped",
        "coordonnées avec latitude et longitude (ou axes projetés) inversées",
        "",
    ),
    (r"expected a line", "ligne attendue", ""),
    (r"expected a point", "point attendu", ""),
    (r"expected a square or a point", "carreau ou point attendu", ""),
    (r"no geometry", "géométrie absente", ""),
    (r"an empty geometry", "géométrie vide", ""),
    (r"a line without length", "ligne sans longueur", ""),
    (r"a (\w+)", "{0}", ""),
    (r"no road class", "classe de route absente", ""),
    (
        r"expected a speed above 0 km/h",
        "vitesse attendue au-dessus de 0 km/h",
        "",
    ),
    (r"closed to cars, or not known", "route fermée aux voitures, ou vitesse inconnue", ""),
    (r"unknown direction of traffic", "sens de circulation inconnu", ""),
    (r"taken as both ways", "compté à double sens", ""),
    (r"unreadable speed limit", "limite de vitesse illisible", ""),
    (r"the speed of the class instead", "vitesse de la classe à la place", ""),
    (r"not made for cars", "voie non faite pour les voitures", ""),
    (r"closed to inhabitants' cars", "voie fermée aux voitures des habitants", ""),
    (r"direction by the hour", "sens variable selon l'heure", ""),
    (r"fewer than two nodes of the way in the file", "moins de deux nœuds dans le fichier", ""),
    (
        r"cut where nodes of the way are not in the file",
        "coupée là où des nœuds manquent dans le fichier",
        "",
    ),
    (r"not made for walkers", "voie non faite pour les piétons", ""),
    (r"not made for cyclists", "voie non faite pour les cyclistes", ""),
    (r"closed to walkers", "voie fermée aux piétons", ""),
    (r"closed to cyclists", "voie fermée aux cyclistes", ""),
    (r"not in service", "voie hors service", ""),
    (r"closed to cars", "voie fermée aux voitures", ""),
    (r"average speed 0", "vitesse moyenne nulle", ""),
    (r"closed in one season", "fermée en une saison", ""),
    (r"taken as open", "comptée ouverte", ""),
    (r"told length does not fit the line", "longueur indiquée contraire au tracé", ""),
    (r"the length factor of the file instead", "coefficient du fichier à la place", ""),
    (
        r"told length does not fit the line, which is measured instead",
        "longueur indiquée contraire au tracé, qui est mesuré à la place",
        "",
    ),
    (
        r"expected a line, or x and y on both nodes, found none",
        "tracé, ou position des deux nœuds, absent",
        "",
    ),
    (r"closed for good", "fermé définitivement", ""),
    (
        r"no node of it in the file, or a relation that is no multipolygon",
        "aucun nœud dans le fichier, ou relation qui n'est pas un multipolygone",
        "",
    ),
    (
        r"maybe the same place as (\S+)",
        "peut-être le même lieu que {0}",
        "peut-être le même lieu qu'un autre",
    ),
    (
        r"(\d+) of (\d+) places may be those of ([^:]+)",
        "{0} sur {1} peut-être déjà dans {2}",
        "des lieux sont peut-être déjà dans un autre fichier",
    ),
    (
        r"(\d+) inhabitants of the file of populations are of no commune here",
        "{0} habitants du fichier des populations ne sont d'aucune commune ici",
        "des habitants du fichier des populations ne sont d'aucune commune ici",
    ),
    (
        r"files of other years, which communes.movements would bring together",
        "fichiers d'années différentes, que communes.movements rapprocherait",
        "",
    ),
    (r"they count twice", "ils comptent deux fois", ""),
    (
        r"roads of the same land as ([^:]+)",
        "routes des mêmes lieux que {0}",
        "routes des mêmes lieux qu'un autre fichier",
    ),
    (
        r"two products do not meet, and both are driven on",
        "deux produits ne se rejoignent pas, et l'on roule sur les deux",
        "",
    ),
    (
        r"same service at the same place as row (\d+)",
        "même service au même lieu que la ligne {0}",
        "même service au même lieu qu'une autre ligne",
    ),
    (
        r"same service and name in one commune as row (\d+)",
        "même service et même nom dans la commune que la ligne {0}",
        "même service et même nom dans la commune qu'une autre ligne",
    ),
    (r"perhaps one and the same", "peut-être un seul et même lieu", ""),
    (r"known by the name of its commune", "reconnu par le nom de sa commune", ""),
    (r"several communes", "plusieurs communes", ""),
    (r"its position decides", "sa position décide", ""),
    (r"several addresses", "plusieurs adresses", ""),
    (r"the first one is taken", "la première est retenue", ""),
    (r"the position of a postal address alone", "position d'une adresse postale seulement", ""),
    (r"no kind of service", "sorte de service absente", ""),
    (r"not an entry of this directory", "ce n'est pas une fiche de cet annuaire", ""),
    (
        r"the identifier of an earlier row at another place",
        "identifiant d'une ligne précédente, en un autre lieu",
        "",
    ),
    (r"give each place its own", "donnez à chaque lieu le sien", ""),
    (r"closed by the vintage of the file", "fermé au millésime du fichier", ""),
    (r"not open yet at the vintage of the file", "pas encore ouvert au millésime du fichier", ""),
    (r"a date that cannot be read", "date illisible", ""),
    (r"opening hours that cannot be read", "horaires illisibles", ""),
    (r"closed", "fermé", ""),
    (r"its state is not ACTUEL", "son état n'est pas ACTUEL", ""),
    (r"itinerant", "itinérant", ""),
    (r"it stands at its seat, not at its stops", "placé à son siège, non à ses arrêts", ""),
    (r"one-way in an undirected graph", "sens unique dans un graphe non orienté", ""),
    (r"a commune split since", "commune partagée depuis", ""),
    (r"not among the communes of the territory", "hors des communes du territoire", ""),
    (r"in none of the levels", "dans aucun des niveaux", ""),
    (r"a commune that was there already", "commune déjà présente", ""),
    (r"no number of inhabitants, 0 or more", "nombre d'habitants absent ou impossible", ""),
    (r"another year", "une autre année", ""),
)


def french_note(reason: str, *, general: bool = False) -> str:
    """Tell a note about a row in French; a note of unknown words is left as it is.

    Parameters
    ----------
    reason
        As a reader wrote it.
    general
        Without the figures of the row, so that notes alike read the same.

    Examples
    --------
    >>> note = "3.0 km from its commune 13004: placed at its commune"
    >>> french_note(note).replace("\u00a0", " ")
    'à 3,0 km de sa commune 13004 : placé à sa commune'
    >>> french_note(note, general=True).replace("\u00a0", " ")
    'position loin de sa commune : placé à sa commune'
    >>> french_note("something new")
    'something new'
    """
    whole = _part(reason, general=general)
    if whole is not None:
        return whole
    pieces = _JOINTS.split(reason)
    told = [_part(piece, general=general) for piece in pieces[::2]]
    joints = [_FRENCH_JOINTS[joint] for joint in pieces[1::2]]
    text = ""
    for part, joint in zip(told, [*joints, ""], strict=True):
        if part is None:
            return reason
        text += part + joint
    return text


def _part(text: str, *, general: bool) -> str | None:
    for pattern, one, alike in _PARTS:
        if found := re.fullmatch(pattern, text):
            words = [_comma(group) for group in found.groups()]
            return (alike if general and alike else one).format(*words)
    return None


def _comma(text: str) -> str:
    return text.replace(".", ",") if re.fullmatch(r"\d+\.\d+", text) else text
