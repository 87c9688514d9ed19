"""The life of an account, lived with this project and by hand, side by side."""
