"""What holds for every test."""

from hypothesis import settings

# A machine that is busy with something else must not fail a property by being slow.
settings.register_profile("keychaos", deadline=None)
settings.load_profile("keychaos")
