"""Examples of each command, as its help shows them; the tests parse every one."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("Try it on a fictional département, from nothing to maps:", "example essai"),
        ("", "diagnose essai/exemple.toml --out resultats"),
        ("Your own département, from the official files:", "fetch donnees --departement 43"),
        ("", "doctor donnees/territoire-43.toml"),
    ),
    "example": (("Write it into a new folder:", "example essai"),),
    "check": (
        ("List every fault of every input, before a long run:", "check essai/exemple.toml"),
        ("The same for a program:", "check essai/exemple.toml --json"),
    ),
    "diagnose": (
        ("Tables, maps and report of one territory:", "diagnose essai/exemple.toml -o resultats"),
        ("The tables alone, in a few seconds:", "diagnose essai/exemple.toml -o tables --no-maps"),
        (
            "Several territories, each into a folder of its name:",
            "diagnose donnees/ain.toml donnees/somme.toml -o resultats",
        ),
    ),
    "maps": (
        ("Draw the maps into a folder of their own:", "maps essai/exemple.toml -o cartes"),
        (
            "Draw the maps as vectors, to be edited:",
            "maps essai/exemple.toml -o cartes --format svg",
        ),
    ),
    "grids": (
        (
            "Times to pharmacies on cells of 500 m:",
            "grids essai/exemple.toml -o grilles --service pharmacie --cell-m 500",
        ),
    ),
    "fetch": (
        ("All that a diagnostic of the Haute-Loire needs:", "fetch donnees --departement 43"),
        (
            "Only the squares of 200 m and the France Services:",
            "fetch donnees --departement 43 --only carreaux_200m --only france_services",
        ),
        (
            "The facilities of an older year:",
            "fetch donnees --departement 43 --only bpe --vintage bpe=2023",
        ),
    ),
    "simulate": (
        (
            "What would the sites of a scenario change?",
            "simulate essai/exemple.toml scenario.toml -o gains",
        ),
    ),
    "locate": (
        (
            "The two best mairies for a France Services:",
            "locate essai/exemple.toml -o sites --count 2 --bouquet france_services_2024",
        ),
        (
            "One pharmacy among the places of a list, nearest to all on average:",
            (
                "locate essai/exemple.toml -o sites --count 1 --service pharmacie "
                "--candidates lieux.csv --objective mean_time"
            ),
        ),
    ),
    "compare": (
        (
            "What opened and closed between two years:",
            "compare ancien.toml nouveau.toml -o evolution",
        ),
    ),
    "doctor": (
        ("What is installed, and whether it works:", "doctor"),
        ("What a territory lacks, and what to do next:", "doctor essai/exemple.toml"),
    ),
}
