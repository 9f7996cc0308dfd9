# reports/ninja_api.py
from django.http import HttpRequest
from ninja import Router

from tokens.protect.ninja import TokenAPI, TokenAuth

api = TokenAPI(title="Reports", urls_namespace="reports")
router = Router(auth=TokenAuth("reports"))


@router.get("/monthly")
def read_monthly(request: HttpRequest) -> dict[str, str]:
    return {"for": request.user.email, "with": request.auth.name}


@router.put("/monthly")
def change_monthly(request: HttpRequest) -> dict[str, str]:
    return {"for": request.user.email, "with": request.auth.name}


api.add_router("", router)
