"""Conditions as data: what an experiment compares, and on which tasks."""
