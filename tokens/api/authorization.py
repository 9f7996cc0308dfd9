"""What an endpoint needs of its caller: a scope, such as `account:read`; "" is content with any token."""

from tokens.protect.ninja import TokenAuth

needs = TokenAuth
