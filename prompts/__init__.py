"""The prompts' room: templates and their loader, with a content hash for every rendered prompt. Its
templates come with a later part."""
