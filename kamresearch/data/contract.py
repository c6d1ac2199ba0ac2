"""The data contract: every table and column that the house understands.

One definition serves the checks, the dictionary in ``data/README.md`` and the simulator.
"""

from dataclasses import dataclass
from typing import Any

from kamresearch.language import LANGUAGES

KINDS = ("id", "text", "category", "date", "month", "number", "integer", "flag")


@dataclass(frozen=True)
class ColumnSpec:
    """A column: its name, kind, whether a table is useless without it, and what it means."""

    name: str
    kind: str
    required: bool
    meaning: str
    unit: str = ""
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    contact: bool = False
    """Leads to a person's door or telephone: shown only where a study is asked to."""


@dataclass(frozen=True)
class TableSpec:
    """A table: its grain, key, references (column → table) and columns."""

    name: str
    required: bool
    grain: str
    key: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]
    references: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> ColumnSpec | None:
        """The column of this name, None where the contract knows none (extra columns are kept
        as they are).
        """
        return next((column for column in self.columns if column.name == name), None)

    def __getitem__(self, name: str) -> ColumnSpec:
        """The column of this name, which the contract is known to have."""
        return {column.name: column for column in self.columns}[name]

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Names of the columns without which the table cannot be used."""
        return tuple(column.name for column in self.columns if column.required)


def _must(name: str, kind: str, meaning: str, **more: Any) -> ColumnSpec:
    return ColumnSpec(name, kind, True, meaning, **more)


def _may(name: str, kind: str, meaning: str, **more: Any) -> ColumnSpec:
    return ColumnSpec(name, kind, False, meaning, **more)


def _said(name: str, meaning: str) -> tuple[ColumnSpec, ...]:
    """A text in a column for each language; where a report speaks one that is not filled, it shows
    the first.
    """
    return (
        _must(f"{name}_{LANGUAGES[0]}", "text", meaning),
        *(_may(f"{name}_{code}", "text", IN_OTHER_WORDS) for code in LANGUAGES[1:]),
    )


IN_OTHER_WORDS = "The same in the language that the column names."
_ACCOUNT = (("account_id", "accounts"),)

TABLES: dict[str, TableSpec] = {
    table.name: table
    for table in (
        TableSpec(
            "accounts",
            True,
            "one row per account",
            ("account_id",),
            (
                _must("account_id", "id", "Key of the account, as text (leading zeros count)."),
                _must("account_name", "text", "Name as the company writes it."),
                _may("industry", "category", "Industry of the account."),
                _may("region", "category", "Sales region."),
                _may("channel", "category", "How it is served.", values=("direct", "dealer")),
                _may("city", "text", "City of its head office."),
                _may("address", "text", "Street address.", contact=True),
                _may("telephone", "text", "Main telephone number.", contact=True),
                _may(
                    "tax_number",
                    "id",
                    "Unified social credit code or tax number.",
                    contact=True,
                ),
                _may("parent_id", "id", "Account of the group that it belongs to."),
                _may("onboard_date", "date", "Day on which it became an account."),
                _may(
                    "potential_revenue",
                    "number",
                    "Judged yearly demand with all suppliers, for share of wallet.",
                    unit="money",
                    low=0,
                ),
                _may(
                    "strategic_fit",
                    "integer",
                    "Judged fit with the company's strategy, 1 to 5.",
                    low=1,
                    high=5,
                ),
            ),
        ),
        TableSpec(
            "orders",
            True,
            "one row per order (or invoice line)",
            ("order_id",),
            (
                _must("order_id", "id", "Key of the order."),
                _must("account_id", "id", "Account that ordered."),
                _must("order_date", "date", "Day of the order."),
                _must("revenue", "number", "Net revenue; returns are negative.", unit="money"),
                _may(
                    "units",
                    "number",
                    "Vehicles or other goods; returns are negative.",
                    unit="units",
                ),
                _may("product", "category", "Model or product line."),
                _may("cost", "number", "Cost of the goods and of serving the order.", unit="money"),
                _may("list_price", "number", "List price of one unit.", unit="money", low=0),
                _may(
                    "discount",
                    "number",
                    "Taken off the list price (0.1 = 10 %); a surcharge is negative.",
                    unit="share",
                    low=-1,
                    high=1,
                ),
                _may(
                    "bonus",
                    "number",
                    "Paid back later for the order, not yet taken off its revenue.",
                    unit="money",
                ),
                _may("dealer_id", "id", "Dealer that delivered it; empty where we did."),
            ),
            (*_ACCOUNT, ("dealer_id", "dealers")),
        ),
        TableSpec(
            "dealers",
            False,
            "one row per dealer",
            ("dealer_id",),
            (
                _must("dealer_id", "id", "Key of the dealer."),
                _may("dealer_name", "text", "Name."),
                _may("region", "category", "Region that it serves."),
                _may("grade", "category", "Grade as the company gives it."),
                _may("certified", "flag", "Whether it is certified for key accounts."),
                _may("since", "date", "Day since which it has been a dealer."),
            ),
        ),
        TableSpec(
            "contracts",
            False,
            "one row per frame contract",
            ("contract_id",),
            (
                _must("contract_id", "id", "Key of the contract."),
                _must("account_id", "id", "Account."),
                _must("start_date", "date", "First day."),
                _must("end_date", "date", "Last day as agreed at its start."),
                _may("annual_value", "number", "Agreed yearly value.", unit="money", low=0),
                _may("renewed", "flag", "Whether a new contract followed (unknown while it runs)."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "service_events",
            False,
            "one row per service event",
            ("event_id",),
            (
                _must("event_id", "id", "Key of the event."),
                _must("account_id", "id", "Account."),
                _must("event_date", "date", "Day."),
                _must(
                    "kind",
                    "category",
                    "What happened.",
                    values=("complaint", "repair", "visit", "call", "delivery_delay"),
                ),
                _may("satisfaction", "integer", "The account's mark, 1 (bad) to 5.", low=1, high=5),
                _may("resolved_days", "number", "Days until solved.", unit="days", low=0),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "churn_events",
            False,
            "one row per loss of an account",
            ("account_id", "churn_date"),
            (
                _must("account_id", "id", "Account that left."),
                _must("churn_date", "date", "Day on which it was lost."),
                _may("stated_reason", "text", "Reason in the words of the record, any language."),
                _may(
                    "cause",
                    "category",
                    "Coded cause.",
                    values=("price", "product", "service", "competitor", "relocation", "unknown"),
                ),
                _may("lost_to", "text", "Rival that it left for, where known."),
                _may("return_date", "date", "Day on which it came back, empty while away."),
                _may(
                    "offer",
                    "category",
                    "Win-back offer made, if any.",
                    values=("discount", "upgrade", "service_plan", "none"),
                ),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "opportunities",
            False,
            "one row per deal, open ones included",
            ("opportunity_id",),
            (
                _must("opportunity_id", "id", "Key of the deal."),
                _must(
                    "outcome",
                    "category",
                    "How it stands.",
                    values=("won", "lost", "withdrawn", "open"),
                ),
                _may("account_id", "id", "Account; empty while it is none yet."),
                _may("opened", "date", "Day on which it was opened."),
                _may("closed", "date", "Day of the decision; empty while open."),
                _may("stage", "text", "Stage as the company names it."),
                _may("amount", "number", "Revenue at stake, before the decision.", unit="money"),
                _may("units", "number", "Vehicles or other goods at stake.", unit="units"),
                _may("product", "category", "Model or product line."),
                _may("manager_id", "id", "Who leads it."),
                _may("rival", "text", "Rival bidding for it, where known."),
                _may("lost_reason", "category", "Why it was lost, in the company's own words."),
                _may(
                    "discount_asked",
                    "number",
                    "Asked for (0.1 = 10 %).",
                    unit="share",
                    low=0,
                    high=1,
                ),
                _may(
                    "discount_given",
                    "number",
                    "Last offered (0.1 = 10 %).",
                    unit="share",
                    low=0,
                    high=1,
                ),
                _may("kind", "category", "What it is.", values=("new", "renewal", "growth")),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "wallet",
            False,
            "one row per account, year and brand",
            ("account_id", "year", "brand"),
            (
                _must("account_id", "id", "Account."),
                _must("year", "integer", "Year."),
                _must("brand", "text", "Brand bought, ours included."),
                _may("units", "number", "Vehicles or other goods bought.", unit="units", low=0),
                _may("revenue", "number", "Money spent on it.", unit="money", low=0),
                _may("source", "text", "Where it was read: a survey, registrations."),
                _may("judged_by", "text", "Who judged it (a role); empty where it was counted."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "activities",
            False,
            "one row per piece of work for an account",
            ("account_id", "date", "kind", "person"),
            (
                _must("account_id", "id", "Account."),
                _must("date", "date", "Day."),
                _may(
                    "kind",
                    "category",
                    "What was done.",
                    values=("visit", "call", "service", "travel", "administration"),
                ),
                _must("hours", "number", "Hours that it took.", unit="hours", low=0),
                _may("cost", "number", "What it cost, where known.", unit="money", low=0),
                _may("person", "id", "Who did it (a number or a role)."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "value_delivered",
            False,
            "one row per gain of an account from us",
            ("account_id", "date", "kind"),
            (
                _must("account_id", "id", "Account."),
                _must("date", "date", "Day."),
                _may(
                    "kind",
                    "category",
                    "What it gained.",
                    values=("downtime_avoided", "residual_value", "delivery_kept", "fuel", "other"),
                ),
                _must("money", "number", "What it was worth to the account.", unit="money", low=0),
                _may("confirmed", "flag", "Whether the account confirmed it."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "contacts",
            False,
            "one row per person at an account, by role; no name is needed",
            ("contact_id",),
            (
                _must("contact_id", "id", "Key of the contact."),
                _must("account_id", "id", "Account."),
                _may("role", "text", "Role at the account."),
                _may("function", "text", "Function at the account."),
                _may(
                    "influence",
                    "integer",
                    "Judged influence on what is bought, 1 to 5.",
                    low=1,
                    high=5,
                ),
                _may("stance", "integer", "Judged stance to us, −2 to 2.", low=-2, high=2),
                _may("last_met", "date", "Day on which somebody last met the person."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "needs",
            False,
            "one row per need that an account named",
            ("account_id", "date", "feature"),
            (
                _must("account_id", "id", "Account."),
                _must("date", "date", "Day."),
                _must("feature", "text", "Product or feature asked for."),
                _may("words", "text", "In the account's own words."),
                _may("units", "number", "Units at stake, as judged.", unit="units", low=0),
                _may("answered", "flag", "Whether it was answered."),
                _may("told_by", "text", "Who wrote it down (a role)."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "surveys",
            False,
            "one row per mark that an account gave",
            ("account_id", "date", "kind"),
            (
                _must("account_id", "id", "Account."),
                _must("date", "date", "Day."),
                _must(
                    "kind",
                    "category",
                    "Whether it was asked of the relation, or after an occasion (a visit, a "
                    "repair).",
                    values=("relation", "occasion"),
                ),
                _must("mark", "number", "The mark given; more is better.", unit="points", low=0),
                _must(
                    "scale",
                    "integer",
                    "Highest mark that could be given: 10 on a scale of 0 to 10, 5 of 1 to 5.",
                    unit="points",
                    low=2,
                    high=100,
                ),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "managers",
            False,
            "one row per key account manager",
            ("manager_id",),
            (
                _must("manager_id", "id", "Key of the manager."),
                _may("manager_name", "text", "Name."),
                _may("region", "category", "Region served; empty for national roles."),
                _may("channel", "category", "Channel served.", values=("direct", "dealer")),
                _may(
                    "role",
                    "category",
                    "Role in the structure.",
                    values=(
                        "executive_sponsor",
                        "director",
                        "direct_manager",
                        "dealer_manager",
                        "policy_manager",
                        "executive",
                    ),
                ),
                _may("grade", "text", "Rank, as the company writes it."),
                _may("reports_to", "id", "Manager who leads this one; empty at the top."),
                _may(
                    "capacity_hours", "number", "Hours a month for accounts.", unit="hours", low=0
                ),
                _may(
                    "yearly_cost", "number", "What the manager costs a year.", unit="money", low=0
                ),
                _may("start_date", "date", "First day in the role."),
                _may("end_date", "date", "Last day in the role; empty while in it."),
            ),
        ),
        TableSpec(
            "assignments",
            False,
            "one row per spell of a manager with an account",
            ("account_id", "manager_id", "from"),
            (
                _must("account_id", "id", "Account."),
                _must("manager_id", "id", "Manager."),
                _must("from", "date", "First day."),
                _may("to", "date", "Last day; empty while it lasts."),
            ),
            (*_ACCOUNT, ("manager_id", "managers")),
        ),
        TableSpec(
            "coverage",
            False,
            "one row per account and role filled",
            ("account_id", "function", "role"),
            (
                _must("account_id", "id", "Account."),
                _must(
                    "layer",
                    "category",
                    "Layer of the team.",
                    values=("core", "support", "periphery"),
                ),
                _must(
                    "function",
                    "category",
                    "Function.",
                    values=("research", "sales", "finance", "marketing", "after_sales"),
                ),
                _must("role", "text", "Role in the team."),
                _may("person_id", "id", "Who fills it; empty means vacant."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "departments",
            False,
            "one row per department's record of an account and year",
            ("department", "record_id"),
            (
                _must(
                    "department",
                    "category",
                    "Who keeps the record.",
                    values=("sales", "finance", "after_sales"),
                ),
                _must("record_id", "id", "Key inside the department."),
                _may("account_id", "id", "The account, where the department knows it."),
                _must("account_name", "text", "Name as the department writes it."),
                _may("address", "text", "Address as recorded.", contact=True),
                _may("telephone", "text", "Telephone as recorded.", contact=True),
                _may("tax_number", "id", "Tax number as recorded.", contact=True),
                _may("region", "category", "Region as recorded."),
                _may("year", "integer", "Year of the figures."),
                _may("revenue", "number", "Revenue of the year as recorded.", unit="money"),
                _may("units", "number", "Units of the year as recorded.", unit="units"),
                _may("updated", "date", "Day of the record's last change."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "market",
            False,
            "one row per reported figure (several sources may report one period)",
            ("period", "brand", "market", "source", "measure"),
            (
                _must(
                    "period",
                    "text",
                    "Year 2012, half 2012-H1, quarter 2012-Q1, month 2012-07, or a span "
                    "2009-01/2009-08.",
                ),
                _must("brand", "text", "Brand, group or segment."),
                _must("market", "text", "Country or Global."),
                _must("measure", "category", "What value holds.", values=("units", "growth")),
                _must(
                    "units",
                    "number",
                    "Units sold; empty where only a growth rate was reported.",
                    unit="units",
                    low=0,
                ),
                _may(
                    "growth",
                    "number",
                    "Growth on the year before as reported (0.1 = +10 %).",
                    unit="share",
                ),
                _must(
                    "status",
                    "category",
                    "How far the figure can be trusted.",
                    values=(
                        "reported",
                        "rounded",
                        "derived",
                        "approximate",
                        "unverified",
                        "claimed",
                    ),
                ),
                _must("source", "text", "Where it was read."),
                _may("note", "text", "Arithmetic, quotation, conflict."),
            ),
        ),
        TableSpec(
            "events",
            False,
            "one row per dated happening",
            ("event_id",),
            (
                _must("event_id", "id", "Key."),
                _must("date", "date", "Day."),
                *_said("title", "Title in English."),
                _may(
                    "kind",
                    "category",
                    "Kind.",
                    values=("ownership", "policy", "product", "market", "organisation"),
                ),
                _may("source", "text", "Where it was read."),
            ),
        ),
        TableSpec(
            "claims",
            False,
            "one row per claim about a quantity",
            ("claim_id",),
            (
                _must("claim_id", "id", "Key."),
                _must("who", "text", "Who says it."),
                *_said("text", "The claim in English."),
                _may(
                    "quantity",
                    "category",
                    "What is claimed.",
                    values=(
                        "level",
                        "growth",
                        "growth_at_least",
                        "rank",
                        "sign",
                        "difference",
                        "follows",
                        "judgement",
                    ),
                ),
                _may("brand", "text", "Brand or segment."),
                _may("market", "text", "Market."),
                _may("period", "text", "Period, as in the market table."),
                _may("value", "number", "The claimed value (0.8 = +80 %)."),
                _may("source", "text", "Where the claim stands."),
                _may("quote", "text", "The claimant's own words."),
                _may("reading", "text", "What the ledger chose where the words leave it open."),
            ),
        ),
        TableSpec(
            "swot",
            False,
            "one row per item",
            ("item_id",),
            (
                _must("item_id", "id", "Key: S1, W2, O3, T4."),
                _must(
                    "quadrant",
                    "category",
                    "Quadrant.",
                    values=("strength", "weakness", "opportunity", "threat"),
                ),
                *_said("text", "Statement in English."),
                _may("owner", "text", "Who answers for it (a role)."),
                _may("date", "date", "Day of the judgement."),
                _may("evidence", "text", "Id of a finding."),
                _may("condition", "text", "Condition on its value, such as > 0.2."),
                _may("rating", "integer", "IFE/EFE rating, 1 to 4.", low=1, high=4),
            ),
        ),
        TableSpec(
            "judgements",
            False,
            "one row per rater and pair",
            ("rater", "left", "right"),
            (
                _must("rater", "id", "Who judges (a role)."),
                _may("department", "category", "The rater's department."),
                _must("left", "id", "Item or criterion."),
                _must("right", "id", "Item or criterion."),
                _must(
                    "value",
                    "number",
                    "How much more left weighs than right: 1/9 to 9.",
                    low=1 / 9,
                    high=9,
                ),
            ),
        ),
        TableSpec(
            "goals",
            False,
            "one row per goal",
            ("goal_id",),
            (
                _must("goal_id", "id", "Key."),
                *_said("text", "The goal in English."),
                _must("finding", "text", "Id of the finding that measures it."),
                _must("baseline", "number", "Value at the start."),
                _must("target", "number", "Value to reach."),
                _may("baseline_date", "date", "Day of the baseline."),
                _must("due_date", "date", "Day by which."),
                _may("owner", "text", "Who answers for it (a role)."),
                _may("parent", "id", "Goal that it serves; empty at the top."),
                _may(
                    "lever",
                    "category",
                    "End that it serves; empty where its parent says so.",
                    values=("customer_value", "profit", "guidance"),
                ),
            ),
        ),
        TableSpec(
            "plans",
            False,
            "one row per objective in an account's plan",
            ("account_id", "objective"),
            (
                _must("account_id", "id", "Account."),
                _must("objective", "text", "What is to be reached or done, in one line."),
                _may("owner", "id", "Who is to do it."),
                _may("due", "date", "Day by which."),
                _may(
                    "state",
                    "category",
                    "How it stands.",
                    values=("open", "done", "dropped"),
                ),
                _may("last_review", "date", "Day on which the plan was last gone through."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "programme",
            False,
            "one row per account entering the programme",
            ("account_id",),
            (
                _must("account_id", "id", "Account."),
                _must("start_date", "date", "Day on which the programme reached it."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "overrides",
            False,
            "one row per override of a tier",
            ("account_id", "date"),
            (
                _must("account_id", "id", "Account."),
                _must("tier", "category", "Tier set by hand.", values=("A", "B", "C")),
                _must("who", "text", "Who decided (a role)."),
                _must("why", "text", "Reason."),
                _must("date", "date", "Day of the decision."),
                _must("until", "date", "Last day on which it holds."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "actions",
            False,
            "one row per action proposed for an account",
            ("account_id", "kind", "proposed_on"),
            (
                _must("account_id", "id", "Account."),
                _must(
                    "kind",
                    "category",
                    "What was proposed.",
                    values=(
                        "save",
                        "renew",
                        "win_back",
                        "assign",
                        "grow",
                        "reprice",
                        "mend",
                        "review",
                    ),
                ),
                _must("proposed_on", "date", "As-of day of the version that proposed it."),
                _may("version", "text", "Version that proposed it."),
                _may("owner", "id", "Who is to do it."),
                _may("due", "date", "Day by which."),
                _may(
                    "decided",
                    "category",
                    "What was decided; empty while nobody has.",
                    values=("do", "not", "hold_out"),
                ),
                _may("decided_by", "text", "Who decided (a role)."),
                _may("decided_on", "date", "Day of the decision."),
                _may("done_on", "date", "Day on which it was done; empty while it is not."),
                _may("outcome", "text", "What came of it, in words."),
            ),
            _ACCOUNT,
        ),
        TableSpec(
            "terms",
            False,
            "one row per data value that reports shall say in words",
            ("value",),
            (
                _must(
                    "value",
                    "text",
                    "A region, industry, role, reason or any other value, as the data (after the "
                    "mapping) write it.",
                ),
                *(_may(code, "text", "How the language says it.") for code in LANGUAGES),
            ),
        ),
        TableSpec(
            "pairs",
            False,
            "one row per decision about two names or numbers",
            ("left", "right", "until"),
            (
                _must(
                    "left",
                    "id",
                    "An account, a department's record (`finance/F0001` or `F0001`), or a "
                    "name in any spelling.",
                ),
                _must("right", "id", "What it is, or is not, the same as."),
                _must("verdict", "category", "What was decided.", values=("same", "not_same")),
                _may("who", "text", "Who decided (a role)."),
                _may("why", "text", "Reason."),
                *(_may(f"why_{code}", "text", IN_OTHER_WORDS) for code in LANGUAGES[1:]),
                _may("until", "date", "Last day on which it holds; empty for good."),
            ),
        ),
        TableSpec(
            "strategies",
            False,
            "one row per strategy considered",
            ("strategy_id",),
            (
                _must("strategy_id", "id", "Key."),
                *_said("text", "Strategy in English."),
                _must("pairs", "text", "Items that it joins, such as S5+O4."),
                _may("owner", "text", "Who answers for it (a role)."),
                _may("due_date", "date", "Day by which."),
                _may("finding", "text", "Id of the finding that will tell whether it worked."),
                _may(
                    "attractiveness",
                    "text",
                    "Judged 1 to 4 in view of single items (QSPM), such as S5:4; O4:3.",
                ),
            ),
        ),
    )
}
"""Every table of the contract by name."""

CONTACTS = frozenset(
    column.name for table in TABLES.values() for column in table.columns if column.contact
)
"""Columns that lead to a person."""

REQUIRED = tuple(name for name, table in TABLES.items() if table.required)
