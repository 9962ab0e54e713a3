"""The GoogleTest binaries: every test of every *Tests program in the build's bin/tests."""
import os

import lit.formats

build = os.environ.get(
    "DIT_BUILD", os.path.join(os.path.dirname(__file__), "..", "..", "build"))

config.name = "ditc-unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.suffixes = []
# In a sanitized build what is undefined must fail, not only be printed.
config.environment["UBSAN_OPTIONS"] = "halt_on_error=1"
# LLVM's arenas poison what is not handed out yet, but its libraries, which are
# built without a sanitizer, do not take that back.
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
config.test_source_root = os.path.join(os.path.abspath(build), "bin", "tests")
config.test_exec_root = config.test_source_root
