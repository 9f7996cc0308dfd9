"""Static files under names that carry a hash of their content, compressed, cached for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the `import` lines of our JavaScript modules too."""

    support_js_module_import_aggregation = True
