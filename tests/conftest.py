"""What holds for every test."""

import signal
from importlib.metadata import entry_points

from hypothesis import settings

# Installed, the plugin is loaded by its entry point; in a bare checkout it is named here.
if not entry_points(group="pytest11", name="keychaos"):
    pytest_plugins = ["chaos.pytest_plugin"]

# A machine that is busy with something else must not fail a property by being slow.
settings.register_profile("keychaos", deadline=None)
settings.load_profile("keychaos")

# Under nohup the processes under test would not hear that a terminal closes; pytest needs not.
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)
