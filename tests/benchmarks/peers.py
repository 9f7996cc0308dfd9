"""The limit, and the peers: each checks its own kind of token and answers what `GET /api/v1/me` answers."""

from hashlib import sha256
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from knox.auth import TokenAuthentication as KnoxAuthentication
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_api_key.permissions import HasAPIKey

LIMIT = """
SELECT accounts_user.id, accounts_user.email, accounts_user.name, accounts_user.is_active
FROM tokens_token JOIN accounts_user ON accounts_user.id = tokens_token.owner_id
WHERE tokens_token.digest = %s
"""


def bare(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"id": 1, "email": "ada@example.org", "name": "Ada"})


def limit(request: HttpRequest) -> HttpResponse:
    """One indexed SELECT joined to the user, and nothing else: what no checked call can go below."""
    row = found(sha256(request.META["HTTP_AUTHORIZATION"].encode()).digest())
    if row is None or not row[3]:
        return JsonResponse({"detail": "Invalid token."}, status=401)
    return JsonResponse({"id": row[0], "email": row[1], "name": row[2]})


def found(digest: bytes) -> Any:
    """By a prepared statement: SQLite's driver keeps those of a connection anyway, PostgreSQL's has to be asked."""
    if connection.vendor == "postgresql" and connection.connection and not connection.queries_logged:
        from psycopg import Cursor

        return Cursor(connection.connection).execute(LIMIT, [digest], prepare=True).fetchone()
    with connection.cursor() as cursor:
        cursor.execute(LIMIT, [digest])
        return cursor.fetchone()


class Me(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request: Any) -> Response:
        user = request.user
        return Response({"id": user.pk, "email": user.email, "name": user.name})


class Key(APIView):
    """Such a key belongs to nobody, so there is nobody to tell of."""

    authentication_classes: list[Any] = []
    permission_classes = [HasAPIKey]

    def get(self, request: Any) -> Response:
        return Response({"id": 1, "email": "ada@example.org", "name": "Ada"})


drf = Me.as_view(authentication_classes=[TokenAuthentication])
knox = Me.as_view(authentication_classes=[KnoxAuthentication])
oauth = Me.as_view(authentication_classes=[OAuth2Authentication])
key = Key.as_view()
