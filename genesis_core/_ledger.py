"""What a run may still spend: reserve before a call, settle after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from .errors import BudgetExceeded, GenesisError, LimitExceeded
from .policy import Budget, PlanLimits, Usage

__all__ = ["FROM_KNOWN", "Ledger"]

FROM_KNOWN = ("what earlier calls of models cost is not known in full: the budget in money counts from what is known, "
              "and more than it may have been spent in all")


def _nobody(spent: Usage) -> None:
    """Count for nobody but the ledger."""


class Ledger:
    """Counts spending of one root run; concurrent tasks can't overspend together, since each reserves first.

    What is not known is never taken for 0: a call whose cost nobody can bound does not fit into a budget in money,
    one whose cost is not told counts at the most that was set aside for it, and once a sum without such a bound was
    spent nothing fits any more, until somebody resumes the run with a new sum, which counts from what is known.
    """

    def __init__(self, budget: Budget, limits: PlanLimits, spent: Usage | None = None) -> None:
        self.budget, self.limits = budget, limits
        self.spent = spent or Usage()
        self.stands: Decimal | None = None
        """Where the cost of ``spent`` is not known: what counts in its place; None: nothing can."""
        self._reserved: list[Usage] = []

    @property
    def in_money(self) -> bool:
        """Whether there is an end to what it may cost, into which nothing fits whose cost is not known."""
        return self.budget.max_cost is not None or self.limits.max_cost is not None

    @property
    def reserved(self) -> Usage:
        """The sum of all reservations that are open."""
        return sum(self._reserved, start=Usage())

    @property
    def counted(self) -> Usage:
        """What is spent, as budgets see it: what stands for a cost that is not known is in its place."""
        unknown = self.spent.cost is None and self.stands is not None
        return self.spent.replace(cost=self.stands) if unknown else self.spent

    def reserve(self, need: Usage) -> Usage:
        """Set *need* aside and return it; raises BudgetExceeded or LimitExceeded, and then nothing is set aside."""
        self._check(need)
        self._reserved.append(need)
        return need

    def fits(self, need: Usage) -> bool:
        """Return whether *need* could be set aside now."""
        try:
            self._check(need)
        except (BudgetExceeded, LimitExceeded):
            return False
        return True

    def settle(self, reserved: Usage, actual: Usage) -> None:
        """Give *reserved* back and count *actual*."""
        self._reserved.remove(reserved)
        before, cost = self.counted.cost, reserved.cost if actual.cost is None else actual.cost
        self.spent = self.spent + actual
        self.stands = None if before is None or cost is None else before + cost

    async def spend(
        self, need: Usage, work: Callable[[], Awaitable[tuple[Any, Usage]]], count: Callable[[Usage], None] = _nobody
    ) -> Any:
        """Reserve *need*, do *work*, settle for what it says was spent, *count* that, and return its value.

        What fails is settled for what its error says (``error.usage``), or for *need*: a cancellation, too, may come
        after the request has left.
        """
        reserved, spent = self.reserve(need), need
        try:
            value, spent = await work()
            return value
        except GenesisError as error:
            spent = need if error.usage is None else error.usage
            raise
        finally:
            self.settle(reserved, spent)
            count(spent)

    def left(self, seconds: float = 0.0) -> Budget:
        """Return the budget less what is spent and reserved, and *seconds*; an unknown sum leaves no money."""
        total, budget = self.counted + self.reserved, self.budget
        ends = [most for most in (budget.max_cost, self.limits.max_cost) if most is not None]
        most = min(ends, default=None)
        cost = None if most is None else max(Decimal(0), most - (most if total.cost is None else total.cost))
        tokens = None if budget.max_tokens is None else max(0, budget.max_tokens - total.tokens)
        calls = None if budget.max_tool_calls is None else max(0, budget.max_tool_calls - total.tool_calls)
        time = None if budget.max_seconds is None else max(0.0, budget.max_seconds - seconds)
        return Budget(max_cost=cost, max_tokens=tokens, max_tool_calls=calls, max_seconds=time)

    def _check(self, need: Usage) -> None:
        total = self.counted + self.reserved + need
        self._check_budget(total)
        self._check_limits(total)

    def _check_budget(self, total: Usage) -> None:
        budget = self.budget
        for name, limit, value in (
            ("max_cost", budget.max_cost, total.cost),
            ("max_tokens", budget.max_tokens, total.tokens),
            ("max_tool_calls", budget.max_tool_calls, total.tool_calls),
        ):
            if limit is not None and (value is None or value > limit):
                raise self._exceeded(name, limit, value)

    def _exceeded(self, name: str, limit: object, value: object) -> BudgetExceeded:
        if self.counted.cost is None and value is None:
            return BudgetExceeded(
                f"the run's budget can't be kept: {name} is {limit}",
                cause="what earlier calls of models cost is not known",
                hint="genesis resume RUN --budget AMOUNT goes on with a sum that counts from what is known")
        why = "what the next call costs is not known, so it can't be shown to fit"
        return BudgetExceeded(
            f"the run's budget is spent: {name} is {limit}", hint="genesis resume RUN --budget ... goes on with more",
            cause=why if value is None else "the next call does not fit into it")

    def _check_limits(self, total: Usage) -> None:
        most = self.limits.max_cost
        if most is not None and (total.cost is None or total.cost > most):
            raise LimitExceeded(f"the run has used up max_cost = {most}", cause="a limit over the life of the run",
                                hint="raise limits.max_cost, then genesis resume RUN")
        for name, limit, value in (
            ("max_tool_calls", self.limits.max_tool_calls, total.tool_calls),
            ("max_model_calls", self.limits.max_model_calls, total.model_calls),
            ("max_generated", self.limits.max_generated, total.generated),
        ):
            if value > limit:
                raise LimitExceeded(f"the run has used up {name} = {limit}", cause="a limit over the life of the run",
                                    hint=f"raise limits.{name}, then genesis resume RUN")
