"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Organization


def site(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME)
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "version": settings.VERSION,
        "sign_up_open": settings.SIGN_UP_OPEN,
        "area": area(request.path_info),
        "theme_cookie": settings.THEME_COOKIE_NAME,
        "theme": theme if theme in {"light", "dark"} else "",
        "administered": lambda: administered(request),
    }


def area(path: str) -> str:
    """Which entry of the main navigation the page hangs from."""
    if path.startswith("/admin/"):
        return "admin"
    if path.startswith(("/security/", "/account/")):
        return "security"
    return "dashboard" if path == "/" or path.startswith("/api-key/") else ""


def administered(request: HttpRequest) -> list[Organization]:
    """The organizations the reader administers, asked for once a page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    if not hasattr(request, "administered"):
        request.administered = list(Organization.objects.administered_by(user))  # type: ignore[attr-defined]
    return request.administered  # type: ignore[attr-defined]
