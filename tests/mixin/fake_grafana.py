"""The part of Grafana's HTTP API that `store-exporter grafana` uses, kept in memory.

Grafana itself cannot be installed where the tests run. This server keeps to what its documentation
says: organisations by basic authentication of a server administrator only, everything else within
the organisation that the header names and of which the user is a member.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fakes.handlers import Handler, handling

USER, PASSWORD = "admin", "correct horse"
VISITOR = 401, {"message": "Unauthorized"}
"""What a visitor, or whom Grafana takes for one, is told when asked who it is."""


@dataclass
class Organisation:
    """One organisation and all that is in it, by uid."""

    name: str
    members: set[str] = field(default_factory=set)
    datasources: dict[str, dict[str, Any]] = field(default_factory=dict)
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=dict)


class AnsweredError(Exception):
    """Ends the handling of a request with a status and a body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class FakeGrafana:
    """The server's memory.

    Attributes:
        orgs: by id.
        calls: method and path of every request.
        anonymous: whether visitors without an account may look, as Viewers of the first.
        broken: when set, every request is answered with this status.
    """

    def __init__(self) -> None:
        self.orgs: dict[int, Organisation] = {1: Organisation("Main Org.", {USER})}
        self.calls: list[tuple[str, str]] = []
        self.broken: int | None = None
        self.anonymous = False

    def named(self, name: str) -> Organisation:
        """The organisation of that name."""
        (org,) = [org for org in self.orgs.values() if org.name == name]
        return org

    def handle(self, method: str, path: str, header: str | None, body: dict[str, Any]) -> Any:
        """The answer to a request that is authenticated."""
        self.calls.append((method, path))
        if self.broken:
            raise AnsweredError(self.broken, {"message": "the database is locked"})
        match [unquote(part) for part in path.split("/")[2:]]:
            case ["user"]:
                return {"login": USER, "isGrafanaAdmin": True}
            case ["orgs", *rest]:
                return self.organisations(method, rest, body)
            case [kind, *rest]:
                return self.within(self.context(header), method, kind, rest, body)
        raise AnsweredError(404, {"message": "Not found"})

    def organisations(self, method: str, rest: list[str], body: dict[str, Any]) -> Any:
        match method, rest:
            case "GET", ["name", name]:
                found = [(k, org) for k, org in self.orgs.items() if org.name == name]
                if not found:
                    raise AnsweredError(404, {"message": "Organization not found"})
                return {"id": found[0][0], "name": name}
            case "POST", []:
                if any(org.name == body["name"] for org in self.orgs.values()):
                    raise AnsweredError(409, {"message": "Organization name taken"})
                number = max(self.orgs) + 1
                self.orgs[number] = Organisation(body["name"], {USER})
                return {"orgId": number, "message": "Organization created"}
            case "POST", [number, "users"]:
                org = self.orgs[int(number)]
                if body["loginOrEmail"] in org.members:
                    raise AnsweredError(
                        409, {"message": "User is already member of this organization"}
                    )
                org.members.add(body["loginOrEmail"])
                return {"message": "User added to organization"}
        raise AnsweredError(404, {"message": "Not found"})

    def context(self, header: str | None) -> Organisation:
        org = self.orgs.get(int(header or 1))
        if org is None or USER not in org.members:
            raise AnsweredError(
                403, {"message": "You'll need additional permissions to perform this"}
            )
        return org

    def within(
        self, org: Organisation, method: str, kind: str, rest: list[str], body: dict[str, Any]
    ) -> Any:
        if kind == "dashboards":
            return self.dashboards(org, method, rest, body)
        match method, kind, rest:
            case "GET", "datasources", ["uid", uid]:
                return without_secrets(look(org.datasources, uid))
            case "POST", "datasources", []:
                if body["name"] in {each["name"] for each in org.datasources.values()}:
                    raise AnsweredError(
                        409, {"message": "data source with the same name already exists"}
                    )
                org.datasources[body["uid"]] = body
            case "PUT", "datasources", ["uid", uid]:
                look(org.datasources, uid)
                org.datasources[uid] = body
            case "GET", "datasources", ["name", name]:
                return without_secrets(
                    look({each["name"]: each for each in org.datasources.values()}, name)
                )
            case "PATCH", "org", ["preferences"]:
                org.preferences |= body
            case "GET", "folders", [uid]:
                return look(org.folders, uid)
            case "POST", "folders", []:
                org.folders[body["uid"]] = body
            case _:
                raise AnsweredError(404, {"message": "Not found"})
        return {"message": "done"}

    def dashboards(
        self, org: Organisation, method: str, rest: list[str], body: dict[str, Any]
    ) -> Any:
        match method, rest:
            case "GET", ["uid", uid]:
                return {"dashboard": look(org.dashboards, uid), "meta": {}}
            case "POST", ["db"]:
                look(org.folders, body["folderUid"])
                board = body["dashboard"]
                before = org.dashboards.get(board["uid"], {"version": 0})
                stored = {**board, "id": 7, "version": before["version"] + 1}
                org.dashboards[board["uid"]] = stored
                return {"uid": board["uid"], "status": "success", "version": stored["version"]}
        raise AnsweredError(404, {"message": "Not found"})


def look(where: dict[str, dict[str, Any]], uid: str) -> dict[str, Any]:
    if uid not in where:
        raise AnsweredError(404, {"message": "not found"})
    return where[uid]


def without_secrets(datasource: dict[str, Any]) -> dict[str, Any]:
    fields = dict.fromkeys(datasource.get("secureJsonData", {}), True)
    return {k: v for k, v in datasource.items() if k != "secureJsonData"} | {
        "secureJsonFields": fields
    }


@contextmanager
def serving(grafana: FakeGrafana) -> Iterator[str]:
    """Serve it on loopback; yields its address."""
    expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Api(Handler):
        def respond(self) -> None:
            body = json.loads(self.body() or b"{}")
            try:
                if self.headers.get("Authorization") != f"Basic {expected}":
                    if grafana.anonymous:
                        raise AnsweredError(*VISITOR)
                    raise AnsweredError(401, {"message": "Invalid username or password"})
                header = self.headers.get("X-Grafana-Org-Id")
                status, content = 200, grafana.handle(self.command, self.path, header, body)
            except AnsweredError as end:
                status, content = end.status, end.body
            kind = {"Content-Type": "application/json"}
            self.answer(status, json.dumps(content).encode(), kind)

    with handling(Api) as address:
        yield address
