from django.urls import path

from accounts.pages import profile

urlpatterns = [path("profile/", profile.show, name="profile")]
