"""Training of a critic's adapter: `winnow train run --config FILE`."""
