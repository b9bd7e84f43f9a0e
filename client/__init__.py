"""What browsers get: where its files are. (`python/` beside it is a package of its own.)"""

from pathlib import Path

JS = Path(__file__).with_name("js")
WEB = Path(__file__).with_name("web")
