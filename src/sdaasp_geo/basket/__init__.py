"""Baskets of services: which services, in which gammes, under which codes."""

from sdaasp_geo.basket.baskets import Basket, Gamme, Service, load_basket, shipped_baskets

__all__ = ["Basket", "Gamme", "Service", "load_basket", "shipped_baskets"]
