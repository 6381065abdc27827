"""Preference pairs for the critic, and the audit that keeps what measures it out of them."""
