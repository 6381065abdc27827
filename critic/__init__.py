"""The critic's room: rewards, ranking, calibration and the kill switch, over log-probabilities that
somebody else computed. It loads no model and opens no database. Its code comes with a later part."""
