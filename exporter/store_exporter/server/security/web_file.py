"""The web configuration file, read again when it or a certificate changes."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from ...config import ConfigError
from ...config.model.tls_server import ssl_context
from ...config.model.web import WebConfig, load_web
from ...config.settling import stamp

log = logging.getLogger(__name__)


class WebFile:
    """A web configuration file whose changes take effect without a restart.

    Raises:
        ConfigError: at construction, when the file has problems.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._config: WebConfig | None
        self._context: ssl.SSLContext | None
        self._watched: tuple[Path, ...] = ()
        config = self._load()
        self.guards = config.guards
        """Whether every client needs a password or a certificate. Only a restart can end that."""
        self.tls: Callable[[], ssl.SSLContext | None] | None = (
            None if self._context is None else self._current_context
        )
        """Returns the TLS context of a new connection, see `listen.listening`; None without TLS."""

    def current(self) -> WebConfig | None:
        """Return the file's present content, or None while it has problems."""
        if self._stamps() != self._stamp:
            try:
                config = self._load()
            except ConfigError as error:
                self._config = None
                log.error(
                    "the web configuration has problems; all requests are refused",
                    extra={"problems": str(error)},
                )
            else:
                log.info("the web configuration was read again")
                self._refuse_switch(config)
        return self._config

    def _load(self) -> WebConfig:
        # Taken before reading, so that the next check sees a change in between.
        self._stamp = self._stamps()
        config = load_web(self._path)
        tls = config.tls
        self._context = ssl_context(tls) if tls else None
        self._config = config
        watched = tls.files if tls else ()
        if watched != self._watched:
            self._watched = watched
            return self._load()
        for warning in config.warnings():
            log.warning("accepted in %s: %s", self._path, warning)
        return config

    def _refuse_switch(self, config: WebConfig) -> None:
        if (self._context is None) != (self.tls is None):
            self._config = None
            log.error("TLS can only be enabled or disabled by a restart; all requests are refused")
        elif self.guards and not config.guards:
            # A truncated file must not open access to an address that it protected before.
            self._config = None
            log.error("only a restart removes passwords and certificates; all requests are refused")

    def _stamps(self) -> object:
        return tuple(map(stamp, (self._path, *self._watched)))

    def _current_context(self) -> ssl.SSLContext | None:
        return None if self.current() is None else self._context
