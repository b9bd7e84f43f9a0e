"""Confine the current process before it runs code of strangers: resources, files, system calls (seccomp).

Standard library only, and nothing of the pool, so that any child process can load this module alone: that of the
server's sandbox, and that of the native volunteer, whose package has it as a symbolic link. Each function is final:
neither the process nor its children can undo it.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# Not from tempfile, which tries a directory by writing a file: the limits may forbid that by then.
TEMPORARY_DIRECTORIES = ("/tmp", "/var/tmp", "/dev/shm")

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_GET_ACTION_AVAIL = 2
SECCOMP_FILTER_FLAG_TSYNC = 1

RET_KILL_PROCESS = 0x80000000
RET_ERRNO = 0x00050000
RET_ALLOW = 0x7FFF0000

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
OFFSET_NUMBER, OFFSET_ARCH, OFFSET_ARGUMENTS = 0, 4, 16

X32_NUMBERS = 0x40000000
PROT_EXEC = 4
CLONE_THREAD = 0x00010000
# Every CLONE_NEW* flag: no thread needs a namespace of its own.
CLONE_NAMESPACES = 0x7E020080


class Machine(NamedTuple):
    """A processor, for the filter: its audit architecture, and the numbers of its system calls."""

    audit_arch: int
    seccomp: int
    numbers: dict[str, int]
    foreign_numbers_from: int | None


def _words(text: str) -> list[str]:
    return text.split()


def _table(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (pair.split("=") for pair in _words(text))}


MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        317,
        _table(
            "read=0 write=1 close=3 poll=7 lseek=8 mmap=9 mprotect=10 munmap=11 brk=12 rt_sigaction=13"
            " rt_sigprocmask=14 rt_sigreturn=15 select=23 sched_yield=24 mremap=25 madvise=28 nanosleep=35"
            " getitimer=36 setitimer=38 getpid=39 sendto=44 recvfrom=45 clone=56 exit=60 gettimeofday=96"
            " getrusage=98 sigaltstack=131 gettid=186 futex=202 sched_getaffinity=204 restart_syscall=219"
            " clock_gettime=228 clock_getres=229 clock_nanosleep=230 exit_group=231 epoll_wait=232 pselect6=270"
            " ppoll=271 set_robust_list=273 epoll_pwait=281 getrandom=318 pkey_mprotect=329 rseq=334 clone3=435"
        ),
        X32_NUMBERS,
    ),
    "aarch64": Machine(
        0xC00000B7,
        277,
        _table(
            "epoll_pwait=22 close=57 lseek=62 read=63 write=64 pselect6=72 ppoll=73 exit=93 exit_group=94 futex=98"
            " set_robust_list=99 nanosleep=101 getitimer=102 setitimer=103 clock_gettime=113 clock_getres=114"
            " clock_nanosleep=115 sched_getaffinity=123 sched_yield=124 restart_syscall=128 sigaltstack=132"
            " rt_sigaction=134 rt_sigprocmask=135 rt_sigreturn=139 getrusage=165 gettimeofday=169 getpid=172"
            " gettid=178 sendto=206 recvfrom=207 brk=214 munmap=215 mremap=216 clone=220 mmap=222 mprotect=226"
            " madvise=233 getrandom=278 pkey_mprotect=288 rseq=293 clone3=435"
        ),
        None,
    ),
}

# System calls of CPython on open pipes: memory, clocks, its own signals, locks.
ALWAYS = _words(
    "read write close lseek poll ppoll select pselect6 munmap mremap madvise brk futex"
    " rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall getitimer setitimer nanosleep"
    " clock_nanosleep clock_gettime clock_getres gettimeofday getrusage getpid gettid getrandom exit exit_group"
)

# Further ones of V8 and its event loop: threads, a JIT that writes code, an open wake-up socket.
WITH_THREADS = _words(
    "mmap mprotect pkey_mprotect sched_yield sched_getaffinity set_robust_list rseq epoll_wait epoll_pwait recvfrom"
)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def limit_resources(
    memory_bytes: int | None,
    open_files: int,
    *,
    data_bytes: int | None = None,
    processes: int | None = None,
    cpu_seconds: int | None = None,
) -> None:
    """Lower the limits of this process permanently: no core dumps, no bytes into files, and the given ones.

    `memory_bytes` limits the address space. V8 reserves far more than it uses: use `data_bytes` there, which limits the
    private writable memory beyond what is mapped already. `processes` counts all processes and threads of the user;
    the kernel does not apply it to root.
    """
    # Read before the limits apply, which forbid to open /proc/self/status.
    max_data = None if data_bytes is None else data_bytes + written_memory()
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, open_files)
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_DATA, max_data)
    _lower(resource.RLIMIT_CPU, cpu_seconds)
    _lower(resource.RLIMIT_NPROC, processes)


def _lower(limit: int, value: int | None) -> None:
    if value is None:
        return
    hard = resource.getrlimit(limit)[1]
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (lowered, lowered))


def written_memory() -> int:
    """Return the bytes of private writable memory that this process has mapped; 0 without /proc."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    kibibytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmData:")]
    return int(kibibytes[0]) * 1024 if kibibytes else 0


def leave_files() -> None:
    """Change to an empty directory and remove it: nothing can be created in it.

    Where no temporary directory is writable, it is the root directory.
    """
    os.chdir("/")
    for directory in TEMPORARY_DIRECTORIES:
        empty = Path(directory, f"comp-pool-{os.urandom(8).hex()}")
        with contextlib.suppress(OSError):
            empty.mkdir(mode=0o700)
            os.chdir(empty)
            empty.rmdir()
            return


def can_forbid_system_calls() -> bool:
    """Return whether `forbid_system_calls` would work here, without installing anything."""
    machine = _machine()
    if machine is None:
        return False
    wanted = ctypes.c_uint32(RET_KILL_PROCESS)
    return _seccomp(machine, SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(wanted)) == 0


def forbid_system_calls(threads: bool) -> bool:
    """Install an allow list of system calls for this process, all its threads and descendants.

    Any other call fails with EPERM. `threads` allows what V8 needs besides: threads and executable memory.
    Returns whether the list is in force; False on a platform or kernel without seccomp filters.
    """
    machine = _machine()
    return machine is not None and _install(machine, build_filter(machine, threads))


def _machine() -> Machine | None:
    usable = sys.platform == "linux" and struct.calcsize("P") == 8
    return MACHINES.get(platform.machine()) if usable else None


def build_filter(machine: Machine, threads: bool) -> bytes:
    """Return the BPF program of `forbid_system_calls` in the kernel's format."""
    allowed = ALWAYS + (WITH_THREADS if threads else [])
    numbers = machine.numbers
    instructions = [
        *_refuse_other_machines(machine),
        *_allow(numbers[name] for name in allowed if name in numbers),
        *(_allow_threads(numbers) if threads else _allow_plain_memory(numbers)),
        _return(RET_ERRNO | errno.EPERM),
    ]
    return b"".join(instructions)


def _refuse_other_machines(machine: Machine) -> list[bytes]:
    # Under another ABI the same number is another system call, so that the list would allow the wrong ones.
    check = [
        _load(OFFSET_ARCH),
        _jump(JUMP_EQUAL, machine.audit_arch, 1, 0),
        _return(RET_KILL_PROCESS),
        _load(OFFSET_NUMBER),
    ]
    if machine.foreign_numbers_from is None:
        return check
    return [
        *check,
        _jump(JUMP_AT_LEAST, machine.foreign_numbers_from, 0, 1),
        _return(RET_ERRNO | errno.EPERM),
    ]


def _allow(numbers: Iterable[int]) -> list[bytes]:
    return [part for number in numbers for part in _when(number, [_return(RET_ALLOW)])]


def _allow_plain_memory(numbers: dict[str, int]) -> list[bytes]:
    without_exec = [
        _load(_argument(2)),
        _jump(JUMP_ANY_BIT, PROT_EXEC, 1, 0),
        _return(RET_ALLOW),
        _return(RET_ERRNO | errno.EPERM),
    ]
    return [*_when(numbers["mmap"], without_exec), *_when(numbers["mprotect"], without_exec)]


def _allow_threads(numbers: dict[str, int]) -> list[bytes]:
    only_threads = [
        _load(_argument(0)),
        _jump(JUMP_ANY_BIT, CLONE_NAMESPACES, 2, 0),
        _jump(JUMP_ANY_BIT, CLONE_THREAD, 0, 1),
        _return(RET_ALLOW),
        _return(RET_ERRNO | errno.EPERM),
    ]
    # clone3 passes its flags behind a pointer, which a filter cannot read; without it the C library uses clone.
    no_clone3 = [_return(RET_ERRNO | errno.ENOSYS)]
    return [
        *_when(numbers["clone"], only_threads),
        *_when(numbers["clone3"], no_clone3),
        *_when(numbers["sendto"], _no_address()),
    ]


def _no_address() -> list[bytes]:
    # The event loop wakes itself through a connected pair; a message to an address would leave the process.
    return [
        _load(_argument(4)),
        _jump(JUMP_EQUAL, 0, 0, 3),
        _load(_argument(4) + 4),
        _jump(JUMP_EQUAL, 0, 0, 1),
        _return(RET_ALLOW),
        _return(RET_ERRNO | errno.EPERM),
    ]


def _when(number: int, then: Sequence[bytes]) -> list[bytes]:
    return [_jump(JUMP_EQUAL, number, 0, len(then)), *then]


def _argument(index: int) -> int:
    # Both machines are little-endian: the low word of a 64-bit argument comes first.
    return OFFSET_ARGUMENTS + 8 * index


def _load(offset: int) -> bytes:
    return _instruction(LOAD, 0, 0, offset)


def _jump(kind: int, value: int, if_true: int, if_false: int) -> bytes:
    return _instruction(kind, if_true, if_false, value)


def _return(action: int) -> bytes:
    return _instruction(RETURN, 0, 0, action)


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _install(machine: Machine, instructions: bytes) -> bool:
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    program = _Program(len(instructions) // 8, ctypes.addressof(buffer))
    nothing = ctypes.c_long(0)
    if _library().prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_long(1), nothing, nothing, nothing) != 0:
        return False
    # Positive if a thread could not be covered, negative if the kernel has no filters.
    return _seccomp(machine, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program)) == 0


def _seccomp(machine: Machine, operation: int, flags: int, argument: Any) -> int:
    numbers = (ctypes.c_long(number) for number in (machine.seccomp, operation, flags))
    return int(_library().syscall(*numbers, argument))


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
