"""Which properties each kind of object shows, by default and when selected, and which may be filtered or written."""
