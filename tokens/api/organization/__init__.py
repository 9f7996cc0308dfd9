"""The API for administrators: everything that a page of the Admin area does.

What an endpoint needs besides its permission is said by `governs` in access.py; the acts are those of lifecycle, seats
and invitations.
"""
