"""TensorFlow 1 programs: placeholders, variables, optimizers and a session become those of ``paddle.static``.

The two are alike: a program is described, started once, and run with a feed and a list of results. Four things
are not, and are written out:

- a feed names its inputs, and its arrays must have the dtype of the input, so each is converted;
- Paddle runs the whole program, a training step included: results without a training step are fetched from the
  part of the program that they need (``normalize_program``);
- an executor is no context, so ``with tf.Session() as sess`` gets ``contextlib.nullcontext``;
- a parameter is made from a shape, a dtype and an initialiser.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst
import libcst.matchers as m

if TYPE_CHECKING:
    from paddlify.apimap.names import Names

_DTYPES = {"float": "float32", "double": "float64", "half": "float16", "tf.int32": "int32"}
_LONG = 80
_MAIN = "paddle.static.default_main_program()"
_INITIALIZER = "paddle.nn.initializer"
_SWITCHES = ("tf.disable_v2_behavior", "tf.disable_eager_execution")


class Program:
    """What a TensorFlow 1 file does with its session; inactive when it makes none."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.placeholders: dict[str, str] = {}
        self.sessions: set[str] = set()
        self.train_steps: set[str] = set()
        self.starts: set[str] = set()
        self._optimizers: set[str] = set()
        self._uses: set[str] = set()
        if names.generation == 1:
            self._analyse()
        self.active = bool(self.sessions)

    # what the file's names are

    def _analyse(self) -> None:
        for node in m.findall(self.names.module, m.Call()):
            if not isinstance(node, cst.Call):
                continue
            name, target = self._api(node), self._target(node)
            if target is None:
                continue
            if name == "tf.Session":
                self.sessions.add(target)
            elif name == "tf.global_variables_initializer":
                self.starts.add(target)
            elif name == "tf.placeholder" and (dtype := self._dtype(self._argument(node, 0, "dtype"))):
                self.placeholders[target] = dtype
            elif name is not None and name.startswith("tf.train.") and name.endswith("Optimizer"):
                self._optimizers.add(target)
        for node in m.findall(self.names.module, m.Call(func=m.Attribute(attr=m.Name("minimize")))):
            if isinstance(node, cst.Call) and (target := self._target(node)) and self._is_optimizer(node):
                self.train_steps.add(target)

    def _is_optimizer(self, minimize: cst.Call) -> bool:
        if not isinstance(minimize.func, cst.Attribute):
            return False
        made_by = minimize.func.value
        if isinstance(made_by, cst.Name):
            return made_by.value in self._optimizers
        name = self._api(made_by) if isinstance(made_by, cst.Call) else None
        return name is not None and name.startswith("tf.train.") and name.endswith("Optimizer")

    def _api(self, call: cst.Call) -> str | None:
        """The name of the TensorFlow 1 API that a call calls."""
        found = self.names.lookup(call.func)
        return str(found[0]) if found and found[1] == 1 else None

    def _target(self, call: cst.Call) -> str | None:
        """The single name that a call's result is bound to, by an assignment or by ``with … as``."""
        parent = self.names.parents.get(call)
        if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
            target = parent.targets[0].target
        elif isinstance(parent, cst.WithItem) and parent.asname:
            target = parent.asname.name
        else:
            return None
        return str(target.value) if isinstance(target, cst.Name) else None

    @staticmethod
    def _argument(call: cst.Call, position: int, keyword: str) -> cst.BaseExpression | None:
        for index, argument in enumerate(call.args):
            if argument.keyword.value == keyword if argument.keyword else index == position:
                return argument.value
        return None

    def _dtype(self, node: cst.BaseExpression | None) -> str | None:
        """The Paddle name of a literal dtype: ``tf.float32``, ``"float"``, or after rewriting ``paddle.float32``."""
        if node is None:
            return None
        code = self._code(node)
        if isinstance(node, cst.SimpleString):
            text = ast.literal_eval(code)
            return _DTYPES.get(str(text), str(text))
        found = self.names.lookup(node)
        name = found[0] if found else code
        prefix, _, last = name.rpartition(".")
        return str(last) if prefix in ("tf", "paddle") else None

    # what the rewriter asks

    def header(self) -> Iterator[str]:
        """Statements that the rewritten file needs below ``import paddle``."""
        if "contextlib" in self._uses:
            yield "import contextlib"
        if "numpy" in self._uses:
            yield "import numpy"
        switched = any(reference.name in _SWITCHES for reference in self.names.references())
        if self.active and not switched:
            yield "paddle.enable_static()"

    def refusal(self, call: cst.Call, name: str) -> str:
        """Why a call of the table cannot be rewritten in this file, or nothing."""
        if name.startswith("tf.train.") and name.endswith("Optimizer") and not self.active:
            return "outside of a static program Paddle needs the list of parameters"
        return ""

    def call(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression | None:
        """The replacement of a call that only a whole program can decide, or None."""
        if not self.active:
            return None
        name = self._api(original)
        if name == "tf.placeholder":
            return self._placeholder(original, updated)
        if name == "tf.Variable":
            return self._variable(original, updated)
        if name == "tf.global_variables_initializer" and not original.args:
            return cst.parse_expression("paddle.static.default_startup_program()")
        if name == "tf.Session" and not original.args:
            return self._session(original)
        if m.matches(original.func, m.Attribute(value=m.Name(), attr=m.Name("run"))):
            return self._run(original, updated)
        return None

    def _placeholder(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression | None:
        target, shape = self._target(original), self._argument(updated, 1, "shape")
        if target not in self.placeholders or shape is None or len(updated.args) > 2:
            return None
        return cst.parse_expression(
            f'paddle.static.data("{target}", {self._code(shape)}, "{self.placeholders[target]}")'
        )

    def _session(self, original: cst.Call) -> cst.BaseExpression:
        if isinstance(self.names.parents.get(original), cst.WithItem):
            self._uses.add("contextlib")
            return cst.parse_expression("contextlib.nullcontext(paddle.static.Executor())")
        return cst.parse_expression("paddle.static.Executor()")

    def _variable(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression | None:
        """``tf.Variable`` of a constant or random tensor of a literal kind."""
        if len(original.args) != 1 or original.args[0].keyword is not None:
            return None
        start = original.args[0].value
        if not isinstance(start, cst.Call):
            return None
        shape = self._argument(start, 0, "shape")
        if shape is None:
            return None
        given = {a.keyword.value: self._code(a.value) for a in start.args[1:] if a.keyword}
        if any(a.keyword is None for a in start.args[1:]):
            return None
        name = self._api(start)
        if name in ("tf.zeros", "tf.ones") and not given:
            initializer = f"{_INITIALIZER}.Constant({'0.0' if name == 'tf.zeros' else '1.0'})"
        elif name == "tf.random_normal" and set(given) <= {"mean", "stddev"}:
            initializer = f"{_INITIALIZER}.Normal({given.get('mean', '0.0')}, {given.get('stddev', '1.0')})"
        elif name == "tf.truncated_normal" and set(given) <= {"stddev"}:
            deviation = given.get("stddev", "1.0")
            initializer = f"{_INITIALIZER}.TruncatedNormal(0.0, {deviation}, -2 * {deviation}, 2 * {deviation})"
        elif name == "tf.random_uniform" and set(given) <= {"minval", "maxval"}:
            initializer = f"{_INITIALIZER}.Uniform({given.get('minval', '0.0')}, {given.get('maxval', '1.0')})"
        else:
            return None
        code = f'paddle.create_parameter({self._code(shape)}, "float32", default_initializer={initializer})'
        return cst.parse_expression(code)

    def _run(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression | None:
        session = self._code(original.func).removesuffix(".run")
        fetches, feed = self._argument(updated, 0, "fetches"), self._argument(updated, 1, "feed_dict")
        if session not in self.sessions or fetches is None or len(updated.args) > (2 if feed else 1):
            return None
        if self._code(fetches) in (*self.starts, "paddle.static.default_startup_program()"):
            return updated if feed is None else None
        fed = self._feed(feed)
        if fed is None:
            return None
        keys, feed_code = fed
        single = isinstance(fetches, cst.Name)
        wanted = [fetches] if single else [e.value for e in fetches.elements] if isinstance(fetches, cst.List) else []
        if not wanted or not all(isinstance(item, cst.Name) for item in wanted):
            return None
        results = [self._code(item) for item in wanted]
        steps = [name for name in results if name in self.train_steps]
        if results[: len(steps)] != steps:
            return None
        rest = results[len(steps) :]
        return cst.parse_expression(self._run_code(session, keys, feed_code, rest, len(steps), single))

    def _run_code(self, session: str, keys: list[str], feed: str, rest: list[str], steps: int, single: bool) -> str:
        options = ([f"feed={feed}"] if keys else []) + ([f"fetch_list=[{', '.join(rest)}]"] if rest else [])
        if rest and not steps and self.train_steps:
            needed = f"paddle.static.normalize_program({_MAIN}, [{', '.join(keys)}], [{', '.join(rest)}])"
            options.insert(0, needed)
        code = f"{session}.run({', '.join(options)})"
        if len(code) > _LONG:
            code = f"{session}.run(\n" + "".join(f"    {option},\n" for option in options) + ")"
        if single:
            return code if steps else f"{code}[0]"
        return f"[{'None, ' * steps}*{code}]" if steps else code

    def _feed(self, feed: cst.BaseExpression | None) -> tuple[list[str], str] | None:
        """The placeholders of a literal feed dictionary, and the dictionary that Paddle wants."""
        if feed is None:
            return [], ""
        if not isinstance(feed, cst.Dict):
            return None
        keys, items = [], []
        for element in feed.elements:
            if not isinstance(element, cst.DictElement) or not isinstance(element.key, cst.Name):
                return None
            key = element.key.value
            if key not in self.placeholders:
                return None
            keys.append(key)
            items.append(f'"{key}": numpy.asarray({self._code(element.value)}, "{self.placeholders[key]}")')
        self._uses.add("numpy")
        return keys, f"{{{', '.join(items)}}}"

    def _code(self, node: cst.CSTNode) -> str:
        return str(self.names.module.code_for_node(node))
