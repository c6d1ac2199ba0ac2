"""Who the key accounts are: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    rule_card: str = Field(
        "", description="A YAML file with a company's own rule card; empty for the house card."
    )
    horizon_days: int = Field(
        365, ge=30, le=1825, description="Days ahead for the expected value of an account."
    )
    margin: float = Field(1.0, gt=0, le=1, description="Share of revenue that counts as value.")
    discount_yearly: float = Field(
        0.0, ge=0, lt=1, description="Yearly rate at which later value is discounted."
    )
    most_clusters: int = Field(6, ge=2, le=12, description="Most clusters that are tried.")


STUDY = Study(
    name="segmentation",
    notebook="03_segmentation",
    title=_("Who the key accounts are"),
    question=_("Which accounts carry the company, which could, and how sure is that?"),
    params=Params,
    prefix="segmentation",
    predicts=True,
    needs=("accounts", "orders"),
    wants=("overrides",),
    sections=(
        "concentration",
        "persistence",
        "dependence",
        "buying",
        "selection",
        "migration",
        "potential",
        "clusters",
        "lifetime",
        "agreement",
        "limits",
    ),
    results=(
        "kamresearch.analysis.segmentation.Concentration",
        "kamresearch.analysis.segmentation.Persistence",
        "kamresearch.analysis.segmentation.Dependence",
        "kamresearch.analysis.segmentation.BuyingProfile",
        "kamresearch.analysis.segmentation.Selection",
        "kamresearch.analysis.segmentation.Migration",
        "kamresearch.analysis.segmentation.ValueMatrix",
        "kamresearch.analysis.segmentation.PooledTable",
        "kamresearch.analysis.segmentation.Segmentation",
        "kamresearch.analysis.lifetime.LifetimeValue",
        "kamresearch.analysis.segmentation.Agreement",
    ),
    decides=_("which accounts get a key account manager, and where growth is worth the effort"),
    answer=(
        "segmentation.n_key_accounts",
        "segmentation.top_fifth_share",
        "segmentation.growth_headroom",
    ),
    answer_figure="segmentation.value_potential",
    method=("buying", "clusters", "agreement"),
)
