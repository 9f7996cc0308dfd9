"""Django's admin, for the site operator: people, organizations, licenses. Acts go through `seats`."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone

from accounts import audit, seats
from accounts.actor import Actor
from accounts.models import AuditEvent, Invitation, License, Organization, User
from accounts.recency import ask_for_sign_in

admin.site.site_header = admin.site.site_title = "Tokenrack, site administration"
admin.site.unregister(Group)


class PersonCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


def changes_of(row: Model, form: Any, change: bool) -> dict[str, list[Any]]:
    """Old and new values of what the operator typed, read before they are saved. Never a password."""
    former = type(row)._default_manager.filter(pk=row.pk).first() if change else None
    fields = [
        field for field in row._meta.concrete_fields if field.name in form.changed_data and field.name != "password"
    ]
    return {
        field.name: [field.value_from_object(former) if former else None, field.value_from_object(row)]
        for field in fields
    }


class NothingIsDeleted(admin.ModelAdmin):
    """The audit log refers to rows, so they are switched off and never removed. Writing asks for a recent sign-in."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            ask_for_sign_in(request)
        return super().changeform_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            ask_for_sign_in(request)
        return super().changelist_view(request, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., None]) -> None:
        """Act on every row; what `seats` refuses is said and keeps no other back."""
        for row in rows:
            try:
                act(row, actor=Actor.of(request))
            except seats.SeatRefused as refused:
                self.message_user(request, f"{row}: {refused}", messages.ERROR)


class ReadOnly(NothingIsDeleted):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(NothingIsDeleted, UserAdmin):
    add_form = PersonCreationForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "joined_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    filter_horizontal = ()
    readonly_fields = ("is_active", "joined_at", "last_login", "password_changed_at", "closed_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "time_zone", "password")}),
        ("Site", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Times", {"fields": readonly_fields[1:]}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)
    actions = ("deactivate", "reactivate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """A service account is the organization's: nobody gives it an address or a password here."""
        return super().get_queryset(request).filter(is_service_account=False)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A closed account is nobody's any more: no address or password brings it back."""
        return super().has_change_permission(request, obj) and not (isinstance(obj, User) and obj.is_closed)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The operator vouches for the address: without a verified one nobody signs in."""
        changes = changes_of(obj, form, change)
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()
        EmailAddress.objects.update_or_create(user=obj, email=obj.email, defaults={"verified": True, "primary": True})
        action = "user.edited" if change else "user.created"
        if change and "email" in form.changed_data:
            seats.end_sessions(obj)
        audit.record_about_person(action, obj, actor=Actor.of(request), changes=changes)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        if request.method == "POST":
            ask_for_sign_in(request)
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            person = User.objects.get(pk=id)
            person.password_changed_at = timezone.now()
            person.save(update_fields=["password_changed_at"])
            audit.record_about_person("account.password_changed", person, actor=Actor.of(request))
        return response

    @admin.action(description="Deactivate: sign out everywhere and stop every token", permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self.each(request, people, seats.deactivate_user)

    @admin.action(description="Reactivate (stopped tokens stay revoked)", permissions=["change"])
    def reactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self.each(request, people, seats.reactivate_user)


@admin.register(Organization)
class OrganizationAdmin(NothingIsDeleted):
    list_display = ("name", "slug", "seats", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        changes = changes_of(obj, form, change)
        super().save_model(request, obj, form, change)
        action = "organization.edited" if change else "organization.created"
        audit.record(action, actor=Actor.of(request), organization=obj, changes=changes)


@admin.register(License)
class LicenseAdmin(NothingIsDeleted):
    list_display = ("number", "name", "user", "organization", "role", "allowance", "valid_until", "deactivated_at")
    list_filter = ("role", ("deactivated_at", admin.EmptyFieldListFilter), "organization")
    list_select_related = ("user", "organization")
    search_fields = ("number", "name", "user__email", "user__name")
    raw_id_fields = ("user", "organization")
    readonly_fields = ("deactivated_at", "withdrawn_at")
    actions = ("deactivate", "reactivate")

    def get_readonly_fields(self, request: HttpRequest, obj: License | None = None) -> tuple[str, ...]:
        """A license stays with its person and its organization: its tokens hang on it."""
        return ("user", "organization", "number", *self.readonly_fields) if obj else self.readonly_fields

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What `seats` refuses is rolled back and said."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except seats.SeatRefused as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: License, form: Any, change: bool) -> None:
        if change:
            fields = {name: form.cleaned_data[name] for name in form.changed_data}
            seats.edit_license(obj, actor=Actor.of(request), **fields)
        else:
            seats.give_license(obj, actor=Actor.of(request))

    @admin.action(description="Deactivate: stop every token that hangs on it", permissions=["change"])
    def deactivate(self, request: HttpRequest, licenses: QuerySet[License]) -> None:
        self.each(request, licenses, seats.deactivate_license)

    @admin.action(description="Reactivate (stopped tokens stay revoked)", permissions=["change"])
    def reactivate(self, request: HttpRequest, licenses: QuerySet[License]) -> None:
        self.each(request, licenses, seats.reactivate_license)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ("email", "organization", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_select_related = ("organization", "invited_by")
    search_fields = ("email",)
    ordering = ("-pk",)
    exclude = ("digest",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = (
        "occurred_at",
        "action",
        "actor",
        "subject",
        "organization",
        "position",
        "token_name",
        "token_hint",
        "address",
    )
    exclude = ("key",)
    list_select_related = ("actor", "subject", "organization")
    list_filter = ("action",)
    search_fields = ("token_name", "token_hint", "actor__email", "subject__email")
    ordering = ("-pk",)
    show_full_result_count = False
