"""The rules of the house over syntax trees; `tests/test_architecture.py` holds us to them."""
