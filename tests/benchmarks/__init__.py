"""How fast a checked call is: `make bench` measures it beside its limit and its peers and writes docs/benchmarks.md."""
