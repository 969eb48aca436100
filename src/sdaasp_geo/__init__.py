"""How long each inhabitant needs to reach the services of daily life.

The names below load what they need when they are first used, so that importing the
package is fast and does nothing. They are listed, with their types, in ``__init__.pyi``.
"""

import logging

import lazy_loader

# Silent as an import: who wants to hear the steps adds a handler of his own.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
