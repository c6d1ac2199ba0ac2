"""Words for the fields of an account, shared by every table and page that shows them."""

from kamresearch.language import message as _

TOPICS = {
    "accounts": _("Account list"), "orders": _("Orders"), "contracts": _("Contracts"), "service_events": _("Service"),
    "assignments": _("Managers in charge"), "churn_events": _("Losses and returns"), "departments": _("Departments' records"),
    "coverage": _("Team"), "programme": _("Key account programme"), "overrides": _("Tiers set by hand"),
}  # fmt: skip
"""Table → its name for readers."""

STATES = {
    "known": _("known"), "empty": _("not recorded"), "none": _("nothing happened"), "absent": _("no such table"),
}  # fmt: skip

FIELDS = {
    "account_name": _("Name"), "industry": _("Industry"), "region": _("Region"), "channel": _("Channel"), "city": _("City"),
    "address": _("Address"), "telephone": _("Telephone"), "tax_number": _("Tax number"), "parent_id": _("Parent company"),
    "onboard_date": _("Account since"), "potential_revenue": _("Yearly demand, all suppliers"),
    "strategic_fit": _("Strategic fit (1 to 5)"), "first_order_date": _("First order"), "last_order_date": _("Last order"),
    "days_since_last_order": _("Days since the last order"), "tenure_days": _("Days as an account"),
    "n_orders": _("Orders so far"), "n_order_days": _("Days with an order"), "n_returns": _("Returns so far"),
    "revenue_total": _("Revenue so far"), "units_total": _("Units so far"), "revenue_12m": _("Revenue, last 12 months"),
    "revenue_prior_12m": _("Revenue, 12 months before"), "units_12m": _("Units, last 12 months"),
    "n_orders_12m": _("Orders, last 12 months"), "n_orders_prior_12m": _("Orders, 12 months before"),
    "months_active_12m": _("Months with an order, of the last 12"), "cost_12m": _("Cost, last 12 months"),
    "profit_12m": _("Profit contribution, last 12 months"), "cost_total": _("Cost so far"),
    "profit_total": _("Profit contribution so far"), "revenue_growth_12m": _("Growth on the year before"),
    "revenue_slope_12m": _("Trend of monthly revenue"), "days_between_orders_mean": _("Days between orders, mean"),
    "days_between_orders_sd": _("Days between orders, spread"), "n_products_12m": _("Products, last 12 months"),
    "largest_order_revenue": _("Largest order"), "share_of_wallet_12m": _("Share of wallet, last 12 months"),
    "n_contracts": _("Contracts so far"), "contract_end_date": _("Contract ends"),
    "days_to_contract_end": _("Days to the contract's end"), "complaints_12m": _("Complaints, last 12 months"),
    "service_events_12m": _("Service events, last 12 months"), "satisfaction_mean_12m": _("Satisfaction, mean of 12 months"),
    "resolved_days_mean_12m": _("Days to solve a case, mean of 12 months"), "manager_id": _("Manager in charge"),
    "n_managers_24m": _("Managers within 24 months"), "is_away": _("Lost and not back"), "churn_date": _("Last lost on"),
    "churn_cause": _("Cause of the last loss"), "n_churns": _("Times lost"), "return_date": _("Last came back on"),
    "n_departments": _("Records in departments"), "n_coverage": _("Roles in the team"),
    "n_programme": _("Entries into the programme"), "n_overrides": _("Overrides"),
}  # fmt: skip
"""Field of the snapshot or the account list → its name for readers."""
