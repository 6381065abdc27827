"""The agent's room: config and command line so far; graph, backbones and store come with a later part.

Importing it loads nothing heavy.
"""

__version__ = "0.1.0"
