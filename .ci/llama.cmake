# Included by CMake right after llama.cpp's own project() call (see .ci/bootstrap.py).
# Assay uses libllama and ggml only: the "common" library (HTTP client, chat parsers,
# argument parsing), tools and tests are left out. This must be a normal variable here,
# because llama-cpp-python forces the cache variable of the same name to ON.
set(LLAMA_BUILD_COMMON OFF)
