"""Models: what is known of them, where their files come from, and how checkpoints are read and written."""
