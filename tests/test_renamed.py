import warnings

import pytest

from sdaasp_geo.errors.renamed import renamed_arguments, renamed_function


@renamed_arguments(removed_in="9.0", minutes="time_min", place="site")
def visit(first, *, time_min=3, site=None):
    """Say what was given."""
    return first, time_min, site


def test_the_new_name_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert visit(1, time_min=4) == (1, 4, None)
    assert visit.__doc__ == "Say what was given."


def test_the_old_name_works_and_warns_where_it_is_called():
    match = r"visit: the argument 'minutes' is now 'time_min'; .* version 9\.0"
    with pytest.warns(FutureWarning, match=match) as caught:
        assert visit(1, minutes=5, site="b") == (1, 5, "b")
    assert caught[0].filename == __file__


def test_both_names_are_refused():
    with pytest.raises(TypeError, match="expected 'site' alone, found 'place', its old name, too"):
        visit(1, place="a", site="b")


def test_an_unknown_name_is_python_s_own_matter():
    with pytest.raises(TypeError, match="unexpected keyword argument 'sites'"):
        visit(1, sites="a")


def test_a_function_under_its_old_name():
    old = renamed_function("called", visit, removed_in="9.0")
    with pytest.warns(FutureWarning, match=r"called is now visit; .* version 9\.0") as caught:
        assert old(1, time_min=2) == (1, 2, None)
    assert caught[0].filename == __file__
    assert old.__name__ == "called"
    assert "visit" in old.__doc__
