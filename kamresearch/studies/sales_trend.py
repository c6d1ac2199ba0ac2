"""Sales trend: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    brand: str = Field(
        "", description="Our brand in the market table; the case's own params.yml may name it."
    )
    rivals: str = Field("", description="Named rivals, separated by commas.")
    market: str = Field("", description="Market of the market table.")
    horizon: int = Field(3, ge=1, le=20, description="Years to forecast.")
    horizon_months: int = Field(
        12, ge=12, le=60, description="Months to forecast for the company's own orders."
    )
    made_on: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="Make the forecast as on this earlier day and judge it by what came; empty for "
        "as_of.",
    )


STUDY = Study(
    name="sales_trend",
    notebook="02_sales_trend",
    title=_("Sales trend"),
    question=_("What happened to sales, against whom, why, and what comes next?"),
    params=Params,
    prefix="trend",
    predicts=True,
    needs=("accounts", "orders"),
    wants=("market", "events", "claims"),
    sections=(
        "level",
        "months",
        "sources",
        "market",
        "bridge",
        "mix",
        "break",
        "event",
        "ahead",
        "accounts",
        "then",
        "claims",
        "verdict",
        "limits",
    ),
    results=(
        "kamresearch.analysis.trend.Level",
        "kamresearch.analysis.trend.Months",
        "kamresearch.analysis.market.SourceConflicts",
        "kamresearch.analysis.market.MarketPosition",
        "kamresearch.analysis.trend.Bridge",
        "kamresearch.analysis.trend.RevenueSplit",
        "kamresearch.analysis.trend.Break",
        "kamresearch.analysis.trend.MarketEvents",
        "kamresearch.analysis.trend.MonthEvents",
        "kamresearch.analysis.trend.EventsElsewhere",
        "kamresearch.analysis.trend.Outlooks",
        "kamresearch.analysis.trend.YearsAhead",
        "kamresearch.analysis.trend.MonthsAhead",
        "kamresearch.analysis.trend.AccountDemand",
        "kamresearch.analysis.trend.Hindsight",
        "kamresearch.analysis.claims.ClaimLedger",
    ),
    decides=_(
        "whether falling or rising sales come from the market, from "
        "lost accounts or from those that buy less"
    ),
    answer=("trend.units_last_year", "trend.net_retention", "trend.share_effect"),
    answer_figure="trend.bridge",
    method=("sources", "break", "event"),
)
