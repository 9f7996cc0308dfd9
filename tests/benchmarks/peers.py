"""The limit, and the peers: each checks its own kind of token and answers what `GET /api/v1/me` answers."""

from hashlib import sha256
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

LIMIT = """
SELECT accounts_user.id, accounts_user.email, accounts_user.name, accounts_user.is_active
FROM tokens_token JOIN accounts_user ON accounts_user.id = tokens_token.owner_id
WHERE tokens_token.digest = %s
"""


def bare(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"id": 1, "email": "ada@example.org", "name": "Ada"})


def limit(request: HttpRequest) -> HttpResponse:
    """One indexed SELECT joined to the user, and nothing else: what no checked call can go below."""
    digest = sha256(request.META["HTTP_AUTHORIZATION"].encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(LIMIT, [digest])
        row = cursor.fetchone()
    if row is None or not row[3]:
        return JsonResponse({"detail": "Invalid token."}, status=401)
    return JsonResponse({"id": row[0], "email": row[1], "name": row[2]})


class Me(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request: Any) -> Response:
        user = request.user
        return Response({"id": user.pk, "email": user.email, "name": user.name})


drf = Me.as_view(authentication_classes=[TokenAuthentication])
knox = Me.as_view(authentication_classes=[KnoxAuthentication])
