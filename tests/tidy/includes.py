"""Who may include what: the architecture, as a check.

    app -> everything
    core/<folder> -> the core folders above it in core/CMakeLists.txt, and the SDK
    connectors, functions -> the SDK, their own folder, and a sibling that is a plain library
    sdk -> itself, the standard library and Boost.Asio; function.h the standard library alone
"""

import posixpath
import re

from tree import Fault

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Which folders may use a third-party library, by the start of its headers' names. A library that is
# not listed is refused everywhere, so that a new dependency is a decision.
THIRD_PARTY = {
    "CLI/": ("app/",),
    "amqp.h": ("connectors/amqp/",),
    "amqp_framing.h": ("connectors/amqp/",),
    "boost/asio": ("sdk/", "core/", "connectors/", "app/"),
    "boost/beast": ("core/admin/", "core/http/", "connectors/http_client/"),
    "boost/container": ("core/", "connectors/"),
    "boost/json": ("core/", "connectors/", "functions/", "app/"),
    "boost/multiprecision": ("connectors/",),
    "boost/system": ("sdk/", "core/", "connectors/", "app/"),
    "boost/unordered": ("core/", "connectors/"),
    "boost/url": ("core/", "connectors/", "app/"),
    "boost/version": ("app/",),
    "curl/": ("connectors/mail/",),
    "date/tz.h": ("connectors/schedule/",),
    "fmt/": ("core/", "connectors/", "app/"),
    "jpeglib.h": ("functions/",),
    "jerror.h": ("functions/",),
    "jq.h": ("core/expression/",),
    "jv.h": ("core/expression/",),
    "libpq-fe.h": ("connectors/postgres/",),
    "librdkafka/": ("connectors/kafka/",),
    "nettle/": ("functions/",),
    "opencv2/": ("functions/",),
    "openssl/": ("core/", "connectors/", "functions/"),
    "png.h": ("functions/",),
    "prometheus/": ("core/observe/",),
    "pugixml.hpp": ("connectors/",),
    "rocksdb/": ("core/state/",),
    "simdjson.h": ("core/", "connectors/"),
    "spdlog/": ("core/observe/",),
    "turbojpeg.h": ("functions/",),
    "valijson/": ("core/config/", "app/"),
    "vips/": (),
    "webp/": ("functions/",),
    "xxhash.h": ("core/", "connectors/", "functions/"),
    "yaml-cpp/": ("core/config/", "app/"),
    "zlib.h": ("connectors/records/",),
    "zstd.h": ("connectors/records/",),
}
TEST_ONLY = ("gtest/", "gmock/", "rapidcheck")
# tests/ and bench/ span folders and may use what they compare or inspect.
ANYTHING = ("tests/", "bench/")

POSIX_FOLDERS = ("arpa/", "linux/", "net/", "netinet/", "sys/")
POSIX = {"dirent.h", "dlfcn.h", "fcntl.h", "fnmatch.h", "ftw.h", "glob.h", "grp.h", "link.h",
         "netdb.h", "poll.h", "pthread.h", "pwd.h", "sched.h", "spawn.h", "termios.h", "unistd.h",
         "immintrin.h", "arm_neon.h", "cxxabi.h", "malloc.h", "sanitizer/"}
C_HEADERS = {"assert.h", "errno.h", "inttypes.h", "limits.h", "math.h", "setjmp.h", "signal.h",
             "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "time.h"}
STD_ONLY_ROOTS = ("sdk/tidemill/function.h", "sdk/tidemill/function_abi.h")


def includes(tree, path):
    for number, line in tree.lines(path):
        if match := INCLUDE.match(line):
            yield number, match[1] == '"', match[2]


def core_order(tree):
    """The core folders from the foundations up, as the build lists them."""
    match = re.search(r"foreach\(folder ([a-z_\s]+)\)", tree.read("core/CMakeLists.txt"))
    return match[1].split() if match else []


def is_system(name):
    return ("/" not in name and "." not in name) or name in C_HEADERS or name in POSIX or \
        name.startswith(POSIX_FOLDERS) or name.startswith("sanitizer/")


def is_test(path):
    return path.endswith(("_test.cc", "_fixture.h")) or path.startswith(ANYTHING) or \
        "/testing/" in path


def check_angle(path, name):
    if is_system(name) or path.startswith(ANYTHING):
        return None
    if name.startswith(TEST_ONLY):
        return None if is_test(path) else f"<{name}> belongs in tests"
    for prefix, folders in THIRD_PARTY.items():
        if name.startswith(prefix):
            if path.startswith(folders):
                return None
            allowed = ", ".join(folders) or "tests/ and bench/"
            return f"<{name}> may be included from {allowed} only"
    if name.startswith("tidemill/"):
        return f'write "{name}" with quotes'
    return f"<{name}> is of no library that tests/tidy/includes.py declares"


def check_quoted(tree, order, path, name):
    top, *rest = path.split("/")
    if name.startswith("tidemill/"):
        return None if tree.exists("sdk/" + name) else f'"{name}" is not a header of sdk/'
    if path.startswith(ANYTHING) or top == "app":
        return None
    if name.startswith("core/"):
        if top != "core":
            return f"{top}/ may not include core/: what it needs belongs in sdk/"
        own, other = rest[0], name.split("/")[1]
        if own not in order or other not in order:
            return f'"{name}": not a folder that core/CMakeLists.txt lists'
        if order.index(other) > order.index(own):
            return f"core/{own} may not include core/{other}, which lies above it"
        return None
    if name.startswith(("connectors/", "app/", "tests/", "bench/")) and not name.startswith(
            posixpath.dirname(path) + "/"):
        return f'{top}/ may not include "{name}"'
    own_folder = posixpath.join(posixpath.dirname(path), name)
    if tree.exists(own_folder) or tree.exists(name):
        return None
    if is_shared(tree, top, name):
        return None
    return f'"{name}" is neither in this folder nor in sdk/'


def is_shared(tree, top, name):
    """Connectors may share a folder that is no connector itself, and functions likewise."""
    build = posixpath.join(top, posixpath.dirname(name), "CMakeLists.txt")
    return top in ("connectors", "functions") and tree.exists(posixpath.join(top, name)) and \
        tree.exists(build) and not re.search(r"tidemill_(connector|builtin_function)\(",
                                             tree.read(build))


def include_order(tree):
    order = core_order(tree)
    for path in tree.code:
        for number, quoted, name in includes(tree, path):
            fault = check_quoted(tree, order, path, name) if quoted else check_angle(path, name)
            if fault:
                yield Fault(path, number, fault)


def std_only_function_header(tree):
    """A function's author needs a compiler and the SDK, no other library."""
    seen, todo = set(), [path for path in STD_ONLY_ROOTS if tree.exists(path)]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for number, quoted, name in includes(tree, path):
            if quoted and tree.exists("sdk/" + name):
                todo.append("sdk/" + name)
            elif not quoted and not is_system(name):
                yield Fault(path, number, f"<{name}> reaches function.h, which is std only")
