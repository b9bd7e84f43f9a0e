"""Documents of a pool and their links: resolved against where the document was found, templates expanded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from comp_pool.errors import MissingLink

RESERVED = ("_links", "_embedded")
EXPRESSION = re.compile(r"\{([/?&]?)(\w+\*?(?:,\w+\*?)*)\}")

Values = Mapping[str, str | Sequence[str]]


@dataclass
class Document:
    """A JSON object of a pool, with the address that it was read from."""

    address: str
    content: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Tell whether there is a link of this name."""
        return self._href(name) is not None

    def link(self, name: str, values: Values | None = None) -> str:
        """Return the absolute address of a link, its template expanded; raise MissingLink without one."""
        href = self._href(name)
        if href is None:
            raise MissingLink(name, self.address)
        try:
            return urljoin(self.address, expand(href, values or {}))
        except ValueError as ex:  # Such as "http://[": no address at all.
            raise MissingLink(name, self.address) from ex

    @property
    def data(self) -> dict[str, Any]:
        """Everything but the reserved fields."""
        return {name: value for name, value in self.content.items() if name not in RESERVED}

    def embedded(self, name: str) -> Any:
        """Return what is embedded under this name, None without it."""
        embedded = self.content.get("_embedded")
        return embedded.get(name) if isinstance(embedded, dict) else None

    def items(self) -> "Iterator[Document]":
        """Iterate the documents of one page of a collection."""
        items = self.embedded("items")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                yield Document(self.address, item, self.headers)

    def _href(self, name: str) -> str | None:
        links = self.content.get("_links")
        found = links.get(name) if isinstance(links, dict) else None
        href = found.get("href") if isinstance(found, dict) else found
        return href if isinstance(href, str) else None


def expand(template: str, values: Values) -> str:
    """Expand the URI templates that pools use (RFC 6570): `{name}`, `{/name}`, `{?name}`, `{?name*,other}`."""
    return EXPRESSION.sub(lambda match: _expand_one(match[1], match[2], values), template)


def _expand_one(operator: str, names: str, values: Values) -> str:
    given = [(name, _several(values.get(name) or ())) for name in names.replace("*", "").split(",")]
    if operator in ("?", "&"):
        query = urlencode([(name, one) for name, several in given for one in several], quote_via=quote)
        return operator + query if query else ""
    parts = [",".join(quote(one, safe="") for one in several) for _, several in given if several]
    return operator + (operator or ",").join(parts) if parts else ""


def _several(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
