"""Marks reports as degraded when responses are not what was requested, or not all of it."""

from __future__ import annotations

from functools import wraps

from ....contract import Check, Report, Run
from ....net.plans import Plan
from ..api import Api
from ..responses import IgnoredFilterError


def reports_omissions(check: Check) -> Check:
    """Mark a collector's report as degraded if Shopify keeps back a part of a response.

    If Shopify ignores a filter of its search, there is no figure: it would count what was not
    requested.
    """

    @wraps(check)
    def reporting(api: Api, run: Run) -> Plan[Report]:
        try:
            report = yield from check(api, run)
        except IgnoredFilterError as error:
            report = Report((), [f"{error.message}."], "nothing is counted")
        reasons = list(report.degraded)
        for message in dict.fromkeys(error.message for error in api.admin.kept_back):
            if not any(message in reason for reason in reasons):
                reasons.append(f"Shopify keeps back a part: {message}")
        report.degraded = reasons
        return report

    return reporting
