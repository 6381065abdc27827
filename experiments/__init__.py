"""The experiments' room: tasks, conditions, runs, statistics and reports, and studies of model, critic and gate by
themselves. `LOG.md` is the dated notebook."""
