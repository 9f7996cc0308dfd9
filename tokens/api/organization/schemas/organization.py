from datetime import datetime

from ninja import Field, Schema


class OrganizationSummary(Schema):
    slug: str = Field(description="Its name in addresses.", examples=["meridian"])
    name: str = Field(examples=["Meridian Cartography"])


class OrganizationPage(Schema):
    items: list[OrganizationSummary]
    next: str | None = Field(description="Send it as `after` to read on; none on the last page.")


class OrganizationView(OrganizationSummary):
    created_at: datetime
    seats: int | None = Field(description="How many licenses may be in use at a time; none for no limit.")
    seats_taken: int = Field(description="Licenses that are not deactivated, counted no further than 10,001.")
    token_count: int = Field(description="All there ever were, counted no further than 10,001.")
