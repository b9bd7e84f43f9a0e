"""A job from a file of JavaScript: `x => x * x`, a module, or functions with the names of a job's fields."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FUNCTIONS = (
    "execute_function",
    "validate_result",
    "validate_variable",
    "variable_scheduler",
    "compare_results",
    "render",
)
SUFFIXES = (".js", ".mjs", ".cjs")
MAX_BYTES = 1 << 20

_START = r"^(?:export\s+)?(?:async\s+)?(?:function\s*\*?\s+|const\s+|let\s+|var\s+)"
_IS_MODULE = re.compile(rf"^export\b|^\s*module\.exports\b|^\s*exports\.\w|{_START}execute_function\b", re.MULTILINE)
_IMPORT = re.compile(r"^import\s*[\w{*\"']", re.MULTILINE)
_DEFAULT = re.compile(r"^export\s+default\s+", re.MULTILINE)
_LIST = re.compile(r"^export\s*\{([^}]*)\}\s*;?", re.MULTILINE)
_NAMED = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|let|var|class)\b)", re.MULTILINE)

# `load` runs the file, and returns what it exports and its functions by name. All of this is before the first line of
# the file, so that the lines of errors are those of the file.
_OPEN = (
    "((load) => {{ const module = {{ exports: {{}} }}; const [exported, named] = load(module, module.exports); "
    "const found = {choice}; "
    'if (typeof found !== "function") throw new TypeError({missing}); '
    "return {adapted}; }})((module, exports) => {{ {strict}"
)
_CLOSE = "\n;return [module.exports, {{ {named} }}]; }})"
_MAIN = (
    'typeof exported === "function" ? exported '
    ": named.execute_function ?? exported.execute_function ?? exported.default"
)
# A function with one parameter returns the result; one with two is an `execute_function` as it is posted.
_ADAPTED = (
    "found.length > 1 ? found : (variable) => { const value = found(variable); "
    'return typeof value?.then === "function" '
    "? value.then((result) => ({ result })) : { result: value }; }"
)
NO_FUNCTION = "the file has no function: end it with `export default FUNCTION`"


class InvalidFile(Exception):
    """A file that is no job."""


@dataclass(frozen=True)
class Source:
    """The functions of a job by field, and a name from that of the file."""

    name: str
    functions: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)

    def job(self, **more: Any) -> dict[str, Any]:
        """Return the job to post. Its name has a digest of its content, so that a changed file is another job."""
        content = {**self.functions, **({"settings": self.settings} if self.settings else {}), **more}
        text = json.dumps(content, sort_keys=True)
        return {"name": f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}", **content}


def is_file(name: str) -> bool:
    """Return whether an argument is a file rather than the id of a job."""
    return name.endswith((*SUFFIXES, ".json")) or "/" in name


def read_source(path: Path, settings: dict[str, Any] | None = None) -> Source:
    """Return the job in a file; raise InvalidFile."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as ex:
        raise InvalidFile(f"{path}: {getattr(ex, 'strerror', None) or 'is not UTF-8'}") from ex
    if _IMPORT.search(text):
        raise InvalidFile(f"{path}: imports another module; bundle it first (docs/jobs.md, packages from npm)")
    return Source(slug(path.stem), functions_of(text), settings or {})


def functions_of(text: str) -> dict[str, str]:
    """Return the functions of a job, by the names of its fields."""
    # A line with an interpreter is no JavaScript within a function.
    text = re.sub(r"\A#![^\n]*", "", text)
    if not _IS_MODULE.search(text):
        return {"execute_function": _wrapped(f"module.exports = ({text.rstrip().removesuffix(';')}\n)", [], "", "")}
    is_strict = bool(re.search(r"^export\b", text, re.MULTILINE))
    body = _without_exports(text)
    names = [name for name in FUNCTIONS if _declares(text, name)]
    strict = '"use strict"; ' if is_strict else ""
    others = {name: _wrapped(body, names, strict, name) for name in names if name != "execute_function"}
    return {"execute_function": _wrapped(body, names, strict, ""), **others}


def _declares(text: str, name: str) -> bool:
    return bool(re.search(rf"{_START}{name}\b|^\s*(?:module\.)?exports\.{name}\s*=", text, re.MULTILINE))


def _without_exports(text: str) -> str:
    text = _LIST.sub(lambda match: _assigned(match[1]), text)
    return _NAMED.sub("", _DEFAULT.sub("module.exports.default = ", text))


def _assigned(names: str) -> str:
    pairs = (part.split(" as ") for part in re.sub(r"\s+", " ", names).split(",") if part.strip())
    return " ".join(f"module.exports.{pair[-1].strip()} = {pair[0].strip()};" for pair in pairs)


def _wrapped(body: str, names: list[str], strict: str, name: str) -> str:
    choice = f"named.{name} ?? exported.{name}" if name else _MAIN
    named = ", ".join(f'{one}: typeof {one} === "function" ? {one} : undefined' for one in names)
    missing = json.dumps(NO_FUNCTION)
    head = _OPEN.format(choice=choice, missing=missing, adapted="found" if name else _ADAPTED, strict=strict)
    return head + body + _CLOSE.format(named=named)


def slug(text: str) -> str:
    """Return a text as a part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "job"
