"""The custom operations in C++ and CUDA: one library, built at first use, kept in the user's cache.

kernels     the sources of all of them
library     loads the library, and builds it where it is missing
build       the command that does so ahead of time
recipe      what the library is made of, and how
toolchain   compilers, found and asked
cache       built libraries: each is whole or not there

Each operation has a twin in plain TensorFlow, in the room that uses it:

    implementation="auto"        the custom one where it can be had, else the plain one, with one
                                 warning
    implementation="custom"      the custom one, or an `InputError` that says why it can't be had
    implementation="tensorflow"  the plain one; inside `jit_compile=True`, only this will do
"""

IMPLEMENTATIONS = ("auto", "custom", "tensorflow")
