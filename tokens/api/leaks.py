"""Anybody who finds tokens reports them here, a secret scanner for instance. What they are is not told."""

from collections.abc import Callable
from functools import partial

from django.db import Error, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.debug import sensitive_variables
from ninja import Router

from accounts.actor import Actor
from accounts.address import client_address
from tokens import leaks, lifecycle, throttling
from tokens.api.schemas import Heard, LeakReport

router = Router(tags=["Other services"])

Letter = Callable[[], object]


class Accepted(JsonResponse):
    """The letters are written behind the answer, or its time would tell how many there are."""

    def __init__(self, letters: list[Letter]) -> None:
        super().__init__({}, status=202)
        self.letters = letters

    def close(self) -> None:
        try:
            post(self.letters)
        finally:
            super().close()


@router.post(
    "/leaks",
    response={202: Heard},
    operation_id="report_leaks",
    summary="Report tokens that were found",
    description="They stop for good, and their owners get a letter. No credential is needed, and nothing is told.",
)
@sensitive_variables()
def report_leaks(request: HttpRequest, report: LeakReport) -> Accepted:
    throttling.count_open_call(client_address(request))
    actor = Actor.of(request)
    letters: list[Letter] = []
    try:
        for token in leaks.recognised(report.tokens):
            lifecycle.revoke_as_leaked(
                actor=actor,
                token=token,
                later=lambda letter: transaction.on_commit(partial(letters.append, letter)),
            )
    except Error:
        post(letters)  # of those that have stopped already: a second report writes no letter
        raise
    return Accepted(letters)


def post(letters: list[Letter]) -> None:
    while letters:
        letters.pop(0)()
