"""How often and how long a request that may be repeated is tried.

Full jitter, the server's Retry-After as a floor, five tries, two minutes in all. Never
put around a write that must not happen twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from engine.errors import SystemDownError, TransientError
from engine.systems.client import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.clock import Clock

T = TypeVar("T")

MAX_TRIES = 5
BUDGET_SECONDS = 120.0
FIRST_WAIT_SECONDS = 0.5
MAX_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again.

    Args:
        pick: Gives a number between two, as ``random.uniform`` does; tests hand over
            one that always picks the same.
    """

    clock: Clock
    pick: Callable[[float, float], float]

    def run(self, attempt: Callable[[], T]) -> T:
        """Give the first good result; raise the last try's error otherwise."""
        started = self.clock.monotonic()

        def is_over(state: RetryCallState) -> bool:
            # tenacity measures on the real clock; the budget is ours to measure.
            spent = self.clock.monotonic() - started + state.upcoming_sleep
            return state.attempt_number >= MAX_TRIES or spent > BUDGET_SECONDS

        return Retrying(
            retry=retry_if_exception(_may_pass),
            wait=self._wait,
            stop=is_over,
            sleep=self.clock.sleep,
            reraise=True,
        )(attempt)

    def _wait(self, state: RetryCallState) -> float:
        ceiling = FIRST_WAIT_SECONDS * 2 ** (state.attempt_number - 1)
        wait = self.pick(0.0, min(ceiling, MAX_WAIT_SECONDS))
        error = state.outcome.exception() if state.outcome else None
        floor = error.retry_after if isinstance(error, TransientError) else None
        return max(wait, floor or 0.0)


def _may_pass(error: BaseException) -> bool:
    return (
        isinstance(error, TransientError)
        and not isinstance(error, SystemDownError)
        and not isinstance(error.__cause__, TooLargeError)
    )
