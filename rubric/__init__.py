"""The deterministic rubric: whether an e-mail may be sent to a prospect, and why not.

from rubric import check, load_playbook, read_email, read_prospect

reading = read_prospect({"company": {"name": "Northwind Robotics"}})
verdict = check(reading, read_email("Hi Maya, ..."), load_playbook())
"""

from rubric.email import Email, read_email, read_eml
from rubric.errors import WinnowError
from rubric.playbook import Playbook, load_playbook
from rubric.prospect import Prospect, Reading, read_prospect
from rubric.rules import Example, Found, Rule, rule
from rubric.verdict import Finding, Verdict, check, to_json

__all__ = [
    "Email", "Example", "Finding", "Found", "Playbook", "Prospect", "Reading", "Rule", "Verdict",
    "WinnowError", "check", "load_playbook", "read_email", "read_eml", "read_prospect", "rule", "to_json",
]  # fmt: skip
