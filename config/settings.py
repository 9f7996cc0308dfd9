"""Django's settings. What an operator may choose comes from the environment or `.env`; README, Settings explains it."""

import hmac
import logging
import os
from pathlib import Path

from csp.constants import NONE, SELF

from config import logs
from config.environment import Environment, SettingError, derived_key

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "1.0.0"

environment = Environment(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

# The one public address drives hosts, origins, cookies and HSTS.

SITE = environment.site()
SITE_URL = SITE.url
SITE_NAME = environment.text("SITE_NAME", "Tokenrack")
ALLOWED_HOSTS = SITE.allowed_hosts
CSRF_TRUSTED_ORIGINS = SITE.trusted_origins

SECRET_KEY = environment.secret("SECRET_KEY")
DEBUG = False
TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXY_COUNT", 0, at_most=10)

# Applications

INSTALLED_APPS = [
    "accounts",
    "tokens",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "accounts.apps.SessionListConfig",  # allauth.usersessions
    "allauth.mfa",
    "csp",
    "ninja",
]

# The first lets calls past all the others. It and the next two give every answer its headers, static files and the
# redirect to https included.
MIDDLEWARE = [
    "config.middleware.DoorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.ProgramMiddleware",
    "accounts.middleware.SessionLifetimeMiddleware",
    "accounts.middleware.DeviceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
            "builtins": ["tokens.templatetags.rack", "tokens.templatetags.demands"],
        },
    },
]

# Database: SQLite in WAL mode with immediate transactions, so that writers queue instead of failing.

DATABASES = {"default": environment.url_of_service("DATABASE_URL", f"sqlite:///{BASE_DIR / 'tokenrack.sqlite3'}", "db")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "detect_types": 0,  # Django converts by its fields; the driver would look at every column of every query first
    }
else:
    DATABASES["default"]["ENGINE"] = "config.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits live here: room enough that nobody can wash them away with made-up addresses. Sessions do not: one that
# was ended while Redis could not be told of it would live on there.

REDIS_URL = environment.redis_url("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
if REDIS_URL:
    CACHES["default"] |= {"BACKEND": "config.shared_cache.SharedCache", "LOCATION": REDIS_URL}

# People and how they sign in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backend.PeopleBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "accounts.validators.LongestPasswordValidator"},
    {"NAME": "accounts.validators.OwnWordsValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"

SIGN_UP_OPEN = environment.flag("SIGN_UP_OPEN", False)
SIGN_UP_LICENSE = environment.flag("SIGN_UP_LICENSE", True)

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.door_forms.SignInForm",
    "signup": "accounts.door_forms.SignUpForm",
    "add_email": "accounts.door_forms.AddEmailForm",
    "change_password": "accounts.door_forms.ChangePasswordForm",
    "set_password": "accounts.door_forms.SetPasswordForm",
    "reset_password": "accounts.door_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.door_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.door_forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignUpForm"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/key"}  # of second factors; passwords are counted in accounts.guesses
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 30 * 60
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE.scheme
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT

# The second factor: an authenticator app, passkeys, recovery codes. MFA_KEYS encrypt what is kept of them; the key that
# follows from SECRET_KEY comes last, so that what was encrypted before there were keys of their own stays readable.

MFA_ADAPTER = "accounts.factor_adapter.FactorAdapter"
MFA_KEYS = [*environment.fernet_keys("MFA_KEYS"), derived_key(SECRET_KEY, "second factor")]
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE.url.startswith("http://") and SITE.host == "localhost"
# Nobody signs in before an address is confirmed, and a change of address must be open to who has a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "activate_totp": "accounts.factor_forms.SetUpAppForm",
    "authenticate": "accounts.factor_forms.CodeForm",
    "reauthenticate": "accounts.factor_forms.ConfirmByCodeForm",
    "add_webauthn": "accounts.factor_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.factor_forms.RenamePasskeyForm",
    "authenticate_webauthn": "accounts.factor_forms.PasskeyForm",
    "login_webauthn": "accounts.factor_forms.PasskeySignInForm",
    "reauthenticate_webauthn": "accounts.factor_forms.ConfirmByPasskeyForm",
}

# Tokens

TOKEN_PREFIX = environment.token_prefix("TOKEN_PREFIX", "trk_")
TOKEN_PEPPERS = environment.numbered_keys("TOKEN_PEPPERS")
TOKEN_EXTRA_HEADERS = environment.header_names("TOKEN_EXTRA_HEADERS")
TOKEN_RESOURCES = environment.resources(
    "TOKEN_RESOURCES",
    {
        "account": "Your name, e-mail address, settings",
        "tokens": "Your other tokens",
        "organization": "Members and licenses",
        "introspect": "Check the callers of other services",
    },
)
TOKEN_ALLOWANCE = environment.number("TOKEN_ALLOWANCE", 10, at_least=1, at_most=100)
API_PATH_PREFIX = environment.path_prefix("API_PATH_PREFIX", "/api/")
API_CALLS_PER_MINUTE = environment.number("API_CALLS_PER_MINUTE", 6000, at_least=1)
API_REFUSALS_PER_MINUTE = environment.number("API_REFUSALS_PER_MINUTE", 120, at_least=1)
TOKEN_ISSUES_PER_HOUR = environment.number("TOKEN_ISSUES_PER_HOUR", 60, at_least=1)
USAGE_FLUSH_SECONDS = environment.number("USAGE_FLUSH_SECONDS", 3, at_most=60)
ACCOUNT_TOKEN_REVEAL = environment.one_of("ACCOUNT_TOKEN_REVEAL", ("never", "recent-sign-in"))
ACCOUNT_TOKEN_KEYS = environment.fernet_keys("ACCOUNT_TOKEN_KEYS")
if ACCOUNT_TOKEN_REVEAL != "never" and not ACCOUNT_TOKEN_KEYS:
    raise SettingError("ACCOUNT_TOKEN_REVEAL=recent-sign-in needs ACCOUNT_TOKEN_KEYS, one Fernet key or more.")

# Audit log: rows are signed with keys of its own, or with keys derived from the peppers, which are numbered apart.

FIRST_DERIVED_AUDIT_KEY = 10_000
AUDIT_KEYS = environment.numbered_keys("AUDIT_KEYS", default="") | {
    FIRST_DERIVED_AUDIT_KEY + number: hmac.digest(pepper, b"tokenrack audit log", "sha256")
    for number, pepper in TOKEN_PEPPERS.items()
}
AUDIT_DAYS = environment.number("AUDIT_DAYS", 400, at_least=30)

# Cookies, transport, headers

SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = environment.number("SESSION_DAYS", 14, at_least=1, at_most=365) * 24 * 3600
SESSION_IDLE_SECONDS = environment.number("SESSION_IDLE_HOURS", 24, at_least=1, at_most=24 * 365) * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
DEVICE_COOKIE_NAME = "device"
THEME_COOKIE_NAME = "theme"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # what it tells is no business of a cookie
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
if SITE.is_https:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    DEVICE_COOKIE_NAME = "__Host-device"
    THEME_COOKIE_NAME = "__Host-theme"
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if TRUSTED_PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# Language and time

LANGUAGE_CODE = "en-gb"
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# Static files carry a hash of their content in their names and are cached for good.

STATIC_URL = "static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedStaticFilesStorage"},
}

# Mail

EMAIL = environment.url_of_service("EMAIL_URL", "consolemail://", "email")
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <tokenrack@{SITE.host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Logs go to stderr. Headers are never logged.

LOG_FORMAT = environment.one_of("LOG_FORMAT", ("line", "json"))
LOGGING = logs.configuration(LOG_FORMAT, environment.one_of("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")))
logging.captureWarnings(LOG_FORMAT == "json")  # Python's own would be no JSON

# Metrics for Prometheus, at an address of their own. Off where there is none.

METRICS_BIND = environment.address("METRICS_BIND")
