"""Why tests of llama.cpp's do not pass here, and which need the very model they download."""

import re

MODEL = "checks words or token counts of the model stories260K"

_MODEL = (
    r"test_basic::test_load_split_model",
    r"test_completion::test_completion(_stream)?\[.*",
    r"test_completion::test_completion(_stream)?_with_openai_library",
    r"test_completion::test_completion_response_fields\[.*response_fields1\]",
    r"test_completion::test_completion_prompt_cache",
    r"test_chat_completion::test_chat_completion(_stream)?\[.*",
    r"test_chat_completion::test_chat_completion_cached_tokens",
    r"test_chat_completion::test_chat_completion_with_openai_library",
    # Its <s> is written "<s> ".
    r"test_chat_completion::test_chat_template",
    # How many steps a prompt takes depends on how many tokens it has.
    r"test_chat_completion::test_return_progress\[.*",
)
_CORS = "deliberate: web pages from elsewhere are not let in unless named, and never all of them"
_REASONS = (
    (r"test_security::test_cors_options\[.*", _CORS),
    (
        r"test_security::test_access_static_assets_without_api_key",
        "asks for files of llama.cpp's own web page; ours are served without a key as well",
    ),
    (
        r"test_security::test_cors_origins_defaults_to_localhost_with_tools_enabled",
        "there is no option --tools: the server runs no tools of its own",
    ),
    (
        r"test_security::test_cors_proxy_.*",
        "deliberate: the server fetches nothing for anybody, so there is no proxy",
    ),
    (r"test_security::test_local_media_file\[.*-True\]", "images are not read"),
)


def needs_their_model(name: str) -> bool:
    """Whether a test ("file::test[parameters]") can only pass with stories260K itself."""
    return any(re.fullmatch(pattern, name) for pattern in _MODEL)


def explain(name: str) -> str:
    """Why a test may fail, "" if it should pass."""
    if needs_their_model(name):
        return MODEL
    return next((why for pattern, why in _REASONS if re.fullmatch(pattern, name)), "")
