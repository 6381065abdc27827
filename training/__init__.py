"""The training room: the invented world, preference pairs, the leakage audit, trainers and cards.
Its code comes with a later part."""
