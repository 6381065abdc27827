"""The experiments' room: what each part is worth and what it costs, measured. So far it holds the
speed bench of `winnow check` (`bench_check.py`); studies come with a later part."""
