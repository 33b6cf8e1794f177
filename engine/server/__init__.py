"""An OpenAI-compatible server over the model; it knows nothing of the portfolio.

Answers are plain output of the model: no tool of Assay's is called and no data of the user's is
put into a prompt. Whoever starts it says which socket, which key and which hosts.
"""

from engine.server.app import create_app
from engine.server.backend import Backend
from engine.server.options import Limits, ServerOptions
from engine.server.running import RunningServer

__all__ = ["Backend", "Limits", "RunningServer", "ServerOptions", "create_app"]
