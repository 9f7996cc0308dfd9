"""What tokens were used for: counted by day, remembered by address and network. Written by the ledger alone."""

from django.db import models

from tokens.models.token import Token


class TokenDay(models.Model):
    """Calls let in and calls refused, of one token on one day (UTC)."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    calls = models.PositiveBigIntegerField(default=0)
    refusals = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("token", "day", name="tokenday_one_a_token_and_day")]
        indexes = [models.Index(fields=["day"], name="tokenday_day")]

    def __str__(self) -> str:
        return f"{self.token_id} on {self.day}: {self.calls} calls, {self.refusals} refused"


class RefusalDay(models.Model):
    """Why calls of one token were refused on one day, and where the last of them came from."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="refusal_days", db_index=False)
    day = models.DateField()
    code = models.CharField(max_length=40)
    calls = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()
    last_address = models.GenericIPAddressField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("token", "day", "code", name="refusalday_one_a_token_day_and_code")]
        indexes = [models.Index(fields=["day"], name="refusalday_day")]

    def __str__(self) -> str:
        return f"{self.token_id} on {self.day}: {self.calls} times {self.code}"


class TokenAddress(models.Model):
    """One of the last five addresses that a token was used from."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    address = models.GenericIPAddressField()
    user_agent = models.CharField(max_length=200, blank=True)
    calls = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("token", "address", name="tokenaddress_one_a_token_and_address")]
        indexes = [models.Index(fields=["address"], name="tokenaddress_address")]

    def __str__(self) -> str:
        return f"{self.token_id} from {self.address}"


class TokenNetwork(models.Model):
    """A network (/24 of IPv4, /48 of IPv6) that a token was used from, and whether its owner was written to."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="networks", db_index=False)
    network = models.CharField(max_length=43)
    first_at = models.DateTimeField()
    alerted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("token", "network", name="tokennetwork_one_a_token_and_network")]

    def __str__(self) -> str:
        return f"{self.token_id} in {self.network}"


class Notice(models.Model):
    """A letter that a token expires in so many days, written once."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="notices", db_index=False)
    days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("token", "days", name="notice_one_a_token_and_days")]

    def __str__(self) -> str:
        return f"{self.token_id}, {self.days} days ahead"
