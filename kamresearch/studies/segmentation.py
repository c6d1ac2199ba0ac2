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
    findings=(
        "segmentation.n_accounts",
        "segmentation.top_fifth_share",
        "segmentation.top1_share",
        "segmentation.top5_share",
        "segmentation.gini",
        "segmentation.hhi",
        "segmentation.eighty_twenty_p_value",
        "segmentation.n_loss_makers",
        "segmentation.persistence",
        "segmentation.persistence_by_chance",
        "segmentation.regression_of_top",
        "segmentation.loss_of_largest",
        "segmentation.n_without_orders",
        "segmentation.n_key_accounts",
        "segmentation.key_revenue_share",
        "segmentation.sure_key_share",
        "segmentation.n_overridden",
        "segmentation.tier_stability",
        "segmentation.growth_headroom",
        "segmentation.cell_certainty",
        "segmentation.small_cells_share",
        "segmentation.n_clusters",
        "segmentation.cluster_stability",
        "segmentation.cluster_silhouette",
        "segmentation.expected_value_12m",
        "segmentation.lifetime_model",
        "segmentation.lifetime_auc",
        "segmentation.lifetime_gain_on_rule",
        "segmentation.rule_data_agreement",
        "segmentation.tier_cluster_agreement",
    ),
    figures=(
        "segmentation.concentration",
        "segmentation.persistence",
        "segmentation.dependence",
        "segmentation.ranks",
        "segmentation.migration",
        "segmentation.value_potential",
        "segmentation.cross_table",
        "segmentation.clusters",
        "segmentation.cluster_choice",
        "segmentation.lifetime_gate",
        "segmentation.lifetime_tracking",
        "segmentation.lifetime",
        "segmentation.rule_data",
    ),
    tables=(
        "segmentation.dependence",
        "segmentation.rfm_cuts",
        "segmentation.rule_card",
        "segmentation.tier_yield",
        "segmentation.overrides",
        "segmentation.cells",
        "segmentation.cross_table",
        "segmentation.lifetime_gate",
        "segmentation.lifetime_parameters",
        "segmentation.tiers",
        "segmentation.rule_data",
    ),
)
