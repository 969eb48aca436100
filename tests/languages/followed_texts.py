"""Reads the source and lists every text that can reach a fault or an error's message.

A text is followed back from where an exception is made: through names, conditions, loops,
functions and their arguments, to the literals it is made of. A part that comes from data
(a file's name, a number) is a hole, ``{}``; a part that is a text of ours again, ``{*}``.
"""

import ast
import functools
import itertools
import re
from pathlib import Path

import sdaasp_geo
from sdaasp_geo.errors.translation import MESSAGE

ROOT = Path(sdaasp_geo.__file__).parent
HOLE, TEXT = "{}", "{*}"
_MOST = 40
_CODE = re.compile(r"[_:./'\d]")
_SINKS = ("expected", "found", "cause")
_STRING_METHODS = {"strip", "removeprefix", "removesuffix", "rstrip", "format"}


def _children(node):
    """Yield the parts of a node; who reads a name and who sets it does not matter here."""
    for field in node._fields:
        value = getattr(node, field)
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            yield value


def _params(node):
    given = node.args
    return [item.arg for item in (*given.posonlyargs, *given.args)]


class Source:
    """The package, parsed."""

    def __init__(self, root=ROOT):
        self.modules = {
            path.relative_to(root).as_posix(): ast.parse(path.read_text("utf-8"))
            for path in sorted(root.rglob("*.py"))
        }
        self.functions, self.classes, self.constants = {}, {}, {}
        self.parents, self.calls, self.names, self.imported = {}, {}, {}, {}
        for name, tree in self.modules.items():
            self._index(name, tree)

    def _index(self, name, tree):
        self._keep_constants(tree)
        self.names[tree], self.imported[name] = name, {}
        open_nodes = [tree]
        while open_nodes:
            node = open_nodes.pop()
            for child in _children(node):
                self.parents[child] = node
                open_nodes.append(child)
            if isinstance(node, ast.Call):
                self.calls.setdefault(_callee(node), []).append(node)
            elif isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.ClassDef):
                self.classes.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[name][alias.asname or alias.name] = f"{node.module}."

    def _keep_constants(self, tree):
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.constants.setdefault(statement.targets[0].id, []).append(statement.value)
            if isinstance(statement, ast.AnnAssign) and statement.value is not None:
                self.constants.setdefault(statement.target.id, []).append(statement.value)

    def module_of(self, node):
        """Name of the module in which a node stands."""
        while node not in self.names:
            node = self.parents[node]
        return self.names[node]

    def errors(self):
        """Names of the exceptions of the library."""
        known = {"SdaaspError"}
        while True:
            more = {
                name
                for name, nodes in self.classes.items()
                for node in nodes
                if known & {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
            }
            if more <= known:
                return known
            known |= more

    def sinks(self):
        """Expressions whose text a reader will see."""
        errors = self.errors()
        for name, calls in self.calls.items():
            if name in errors:
                yield from (call.args[0] for call in calls if call.args)
            for made in (*self.functions.get(name, ()), *self.classes.get(name, ())):
                known = [call for call in calls if self.calls_it(made, call)]
                for place, parameter in enumerate(self.parameters(made)):
                    if parameter in _SINKS:
                        for call in known:
                            yield from _argument(call, place, parameter)
        for module in ("assumptions.py", "territory/reading.py"):
            for node in ast.walk(self.modules[module]):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    yield from node.exc.args[:1]

    def calls_it(self, function, call):
        """Whether a function is the caller's own, or imported by it; a class is by its name."""
        if isinstance(function, ast.ClassDef):
            return True
        here, there = self.module_of(call), self.module_of(function)
        if here == there:
            return True
        if function.name.startswith("_"):
            return False
        if isinstance(call.func, ast.Attribute):
            return Path(there).stem == getattr(call.func.value, "id", "").removeprefix("_")
        home = "sdaasp_geo." + there.removesuffix(".py").replace("/", ".") + "."
        # Some names are imported from the package of their module.
        return home.startswith(self.imported[here].get(function.name, "-"))

    def parameters(self, node):
        """Names of the parameters of a function or a class of the library."""
        if isinstance(node, ast.FunctionDef):
            names = _params(node)
            return names[1:] if names[:1] in (["self"], ["cls"]) else names
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return _params(item)[1:]
        return [item.target.id for item in node.body if isinstance(item, ast.AnnAssign)]


def _callee(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _argument(call, place, parameter):
    if place < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args):
        yield call.args[place]
    yield from (item.value for item in call.keywords if item.arg == parameter)


class Follower:
    """Follows an expression back to its literals."""

    def __init__(self, source):
        self.source = source
        self.found = {}

    def all(self, sinks):
        """Template → a place where it is made, for the texts that reach some expressions."""
        for sink in sinks:
            for text in self.texts(sink):
                self._keep(text, sink)
        return {text: self.found[text] for text in sorted(self.found) if _speaks(text)}

    def _keep(self, text, node):
        for piece in _pieces(text):
            self.found.setdefault(piece, f"{self.source.module_of(node)}:{node.lineno}")

    def texts(self, node, busy=frozenset()):
        """Return the templates an expression may give; empty where it is data."""
        if node in busy:
            return []
        kind = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        given = kind(node, busy | {node}) if kind else []
        return list(dict.fromkeys(given))[:_MOST]

    def _of_constant(self, node, _busy=frozenset()):
        if not isinstance(node.value, str):
            return []
        return [node.value.replace("{", "{{").replace("}", "}}")]

    def _of_joinedstr(self, node, busy):
        parts = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append(self._of_constant(value))
                continue
            texts = [] if value.conversion == ord("r") else self.texts(value.value, busy)
            if not texts:
                parts.append([HOLE])
            elif isinstance(value.value, ast.IfExp):
                parts.append(texts)
            else:
                for text in texts:
                    self._keep(text, value)
                parts.append([TEXT] if any(map(_speaks, texts)) else [HOLE])
        return ["".join(chosen) for chosen in itertools.islice(itertools.product(*parts), _MOST)]

    def _of_ifexp(self, node, busy):
        return [*self.texts(node.body, busy), *self.texts(node.orelse, busy)] or []

    def _of_boolop(self, node, busy):
        return [text for value in node.values for text in self.texts(value, busy)]

    def _of_binop(self, node, busy):
        if not isinstance(node.op, ast.Add):
            return []
        sides = [self.texts(side, busy) or [HOLE] for side in (node.left, node.right)]
        joined = [a + b for a, b in itertools.product(*sides)]
        return joined if joined != [HOLE + HOLE] else []

    def _of_namedexpr(self, node, busy):
        return self.texts(node.value, busy)

    def _of_dict(self, node, busy):
        return [text for value in node.values for text in self.texts(value, busy)]

    def _of_subscript(self, node, busy):
        if isinstance(node.value, ast.Name | ast.Dict | ast.Tuple):
            return self.texts(node.value, busy)
        return []

    def _of_call(self, node, busy):
        name = _callee(node)
        if isinstance(node.func, ast.Attribute):
            if name in _STRING_METHODS:
                return self.texts(node.func.value, busy)
            if name == "get" and isinstance(node.func.value, ast.Dict | ast.Name):
                inside = self.texts(node.func.value, busy)
                more = [text for value in node.args[1:] for text in self.texts(value, busy)]
                return [*inside, *more] if inside else []
        given = []
        for function in self.source.functions.get(name, ()):
            if self.source.calls_it(function, node):
                given += self._returned(function, busy)
        return given

    def _returned(self, function, busy):
        for value in _results(function):
            yield from self.texts(value, busy)

    def _of_name(self, node, busy):
        function = self._function(node)
        while function is not None:
            values, added = (bound.get(node.id, ()) for bound in _bindings(function))
            if values:
                texts = [text for value in values for text in self.texts(value, busy)]
                more = [text for value in added for text in self.texts(value, busy)]
                return [*texts, *(text + end for text in texts for end in more)]
            if node.id in [a.arg for a in _all_args(function)]:
                return self._from_callers(function, node.id, busy)
            function = self._function(function)
        values = self.source.constants.get(node.id, ())
        same = [v for v in values if self.source.module_of(v) == self.source.module_of(node)]
        return [text for value in same or values for text in self.texts(value, busy)]

    def _function(self, node):
        node = self.source.parents.get(node)
        while node is not None and not isinstance(node, ast.FunctionDef):
            node = self.source.parents.get(node)
        return node

    def _from_callers(self, function, name, busy):
        names = _params(function)
        held = names[:1] in (["self"], ["cls"])
        called = function.name
        if called == "__init__":
            called = self.source.parents[function].name
        place = names.index(name) - held if name in names else 10**6
        given = []
        for call in self.source.calls.get(called, ()):
            if self.source.calls_it(function, call) or called != function.name:
                for value in _argument(call, place, name):
                    given += self.texts(value, busy)
        arguments = function.args
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults = [
            *zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in defaults:
            if argument.arg == name and default is not None:
                given += self.texts(default, busy)
        return given


def _all_args(function):
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


@functools.cache
def _results(function):
    """Values that a function returns; of several at once, each."""
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    tuples = [value.elts if isinstance(value, ast.Tuple) else [value] for value in returned]
    return [value for values in tuples for value in values if value is not None]


@functools.cache
def _bindings(function):
    """What each name is bound to in a function, and what is added to it (+=)."""
    values, added = {}, {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            pairs = [pair for target in node.targets for pair in _unpacked(target, node.value)]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
            pairs = _unpacked(node.target, node.value)
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(
            node.iter, ast.Tuple | ast.List
        ):
            pairs = [pair for item in node.iter.elts for pair in _unpacked(node.target, item)]
        else:
            continue
        for name, value in pairs:
            kept = added if isinstance(node, ast.AugAssign) else values
            kept.setdefault(name, []).append(value)
    return values, added


def _unpacked(target, value):
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple):
        if isinstance(value, ast.IfExp):
            yield from _unpacked(target, value.body)
            yield from _unpacked(target, value.orelse)
            return
        for place, item in enumerate(target.elts):
            if isinstance(value, ast.Tuple) and place < len(value.elts):
                yield from _unpacked(item, value.elts[place])
            elif isinstance(value, ast.Call) and isinstance(item, ast.Name):
                yield item.id, value


def _pieces(text):
    """Yield a template; a whole message of the usual form gives its parts."""
    whole = MESSAGE.fullmatch(text)
    if whole is None:
        yield text
    else:
        yield from (piece for piece in whole.groups() if piece)


def _speaks(text):
    """Tell words from what is the same in every language: codes, keys, names of files."""
    words = text.replace(TEXT, "").replace(HOLE, "").strip()
    if not any(letter.isalpha() for letter in words):
        return False
    if words.startswith("--"):
        return False
    return any(letter.isspace() for letter in words) or not _CODE.search(words)


@functools.cache
def source():
    """The package, parsed once."""
    return Source()


@functools.cache
def error_templates():
    """Every text of an error, with a place where it is made."""
    return Follower(source()).all(source().sinks())


def texts_of(arguments):
    """Texts given to some functions, by the place of the argument, and where they are made."""
    given = (
        call.args[place]
        for name, place in arguments.items()
        for call in source().calls.get(name, ())
        if len(call.args) > place
    )
    # They are templates already: their braces are holes.
    texts = Follower(source()).all(given)
    return {text.replace("{{", "{").replace("}}", "}"): place for text, place in texts.items()}


def logged_texts():
    """Texts of the log, in the form of the sentences."""
    texts = texts_of({"debug": 0, "info": 0, "warning": 0, "error": 0})
    return {text.replace("%s", HOLE).replace("%d", HOLE): place for text, place in texts.items()}


def to_fill_in(missing):
    """Say what is missing, as lines to be filled in."""
    lines = [f'{_toml(text)} = ""  # {place}' for text, place in sorted(missing.items())]
    return "\n".join(lines)


def _toml(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
