"""The life of an account: pure steps that turn facts into intended actions, and one runner that performs them."""
