"""Who is measured, in process and over HTTP: an address and the credential to call it with."""

from dataclasses import dataclass, field

from tests.benchmarks.names import DRF, LIMIT, MET_ANEW, OURS
from tests.benchmarks.stage import Texts, mistyped, unknown_text


@dataclass
class Contender:
    """`is_ours`: it stands behind our whole stack; all others behind no middleware at all.

    `is_met_anew`: at each call nothing is remembered of its token, as where more call than a worker remembers.
    """

    name: str
    path: str
    authorization: str
    status: int = 200
    is_ours: bool = False
    is_met_anew: bool = False
    measured: list[float] = field(default_factory=list)
    queries: int = 0


def contenders(texts: Texts) -> list[Contender]:
    def ours(name: str, text: str, status: int = 401) -> Contender:
        return Contender(name, "/api/v1/me", f"Token {text}", status, is_ours=True)

    return [
        Contender(LIMIT, "/bench/limit", texts.limit),
        Contender("bare view, no check", "/bench/bare", texts.limit),
        ours(OURS, texts.ours, 200),
        Contender(MET_ANEW, "/api/v1/me", f"Token {texts.ours}", is_ours=True, is_met_anew=True),
        ours(f"{OURS}, wrong checksum", mistyped(texts.ours)),
        ours(f"{OURS}, garbage", "garbage"),
        ours(f"{OURS}, unknown", unknown_text()),
        Contender(DRF, "/bench/drf", f"Token {texts.drf}"),
        Contender("django-rest-knox", "/bench/knox", f"Token {texts.knox}"),
        Contender("djangorestframework-api-key", "/bench/key", f"Api-Key {texts.key}"),
        Contender("django-oauth-toolkit", "/bench/oauth", f"Bearer {texts.oauth}"),
    ]
