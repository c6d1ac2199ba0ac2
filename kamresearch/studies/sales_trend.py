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
    findings=(
        "trend.units_last_year",
        "trend.growth_last_year",
        "trend.cagr",
        "trend.growth_second_half",
        "trend.company_12m",
        "trend.company_growth_12m",
        "trend.company_run_rate",
        "trend.n_conflicts",
        "trend.share_last_year",
        "trend.rivals_share",
        "trend.leader_share",
        "trend.market_effect",
        "trend.share_effect",
        "trend.gross_retention",
        "trend.net_retention",
        "trend.bridge_lost",
        "trend.bridge_shrinking",
        "trend.bridge_growing",
        "trend.bridge_returned",
        "trend.bridge_new",
        "trend.volume_effect",
        "trend.mix_effect",
        "trend.price_effect",
        "trend.break_p_value",
        "trend.break_date",
        "trend.market_event_effect",
        "trend.event_effect",
        "trend.forecast_next_year",
        "trend.forecast_skill",
        "trend.forecast_coverage",
        "trend.intermittent_accounts",
        "trend.intermittent_expected",
        "trend.intermittent_skill",
        "trend.intermittent_coverage",
        "trend.then_held",
        "trend.then_error",
        "trend.claims_supported",
        "trend.claims_contradicted",
        "trend.claims_not_testable",
    ),
    figures=(
        "trend.level",
        "trend.halves",
        "trend.months",
        "trend.season",
        "trend.shares",
        "trend.effects",
        "trend.bridge",
        "trend.mix",
        "trend.break",
        "trend.market_events",
        "trend.events",
        "trend.fan",
        "trend.fan_months",
        "trend.coverage",
        "trend.intermittent",
        "trend.then",
        "trend.claimed",
    ),
    tables=(
        "trend.years",
        "trend.conflicts",
        "trend.shrinking",
        "trend.retention",
        "trend.segments",
        "trend.market_event_table",
        "trend.event_table",
        "trend.outlook",
        "trend.outlook_months",
        "trend.intermittent_table",
        "trend.then_table",
        "trend.claims",
    ),
)
