"""Operations about customers and sales; `operations` explains what an entry is."""

from typing import TYPE_CHECKING, Annotated

from .operation import operation

if TYPE_CHECKING:
    from datetime import date

    from .results import CustomerInsights, SalesReport


class SalesOperations:
    """Operations about customers and sales."""

    @operation(example="store.get_customer_insights(limit=3)")
    def get_customer_insights(
        self, limit: Annotated[int, "The most customers to return."] = 10
    ) -> "CustomerInsights":
        """List the customers who spent most, with totals of all customers."""

    @operation(example='store.get_sales_report("month").gross')
    def get_sales_report(
        self,
        period: Annotated[
            str, "day, week (the last seven days), month or year, up to today."
        ] = "week",
        first: Annotated[
            "date | str | None", "The first day, as YYYY-MM-DD, instead of a period."
        ] = None,
        last: Annotated["date | str | None", "The last day; today without it."] = None,
        definition: Annotated[
            str, "created counts orders by the day they were placed, paid counts what was paid."
        ] = "created",
    ) -> "SalesReport":
        """Report the sales of a period in the shop's currency, by days of the shop's calendar.

        The report includes the ten products with the most pieces sold.
        """
