"""What a run may still spend: reserve before a call, settle after it."""

from __future__ import annotations

from decimal import Decimal

from .errors import BudgetExceeded, LimitExceeded
from .policy import Budget, PlanLimits, Usage

__all__ = ["Ledger"]


class Ledger:
    """Counts spending of one root run; concurrent tasks can't overspend together, since each reserves first.

    What is not known is never taken for 0: a call whose cost nobody can bound does not fit into a budget in money,
    and once an unknown sum was spent nothing fits into it any more.
    """

    def __init__(self, budget: Budget, limits: PlanLimits, spent: Usage | None = None) -> None:
        self.budget, self.limits = budget, limits
        self.spent = spent or Usage()
        self._reserved: list[Usage] = []

    @property
    def in_money(self) -> bool:
        """Whether there is an end to what it may cost, into which nothing fits whose cost is not known."""
        return self.budget.max_cost is not None or self.limits.max_cost is not None

    @property
    def reserved(self) -> Usage:
        """The sum of all reservations that are open."""
        return sum(self._reserved, start=Usage())

    def reserve(self, need: Usage) -> Usage:
        """Set *need* aside and return it; raises BudgetExceeded or LimitExceeded, and then nothing is set aside."""
        total = self.spent + self.reserved + need
        self._check_budget(total)
        self._check_limits(total)
        self._reserved.append(need)
        return need

    def settle(self, reserved: Usage, actual: Usage) -> None:
        """Give *reserved* back and count *actual*."""
        self._reserved.remove(reserved)
        self.spent = self.spent + actual

    def left(self, seconds: float = 0.0) -> Budget:
        """Return the budget less what is spent and reserved, and *seconds*; an unknown sum leaves no money."""
        total, budget = self.spent + self.reserved, self.budget
        ends = [most for most in (budget.max_cost, self.limits.max_cost) if most is not None]
        most = min(ends, default=None)
        cost = None if most is None else max(Decimal(0), most - (most if total.cost is None else total.cost))
        tokens = None if budget.max_tokens is None else max(0, budget.max_tokens - total.tokens)
        calls = None if budget.max_tool_calls is None else max(0, budget.max_tool_calls - total.tool_calls)
        time = None if budget.max_seconds is None else max(0.0, budget.max_seconds - seconds)
        return Budget(max_cost=cost, max_tokens=tokens, max_tool_calls=calls, max_seconds=time)

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
                    cause="the next call does not fit into it" if value is not None else
                    "what the next call costs is not known, so it can't be shown to fit",
                    hint="genesis resume RUN --budget ... goes on with more",
                )

    def _check_limits(self, total: Usage) -> None:
        most = self.limits.max_cost
        if most is not None and (total.cost is None or total.cost > most):
            raise LimitExceeded(f"the run has used up max_cost = {most}", cause="a limit over the life of the run",
                                hint="raise limits.max_cost, then genesis resume RUN")
        for name, limit, value in (
            ("max_tool_calls", self.limits.max_tool_calls, total.tool_calls),
            ("max_model_calls", self.limits.max_model_calls, total.model_calls),
        ):
            if value > limit:
                raise LimitExceeded(f"the run has used up {name} = {limit}", cause="a limit over the life of the run",
                                    hint=f"raise limits.{name}, then genesis resume RUN")
