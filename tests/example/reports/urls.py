# reports/urls.py
from django.urls import include, path

from reports import drf_api, ninja_api, views

urlpatterns = [
    path("plain/monthly", views.monthly),
    path("plain/search", views.search),
    path("plain/reports/<int:number>", views.Report.as_view()),
    path("ninja/", ninja_api.api.urls),
    path("drf/monthly", drf_api.Monthly.as_view()),
    path("", include("config.urls")),
]
