"""Argon2id with the least work, for tests that sign in and out all day."""

from accounts.hashers import Argon2idHasher


class FastHasher(Argon2idHasher):
    memory_cost = 8
    time_cost = 1
