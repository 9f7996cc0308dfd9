"""How passwords are stored."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's password storage cheat sheet.

    Django's own default takes 100 MiB a check, which eight sign-ins at once turn into 800 MiB.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
