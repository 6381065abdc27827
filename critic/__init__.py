"""The critic's room: rewards, ranking and the measure of a pool, over log-probabilities that somebody
else computed. It loads no model and opens no database.
"""
