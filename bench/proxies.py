"""nginx and Caddy before a pool, configured as docs/hosting.md says, for many connections."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench import http

NGINX = """
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log warn;
events {{ worker_connections 16384; }}
worker_rlimit_nofile 18000;
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  client_max_body_size 17m;
  keepalive_timeout 75s;
  keepalive_requests 10000;
  upstream pool {{ server 127.0.0.1:{pool}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://pool;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""
CADDY = """
{{
  admin off
  auto_https off
  log {{
    level ERROR
  }}
}}
http://127.0.0.1:{port} {{
  reverse_proxy 127.0.0.1:{pool}
}}
"""


@contextmanager
def nginx(pool: int, directory: Path) -> Iterator[int]:
    port = http.free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(NGINX.format(port=port, pool=pool, directory=directory))
    with _running(["nginx", "-p", str(directory), "-c", str(configuration), "-g", "daemon off;"], port):
        yield port


@contextmanager
def caddy(pool: int, directory: Path) -> Iterator[int]:
    port = http.free_port()
    configuration = directory / "Caddyfile"
    configuration.write_text(CADDY.format(port=port, pool=pool))
    with _running(["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)], port):
        yield port


PROXIES: dict[str, Callable[[int, Path], AbstractContextManager[int]]] = {"nginx": nginx, "caddy": caddy}


def available() -> list[str]:
    return [name for name in PROXIES if shutil.which(name) or Path(f"/usr/sbin/{name}").exists()]


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        http.wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()
        time.sleep(0.1)
