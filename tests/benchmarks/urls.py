"""Ours as they are, and one address for each peer and for the limit."""

from django.urls import path

from config.urls import urlpatterns as ours
from tests.benchmarks import peers

urlpatterns = [
    path("bench/bare", peers.bare),
    path("bench/limit", peers.limit),
    path("bench/drf", peers.drf),
    path("bench/knox", peers.knox),
    path("bench/key", peers.key),
    path("bench/oauth", peers.oauth),
    *ours,
]
