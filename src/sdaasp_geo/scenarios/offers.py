"""Which services of the basket a site offers: its own, its operators', its bouquet's."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.bouquets import load_bouquet, operator_of, operators, unknown

if TYPE_CHECKING:
    from sdaasp_geo.basket import Basket
    from sdaasp_geo.scenarios.bouquets import Bouquet, Operator
    from sdaasp_geo.scenarios.changes import Opening
    from sdaasp_geo.scenarios.notes import Remarks


class Offers:
    """Looks up the services of openings and of bouquets in one basket.

    Parameters
    ----------
    basket
        The services that count.
    file
        What messages call the scenario.
    remarks
        Receives what a bouquet offers and the basket does not know.
    """

    def __init__(self, basket: Basket, file: str, remarks: Remarks) -> None:
        self._basket = basket
        self._file = file
        self._remarks = remarks
        # A hundred sites with one bouquet read its file once.
        self._load = functools.cache(load_bouquet)

    def of_opening(self, opening: Opening) -> tuple[tuple[str, ...], list[Fault]]:
        """Services of a site, in the order of the basket, and what is wrong with it."""
        faults = [
            unknown(
                self._file,
                "service of the basket",
                name,
                self._basket.service_ids,
                column=_column(opening.where, "services"),
            )
            for name in opening.services
            if name not in self._basket.service_ids
        ]
        told, more = self._operators(opening)
        faults += more
        if opening.bouquet is not None:
            bouquet, more = self._bouquet(opening.bouquet, _column(opening.where, "bouquet"))
            faults += more
            told += [] if bouquet is None else list(bouquet.operators)
        wanted = {*opening.services, *self._services(told, opening.name)}
        if not (opening.services or opening.operators or opening.bouquet):
            expected = "what the site offers: services, bouquet or operators"
            faults.append(Fault(self._file, expected, "none of them", column=opening.where))
        elif not wanted and not faults:
            note = "Aucun service du panier n'y est offert : sans effet sur les temps."
            self._remarks.add(opening.name, "no_service", note)
        return self._in_order(wanted), faults

    def of_bouquet(
        self, name: str, *, subject: str, column: str
    ) -> tuple[tuple[str, ...], list[Fault]]:
        """Services of a bouquet, in the order of the basket, and what is wrong with it."""
        bouquet, faults = self._bouquet(name, column)
        told = [] if bouquet is None else list(bouquet.operators)
        return self._in_order(self._services(told, subject)), faults

    def _operators(self, opening: Opening) -> tuple[list[Operator], list[Fault]]:
        found = [operator_of(name) for name in opening.operators]
        column = _column(opening.where, "operators")
        faults = [
            unknown(self._file, "operator", name, operators(), column=column)
            for name, operator in zip(opening.operators, found, strict=True)
            if operator is None
        ]
        return [operator for operator in found if operator is not None], faults

    def _bouquet(self, name: str, column: str) -> tuple[Bouquet | None, list[Fault]]:
        try:
            return self._load(name), []
        except InputError as error:
            return None, [
                Fault(self._file, item.expected, item.found, item.cause, column=column)
                for item in error.faults
            ]

    def _services(self, told: list[Operator], subject: str) -> set[str]:
        wanted = {item.service for item in told if item.service is not None}
        for service in sorted(wanted - set(self._basket.service_ids)):
            note = f"Le service {service} n'est pas dans le panier {self._basket.name} : il ne compte pas."
            self._remarks.add(subject, "not_in_basket", note)
        return wanted & set(self._basket.service_ids)

    def _in_order(self, wanted: set[str]) -> tuple[str, ...]:
        return tuple(name for name in self._basket.service_ids if name in wanted)


def _column(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
