"""What the measurements and their page call things by."""

LIMIT = "limit"
DRF = "DRF TokenAuthentication"
OURS = "Tokenrack"
MET_ANEW = f"{OURS}, a token not met lately"
MOST_OF_PEERS = 100_000  # tokens of each other kind: how those grow is not the question
