"""Opens views to tokens: plain ones here, those of Django Ninja and Django REST framework in the modules beside.

`needed` is a resource (`reports`: reading methods ask for `reports:read`, all others for `reports:write`), one scope
(`reports:read`), or "" where any token will do. docs/in-process.md shows all three.
"""

from tokens.protect.views import token_required

__all__ = ["token_required"]
