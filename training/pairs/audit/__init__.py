"""The leakage audit: what measures a critic must not be in what trains it."""
