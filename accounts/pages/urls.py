from django.urls import path

from accounts.pages import invitation, profile, sessions

urlpatterns = [
    path("profile/", profile.show, name="profile"),
    path("invitation/", invitation.show, name="invitation"),
    path("invitation/sign-out/", invitation.sign_out, name="invitation-sign-out"),
    path("invitation/<str:secret>/", invitation.link, name="invitation-link"),
    path("security/sessions/<int:pk>/end/", sessions.end, name="session-end"),
    path("security/sessions/end-others/", sessions.end_others, name="sessions-end-others"),
]
