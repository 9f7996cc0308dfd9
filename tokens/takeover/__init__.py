"""Reading the tokens of other systems. `lifecycle.take_over` writes them."""
