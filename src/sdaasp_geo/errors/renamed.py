"""Old names of arguments and functions, which go on working for a while, with a warning."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def renamed_arguments(
    *, removed_in: str, **names: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take arguments by their old names, with a warning.

    Parameters
    ----------
    removed_in
        Version in which the old names go.
    names
        Old name → new name.

    Returns
    -------
    Callable
        A decorator. The function it gives raises a TypeError where both names of an
        argument are given, and a FutureWarning, which Python shows by default, where the
        old one is.

    Examples
    --------
    >>> @renamed_arguments(removed_in="0.3", minutes="time_min")
    ... def rounded(*, time_min): return round(time_min)
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rounded(minutes=4.6)
    5
    >>> print(caught[0].message)
    rounded: the argument 'minutes' is now 'time_min'; the old name goes in version 0.3
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in names.items():
                if old not in kwargs:
                    continue
                name = function.__name__
                if new in kwargs:
                    message = f"{name}: expected '{new}' alone, found '{old}', its old name, too"
                    raise TypeError(message)
                message = (
                    f"{name}: the argument '{old}' is now '{new}'; "
                    f"the old name goes in version {removed_in}"
                )
                warnings.warn(message, FutureWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate


def renamed_function(old: str, function: Callable[P, R], *, removed_in: str) -> Callable[P, R]:
    """Return a function under its old name, which warns and goes on as the new one.

    Parameters
    ----------
    old
        The old name.
    function
        Under its new name.
    removed_in
        Version in which the old name goes.
    """
    message = f"{old} is now {function.__name__}; the old name goes in version {removed_in}"

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        warnings.warn(message, FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = old
    call.__doc__ = f"Old name of :func:`{function.__name__}`, until version {removed_in}."
    return call
