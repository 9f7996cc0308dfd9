from django.urls import path

from accounts.pages import profile, sessions

urlpatterns = [
    path("profile/", profile.show, name="profile"),
    path("security/sessions/<int:pk>/end/", sessions.end, name="session-end"),
    path("security/sessions/end-others/", sessions.end_others, name="sessions-end-others"),
]
