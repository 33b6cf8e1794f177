"""The only package that opens sockets: an HTTP client for what the user has switched on, and the
socket the user's own server listens on.

Covered: https with the system's certificates, but for this computer and the hosts the user names;
limits on the time and the size; a stop at any moment; redirects within one host, elsewhere only
where the request allows it and then without its secrets; no more requests than a host allows, and
asking again when it says so. A request carries its address, what the source needs and
"Assay/<version>": no cookies, and no proxy, so that what the log names is what was connected to
(the proxies of the environment are ignored).
"""

from engine.net.client import ATTEMPTS, Client
from engine.net.listening import listen
from engine.net.stream import Stream

__all__ = ["ATTEMPTS", "Client", "Stream", "listen"]
