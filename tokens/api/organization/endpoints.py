"""The routers of this package. Those with a word in their address stand before those with a number in its place."""

from tokens.api.organization import acts, audit, bulk, home, invitations, members, policy, tokens

ROUTERS = [
    home.router,
    tokens.router,
    bulk.router,
    acts.router,
    members.router,
    invitations.router,
    policy.router,
    audit.router,
]
