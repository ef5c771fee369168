"""The part of Grafana's HTTP API that creates an organisation for each org.

Only a server administrator with basic authentication can create organisations. Every other call
names its organisation in a header, so that it does not depend on the organisation that the
administrator used last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from .. import CommandError
from . import servers

ORG_HEADER = "X-Grafana-Org-Id"
_IGNORED = ("id", "version")
_REFUSED = (401, 403, 404)


class Grafana:
    """Grafana's API, as one of its server administrators uses it.

    Args:
        client: sends requests to Grafana with the administrator's password.
        user: the administrator's name.
    """

    def __init__(self, client: httpx.Client, user: str) -> None:
        self._client = client
        self._user = user

    def sign_in(self) -> None:
        """Check that the user can sign in and create organisations.

        If Grafana permits anonymous access, it treats a wrong password as an anonymous visitor, and
        refuses only later requests, for another reason.

        Raises:
            CommandError: the password is wrong, or the user is no server administrator.
        """
        path = "/api/user"
        response = self._request("GET", path, None, None)
        found = {} if response.status_code in _REFUSED else self._json("GET", path, response)
        if not found.get("login"):
            raise CommandError(f"Grafana does not accept {self._user} with this password")
        if not found.get("isGrafanaAdmin"):
            raise CommandError(
                f"{self._user} is no server administrator of Grafana, and only one can make "
                "organisations"
            )

    def organisation(self, name: str) -> tuple[int, bool]:
        """Create an organisation if missing, and join it; return its id, and whether it is new."""
        found = self._get(f"/api/orgs/name/{quote(name, safe='')}")
        if found is not None:
            member = {"loginOrEmail": self._user, "role": "Admin"}
            self._send("POST", f"/api/orgs/{found['id']}/users", member, allowed=(409,))
            return int(found["id"]), False
        return int(self._send("POST", "/api/orgs", {"name": name})["orgId"]), True

    def datasource(self, org: int, wanted: Mapping[str, Any]) -> str:
        """Create or overwrite a datasource with its secrets; return what was done to it.

        An existing datasource of the same name is overwritten and keeps its uid.
        """
        uid = wanted["uid"]
        found, done = self._get(f"/api/datasources/uid/{uid}", org), "kept"
        if found is None:
            name = quote(wanted["name"], safe="")
            found, done = self._get(f"/api/datasources/name/{name}", org), "adopted"
        if found is None:
            self._send("POST", "/api/datasources", wanted, org)
            return "created"
        if found.get("readOnly"):
            raise CommandError(
                f"datasource {wanted['name']} is provisioned from a file of Grafana's, and cannot "
                "be pinned to the org; rename it there"
            )
        # Its secrets cannot be read back. So it is written each time, which restores its org after
        # any change.
        body = {**wanted, "uid": found["uid"]}
        self._send("PUT", f"/api/datasources/uid/{found['uid']}", body, org)
        return done

    def folder(self, org: int, uid: str, title: str) -> None:
        """Create a folder if missing."""
        if self._get(f"/api/folders/{uid}", org) is None:
            self._send("POST", "/api/folders", {"uid": uid, "title": title}, org)

    def prefer(self, org: int, home: str, timezone: str | None) -> None:
        """Set the start page of an organisation, and its time zone if it is known."""
        wanted = {"homeDashboardUID": home, **({"timezone": timezone} if timezone else {})}
        self._send("PATCH", "/api/org/preferences", wanted, org)

    def dashboard(self, org: int, folder: str, wanted: Mapping[str, Any]) -> bool:
        """Write a dashboard if it is missing or differs; return whether it was written."""
        found = self._get(f"/api/dashboards/uid/{wanted['uid']}", org)
        if found is not None and _content(found["dashboard"]) == _content(wanted):
            return False
        message = "written by store-exporter grafana"
        body = {"dashboard": dict(wanted), "folderUid": folder, "overwrite": True}
        self._send("POST", "/api/dashboards/db", {**body, "message": message}, org)
        return True

    def _get(self, path: str, org: int | None = None) -> Any:
        """Return the JSON at a path; None if there is none."""
        response = self._request("GET", path, None, org)
        return None if response.status_code == 404 else self._json("GET", path, response)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        org: int | None = None,
        allowed: tuple[int, ...] = (),
    ) -> Any:
        response = self._request(method, path, body, org)
        return None if response.status_code in allowed else self._json(method, path, response)

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None, org: int | None
    ) -> httpx.Response:
        headers = {} if org is None else {ORG_HEADER: str(org)}
        return self._client.request(method, path, json=body, headers=headers)

    @staticmethod
    def _json(method: str, path: str, response: httpx.Response) -> Any:
        content = servers.json_of(response)
        if not isinstance(content, dict):
            content = {} if response.is_error else {"message": "no JSON object; is this Grafana?"}
        elif response.is_success:
            return content
        message = servers.printable.line(str(content.get("message", "")))
        raise CommandError(
            f"{method} {path}: Grafana responded {response.status_code} {message}".rstrip()
        )


def _content(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard without the keys that Grafana adds."""
    return {key: value for key, value in dashboard.items() if key not in _IGNORED}
