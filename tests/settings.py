"""The product's settings with secrets of the tests' own and a database in a file, so that threads can share it.

Or on the PostgreSQL that DATABASE_URL names.
"""

import base64
import os

os.environ.update(
    ENV_FILE="none, so that the settings of a developer stay out",
    SECRET_KEY="only-for-tests-" + "0" * 40,
    SITE_URL="http://localhost:8000",
    TOKEN_PEPPERS="1:" + base64.b64encode(b"pepper of the tests, number one!").decode(),
    ACCOUNT_TOKEN_KEYS=base64.urlsafe_b64encode(b"a key only for sealing in tests!").decode(),
    MFA_KEYS=base64.urlsafe_b64encode(b"a key for second factors, tests!").decode(),
    TOKEN_EXTRA_HEADERS="api-token,X-API-Key",
    SIGN_UP_OPEN="yes",
    EMAIL_URL="memorymail://",
    LOG_LEVEL="WARNING",
    USAGE_FLUSH_SECONDS="0",  # tests write what has gathered by hand
)

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES, STORAGES

SCRATCH = BASE_DIR / ".pytest_cache"
SCRATCH.mkdir(exist_ok=True)
IS_ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / f"tokenrack-{os.getpid()}.sqlite3")} if IS_ON_SQLITE else {}
if IS_ON_SQLITE:
    DATABASES["default"]["OPTIONS"]["timeout"] = 60  # forty threads that all write may wait, on a busy machine
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["tests.hashers.FastHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]

# Or every Client that a test makes would first list all static files.
WHITENOISE_AUTOREFRESH = True
