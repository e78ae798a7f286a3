"""Django's settings, from the environment and $XUNZHI_HOME/settings.toml (see configuration.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

from xunzhi.web.configuration import configuration, home, secret_key

HERE = Path(__file__).parent
HOME = home()
ROOMS = ("org", "accounts", "audit", "jobs", "work", "cases", "monitor", "signals", "improve", "governance")
"""The apps; each may have urls.py, navigation.py and a locale folder, found by name."""

SECRET_KEY = secret_key()
DEBUG = False
ALLOWED_HOSTS = list(configuration().site.hosts)
CSRF_TRUSTED_ORIGINS = [configuration().site.url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    *(f"xunzhi.web.{room}" for room in ROOMS),
]

MIDDLEWARE = [
    "xunzhi.web.middleware.client_address",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "xunzhi.web.middleware.PlainText",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xunzhi.web.middleware.access",
    "xunzhi.web.accounts.middleware.Gate",
    "xunzhi.web.middleware.security_headers",
]

ROOT_URLCONF = "xunzhi.web.urls"
WSGI_APPLICATION = "xunzhi.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "xunzhi.web.templating.Loader",
                    [f"django.template.loaders.{kind}.Loader" for kind in ("filesystem", "app_directories")],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "xunzhi.web.context.page",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "xunzhi.web.tags"],
        },
    }
]


def _database() -> dict[str, Any]:
    """SQLite in the home folder, or what DATABASE_URL says.

    SQLite: writers queue (IMMEDIATE, busy timeout) instead of failing; WAL keeps readers free; every commit reaches
    the disk (synchronous FULL), for what a person has been told is saved must survive a power cut.
    """
    url = os.environ.get("DATABASE_URL")
    if url and not url.startswith("sqlite"):
        return dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    file = url.removeprefix("sqlite:///") if url else str(HOME / "xunzhi.sqlite3")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "CONN_MAX_AGE": 600,
        "TEST": {"NAME": str(HOME / "test.sqlite3")},  # a database in memory would not let writers wait
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-64000; "
            "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
        },
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTHENTICATION_BACKENDS = [
    "xunzhi.web.accounts.backends.PasswordBackend",
    "xunzhi.web.accounts.directory.DirectoryBackend",
    "xunzhi.web.accounts.oidc.OidcBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "xunzhi.web.accounts.passwords.LongEnough",
        "OPTIONS": {"min_length": configuration().accounts.password_length},
    },
    {"NAME": "xunzhi.web.accounts.passwords.Kinds"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "xunzhi.web.accounts.passwords.NotOneself"},
    {"NAME": "xunzhi.web.accounts.passwords.NotUsedBefore"},
]
LOGIN_URL = "accounts:login"

SESSION_ENGINE = "xunzhi.web.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_secure = configuration().site.url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [HERE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = HOME / "attachments"

_mail = configuration().mail
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _mail.host else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = _mail.host, _mail.port, _mail.tls
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
DEFAULT_FROM_EMAIL = _mail.sender

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "xunzhi.web.middleware.NoFilesOfStrangers",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"xunzhi": {"level": "INFO"}},
}
