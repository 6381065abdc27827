"""A run: units of work kept one by one in a folder, and the files that are made of them."""
