"""What the pytest plugin is made of: scenarios as test items, and a twin to break inside a test."""
