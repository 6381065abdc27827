"""The invented world: prospects and letters to them, drawn from seeds, with everything about them known by construction."""
