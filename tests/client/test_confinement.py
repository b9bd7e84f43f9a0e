"""The limits of a confined process: each attempt runs for real, in a process of its own."""

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from comp_pool import confinement

MACHINE = confinement.MACHINES.get(platform.machine())

pytestmark = pytest.mark.skipif(sys.platform != "linux" or MACHINE is None, reason="the filter is for Linux here")

PRELUDE = """
import ctypes, errno, json, mmap, os, resource, signal, socket, sys, threading
sys.path.insert(0, sys.argv[1])
from comp_pool import confinement

library = ctypes.CDLL(None, use_errno=True)
pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
page = mmap.mmap(-1, 4096)
address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
unconnected = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
before = []
release = threading.Event()

def call(number, *arguments):
    if library.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
        raise OSError(ctypes.get_errno(), "call")

def protect(flags):
    if library.mprotect(address, ctypes.c_size_t(4096), flags) == -1:
        raise OSError(ctypes.get_errno(), "mprotect")

def outcome(attempt):
    try:
        attempt()
    except OSError as ex:
        return errno.errorcode[ex.errno]
    except MemoryError:
        return "memory"
    except RuntimeError as ex:
        return str(ex)
    return "done"

def elsewhere():
    release.wait()
    before.append(outcome(lambda: os.open("/etc/passwd", os.O_RDONLY)))
"""

X86 = platform.machine() == "x86_64"

# Each is refused in either list. The numbers are of x86-64, then of aarch64, where Python has no name for a call.
REFUSED = {
    "open a file": "os.open('/etc/passwd', os.O_RDONLY)",
    "create a file": "os.open('/tmp/comp-pool-test', os.O_CREAT | os.O_WRONLY)",
    "stat a file": "os.stat('/etc/passwd')",
    "list a directory": "os.listdir('/')",
    "unlink a file": "os.unlink('/tmp/comp-pool-none')",
    "rename a file": "os.rename('/tmp/comp-pool-none', '/tmp/comp-pool-other')",
    "make a directory": "os.mkdir('/tmp/comp-pool-test')",
    "make a link": "os.symlink('/etc/passwd', '/tmp/comp-pool-test')",
    "change its directory": "os.chdir('/')",
    "change a mode": "os.chmod('/tmp', 0o777)",
    "make a socket": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "make a unix socket": "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "connect a socket": "unconnected.connect(('127.0.0.1', 9))",
    "listen": "unconnected.listen()",
    "send to an address": "pair[0].sendto(b'x', '/tmp/comp-pool-none')",
    "execute a program": "os.execv('/bin/true', ['true'])",
    "fork": "os.fork()",
    "vfork": f"call({58 if X86 else 220}, {'' if X86 else '0x4111, 0, 0, 0, 0'})",
    "clone a process": f"call({56 if X86 else 220}, 17, 0, 0, 0, 0)",
    "kill": "os.kill(os.getppid(), 0)",
    "kill itself": "os.kill(os.getpid(), 0)",
    "kill a thread": f"call({234 if X86 else 131}, os.getpid(), os.getpid(), 0)",
    "trace a process": f"call({101 if X86 else 117}, 0, 0, 0, 0)",
    "read another's memory": f"call({310 if X86 else 270}, os.getppid(), 0, 0, 0, 0, 0)",
    "raise a limit": "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (1, 1))",
    "become another user": "os.setuid(0)",
    "enter a namespace": f"call({272 if X86 else 97}, 0x10000000)",
    "mount": f"call({165 if X86 else 40}, 0, 0, 0, 0, 0)",
    "load a BPF program": f"call({321 if X86 else 280}, 0, 0, 0)",
    "set up an io_uring": "call(425, 1, 0)",
    "open by handle": f"call({304 if X86 else 265}, 0, 0, 0)",
    "watch performance": f"call({298 if X86 else 241}, 0, 0, 0, 0, 0)",
    "use a key ring": f"call({250 if X86 else 219}, 0, 0, 0, 0, 0)",
    "control a device": f"call({16 if X86 else 29}, 0, 0x5412, 0)",
    "duplicate a descriptor": "os.dup(0)",
    "make a pipe": "os.pipe()",
    "make a memory file": "os.memfd_create('x')",
    "make readable memory executable": f"call({135 if X86 else 92}, 0x0400000)",
    "undo by prctl": f"call({157 if X86 else 167}, 38, 0, 0, 0, 0)",
}

STRICT_ALONE = {
    "map executable memory": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "map writable executable memory": "mmap.mmap(-1, 4096, prot=7)",
    "make memory executable": "protect(5)",
}

ALLOWED = {
    "map memory": "mmap.mmap(-1, 4096)",
    "allocate": "bytearray(1 << 22)",
    "read the clock": "__import__('time').time()",
    "sleep": "__import__('time').sleep(0.001)",
    "draw random bytes": "os.urandom(8)",
    "set a timer": "signal.setitimer(signal.ITIMER_REAL, 60)",
    "handle a signal": "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
    "write": "os.write(2, b'')",
    "protect memory": "protect(3)",
}

WITH_THREADS_ALONE = {
    "start a thread": "threading.Thread(target=int).start()",
    "map executable memory": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "make memory executable": "protect(5)",
    "wake itself up": "pair[0].send(b'x')",
}


def attempt(prepare: str, attempts: dict[str, str], conclude: str = "") -> Any:
    table = "".join(f"    {name!r}: lambda: {code},\n" for name, code in attempts.items())
    script = f"{PRELUDE}\n{prepare}\noutcomes = {{name: outcome(code) for name, code in {{\n{table}}}.items()}}\n"
    script += f"{conclude}\nos.write(1, json.dumps(outcomes).encode())\n"
    package = str(Path(confinement.__file__).parent.parent)
    done = subprocess.run([sys.executable, "-I", "-c", script, package], capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def strict() -> Any:
    everything = {**REFUSED, **STRICT_ALONE, **ALLOWED, "start a thread": WITH_THREADS_ALONE["start a thread"]}
    return attempt("assert confinement.forbid_system_calls(threads=False)", everything)


@pytest.fixture(scope="module")
def threaded() -> Any:
    prepare = "worker = threading.Thread(target=elsewhere)\nworker.start()\n"
    prepare += "assert confinement.forbid_system_calls(threads=True)"
    conclude = "release.set()\nworker.join()\noutcomes['elsewhere'] = before[0]"
    everything = {**REFUSED, **ALLOWED, **WITH_THREADS_ALONE}
    return attempt(prepare, everything, conclude)


@pytest.mark.parametrize("name", [*REFUSED, *STRICT_ALONE])
def test_the_strict_list_refuses_to(name: str, strict: Any) -> None:
    assert strict[name] == "EPERM"


@pytest.mark.parametrize("name", ALLOWED)
def test_the_strict_list_allows_to(name: str, strict: Any) -> None:
    assert strict[name] == "done"


def test_the_strict_list_refuses_threads(strict: Any) -> None:
    assert strict["start a thread"] == "can't start new thread"


@pytest.mark.parametrize("name", REFUSED)
def test_the_list_with_threads_refuses_to(name: str, threaded: Any) -> None:
    assert threaded[name] == "EPERM"


@pytest.mark.parametrize("name", [*ALLOWED, *WITH_THREADS_ALONE])
def test_the_list_with_threads_allows_to(name: str, threaded: Any) -> None:
    assert threaded[name] == "done"


def test_the_list_reaches_threads_that_run_already(threaded: Any) -> None:
    assert threaded["elsewhere"] == "EPERM"


@pytest.mark.parametrize("threads", [False, True])
def test_clone3_is_reported_as_missing_or_refused(threads: bool) -> None:
    outcome = attempt(f"confinement.forbid_system_calls(threads={threads})", {"clone3": "call(435, 0, 0)"})
    assert outcome["clone3"] == ("ENOSYS" if threads else "EPERM")


def test_a_thread_in_a_namespace_of_its_own_is_refused() -> None:
    flags = 0x00010000 | 0x00000800 | 0x00000100 | 0x40000000
    number = 56 if X86 else 220
    outcome = attempt("confinement.forbid_system_calls(threads=True)", {"it": f"call({number}, {flags}, 0, 0, 0, 0)"})
    assert outcome["it"] == "EPERM"


@pytest.mark.skipif(not X86, reason="x32 is an ABI of x86-64")
@pytest.mark.parametrize("threads", [False, True])
def test_x32_numbers_are_refused(threads: bool) -> None:
    outcome = attempt(f"confinement.forbid_system_calls(threads={threads})", {"x32": "call(0x40000000 + 39)"})
    assert outcome["x32"] == "EPERM"


@pytest.mark.skipif(not X86, reason="the other ABI of x86-64")
def test_the_other_abi_is_killed() -> None:
    # mov eax, 20 (getpid of i386); int 0x80; ret
    code = "b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3'"
    prepare = f"code = mmap.mmap(-1, 4096, prot=7)\ncode.write({code})\n"
    prepare += "run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))\n"
    prepare += "confinement.forbid_system_calls(threads=True)"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        attempt(prepare, {"int 0x80": "run()"})
    assert caught.value.returncode < 0


def test_availability_is_checked_without_installing_a_filter() -> None:
    attempts = {"open a file": REFUSED["open a file"]}
    assert attempt("assert confinement.can_forbid_system_calls()", attempts) == {"open a file": "done"}


def test_an_unknown_machine_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "sparc64")
    assert confinement.forbid_system_calls(threads=False) is False
    assert confinement.can_forbid_system_calls() is False


@pytest.mark.parametrize("machine", confinement.MACHINES.values(), ids=confinement.MACHINES)
@pytest.mark.parametrize("threads", [False, True])
def test_a_filter_can_be_built_for(machine: confinement.Machine, threads: bool) -> None:
    program = confinement.build_filter(machine, threads)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096


def test_limits_are_lowered_for_good() -> None:
    prepare = "confinement.limit_resources(1 << 30, 16, cpu_seconds=9)"
    limits = {"AS": 1 << 30, "NOFILE": 16, "CORE": 0, "FSIZE": 0, "CPU": 9}
    conclude = (
        f"outcomes = {{name: resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in {list(limits)}}}"
    )
    assert attempt(prepare, {}, conclude) == {name: [value, value] for name, value in limits.items()}


def test_a_higher_limit_does_not_raise_what_is_lower_already() -> None:
    prepare = "confinement.limit_resources(1 << 30, 8)\nconfinement.limit_resources(1 << 32, 16)"
    conclude = "outcomes = resource.getrlimit(resource.RLIMIT_NOFILE)"
    assert attempt(prepare, {}, conclude) == [8, 8]


def test_memory_is_limited() -> None:
    prepare = "confinement.limit_resources(256 << 20, 16)"
    assert attempt(prepare, {"bomb": "bytearray(512 << 20)"}) == {"bomb": "memory"}


def test_written_memory_is_limited_beyond_what_there_is() -> None:
    prepare = "confinement.limit_resources(None, 16, data_bytes=64 << 20)"
    attempts = {"small": "bytearray(32 << 20)", "large": "bytearray(80 << 20)"}
    assert attempt(prepare, attempts) == {"small": "done", "large": "memory"}


def test_files_take_no_bytes() -> None:
    prepare = "number = os.memfd_create('x')\nconfinement.limit_resources(None, 16)"
    assert attempt(prepare, {"write": "os.write(number, b'x')"}) == {"write": "EFBIG"}


def test_the_directory_is_empty_and_gone() -> None:
    attempts = {"create": "os.mkdir('x')", "where": "os.getcwd()"}
    assert attempt("confinement.leave_files()", attempts) == {"create": "ENOENT", "where": "ENOENT"}


def test_files_can_be_left_after_the_limits() -> None:
    prepare = "confinement.limit_resources(None, 0)\nconfinement.leave_files()"
    assert attempt(prepare, {"where": "os.getcwd()"}) == {"where": "ENOENT"}
