# reports/views.py
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View

from tokens.protect import token_required


@token_required("reports")
def monthly(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"for": request.user.email, "with": request.token.name})


@token_required("reports:read")
async def search(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"for": request.user.email, "found": []})


@method_decorator(token_required("reports"), name="dispatch")
class Report(View):
    def get(self, request: HttpRequest, number: int) -> JsonResponse:
        return JsonResponse({"number": number})

    def put(self, request: HttpRequest, number: int) -> JsonResponse:
        return JsonResponse({"number": number, "changed": True})
