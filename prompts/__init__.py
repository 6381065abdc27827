"""The prompts' room: templates, their loader, and prompts as values of trusted and untrusted pieces.

from prompts import Prompts

prompt = Prompts().generator(reading, load_playbook(), style="augmented")
"""

from prompts.loader import Prompts, Style, templates
from prompts.pieces import Message, Piece, Prompt

__all__ = ["Message", "Piece", "Prompt", "Prompts", "Style", "templates"]
