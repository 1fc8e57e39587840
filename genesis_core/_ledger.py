"""What a run may still spend: reserve before a call, settle after it."""

from __future__ import annotations

from decimal import Decimal

from .errors import BudgetExceeded, LimitExceeded
from .policy import Budget, PlanLimits, Usage

__all__ = ["Ledger"]


class Ledger:
    """Counts spending of one root run; concurrent tasks can't overspend together, since each reserves first."""

    def __init__(self, budget: Budget, limits: PlanLimits, spent: Usage | None = None) -> None:
        self.budget, self.limits = budget, limits
        self.spent = spent or Usage()
        self._reserved = Usage()

    def reserve(self, need: Usage) -> Usage:
        """Set *need* aside and return it; raises BudgetExceeded or LimitExceeded, and then nothing is set aside."""
        total = self.spent + self._reserved + need
        self._check_budget(total)
        self._check_limits(total)
        self._reserved = self._reserved + need
        return need

    def settle(self, reserved: Usage, actual: Usage) -> None:
        """Give *reserved* back and count *actual*."""
        self._reserved = _minus(self._reserved, reserved)
        self.spent = self.spent + actual

    def _check_budget(self, total: Usage) -> None:
        budget = self.budget
        for name, limit, value in (
            ("max_cost", budget.max_cost, total.cost),
            ("max_tokens", budget.max_tokens, total.tokens),
            ("max_tool_calls", budget.max_tool_calls, total.tool_calls),
        ):
            if limit is not None and (value is None or value > limit):
                raise BudgetExceeded(
                    f"the run's budget is spent: {name} is {limit}",
                    cause="the next call does not fit into it",
                    hint="genesis resume RUN --budget ... goes on with more",
                )

    def _check_limits(self, total: Usage) -> None:
        for name, limit, value in (
            ("max_tool_calls", self.limits.max_tool_calls, total.tool_calls),
            ("max_model_calls", self.limits.max_model_calls, total.model_calls),
        ):
            if value > limit:
                raise LimitExceeded(f"the run has used up {name} = {limit}", cause="a limit over the life of the run")


def _minus(a: Usage, b: Usage) -> Usage:
    return Usage(
        cost=(a.cost or Decimal(0)) - (b.cost or Decimal(0)),
        tokens=a.tokens - b.tokens,
        tool_calls=a.tool_calls - b.tool_calls,
        model_calls=a.model_calls - b.model_calls,
    )
