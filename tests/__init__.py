"""The tests: the rubric by its rules, its parts and its properties."""
