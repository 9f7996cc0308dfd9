from django.urls import path

from accounts.pages import invitation, profile

urlpatterns = [
    path("profile/", profile.show, name="profile"),
    path("invitation/", invitation.show, name="invitation"),
    path("invitation/sign-out/", invitation.sign_out, name="invitation-sign-out"),
    path("invitation/<str:secret>/", invitation.link, name="invitation-link"),
]
