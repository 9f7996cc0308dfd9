# reports/drf_api.py
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tokens.protect.drf import token_authentication


class Monthly(APIView):
    authentication_classes = [token_authentication("reports")]

    def get(self, request: Request) -> Response:
        return Response({"for": request.user.email, "with": request.auth.name})

    def put(self, request: Request) -> Response:
        return Response({"for": request.user.email, "with": request.auth.name})
