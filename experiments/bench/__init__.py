"""The bench: tasks that conditions are compared on, with what each of them calls for and what it tempts into."""
