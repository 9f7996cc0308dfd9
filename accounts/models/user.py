"""A person, who signs in with an e-mail address."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from accounts.models.words import PersonWord, SearchedQuerySet
from accounts.validators import validate_plain_text

CLOSED = "Closed account"


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> "SearchedQuerySet[User]":
        return SearchedQuerySet(self.model, using=self._db)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A site operator. The address counts as verified, or nobody could sign in with it."""
        from allauth.account.models import EmailAddress  # a model of its own, loaded after this one

        user = self.create_user(email, password, **fields, is_staff=True, is_superuser=True)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    SEARCHED: ClassVar[set[str]] = {"name", "email"}

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField("name", max_length=100, blank=True, validators=[validate_plain_text])
    time_zone = models.CharField("time zone", max_length=64, blank=True)
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="Switched off, nobody signs in with this account and none of its tokens works.",
    )
    is_staff = models.BooleanField("site operator", default=False, help_text="May use Django's admin.")
    is_service_account = models.BooleanField(
        "service account",
        default=False,
        editable=False,
        help_text="An organization's own: nobody signs in with it, its administrators look after its tokens.",
    )
    wants_alerts = models.BooleanField(
        "alerts",
        default=True,
        help_text="Write to me when a token of mine is used from a network where it was never seen.",
    )
    joined_at = models.DateTimeField(auto_now_add=True)
    password_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    sessions_ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    second_factor_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(is_active=False), name="user_switched_off"),
            models.Index(fields=["id"], condition=Q(is_service_account=True), name="user_service_account"),
            models.Index(fields=["id"], condition=Q(is_staff=True), name="user_operator"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=Q(is_service_account=False) | Q(is_staff=False, is_superuser=False),
                name="user_service_account_is_no_operator",
            ),
            models.CheckConstraint(
                condition=Q(is_service_account=False) | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
                name="user_service_account_has_no_password",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(is_active=False, is_service_account=False, name=""),
                name="user_closed_is_nobody",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @transaction.atomic(savepoint=False)
    def save(self, *args: Any, **options: Any) -> None:
        is_new, fields = self._state.adding, options.get("update_fields")
        super().save(*args, **options)
        if not is_new and (fields is None or self.SEARCHED & set(fields)):
            self.rewrite_words([self])

    @staticmethod
    def write_words(people: "Iterable[User]") -> None:
        """New ones have no license yet, and words belong to licenses."""

    @staticmethod
    def rewrite_words(people: "Iterable[User]") -> None:
        from accounts.models.license import License  # which knows its holder

        theirs = License.objects.filter(user__in=[person.pk for person in people]).exclude(organization=None)
        PersonWord.objects.rewrite(theirs.select_related("user"))

    def clean(self) -> None:
        """Forms take an address in any case, the database in small letters."""
        super().clean()
        self.email = self.email.lower()

    @property
    def display_name(self) -> str:
        return CLOSED if self.is_closed else self.name or self.email

    @property
    def shown_email(self) -> str:
        """The made-up address of a service account, or of a closed one, is nobody's to read."""
        return "" if self.is_service_account or self.is_closed else self.email

    @property
    def is_closed(self) -> bool:
        """For good: nobody signs in with it again, and what it said of a person is gone."""
        return self.closed_at is not None

    def get_full_name(self) -> str:
        return self.display_name

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        first, last = words[0], words[-1] if len(words) > 1 else ""
        return (first[:1] + last[:1]).upper()

    def get_session_auth_hash(self) -> str:
        return self._session_hash(secret=None)

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret=secret)

    def _session_hash(self, secret: str | bytes | None) -> str:
        """Every session carries this, so that a new password or a later `sessions_ended_at` ends them all at once."""
        facts = f"{self.password}/{self.sessions_ended_at and self.sessions_ended_at.timestamp()}"
        return salted_hmac("accounts.models.User.session", facts, secret=secret, algorithm="sha256").hexdigest()
