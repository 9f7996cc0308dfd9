"""The example's views where the middleware already looks at every call."""

from django.urls import include, path

urlpatterns = [path("api/", include("reports.urls"))]
