"""What should happen: topology, load, faults and objectives over time, read from YAML text.

Pure: the front door reads the files.
"""

from chaos.scenario.model import Scenario
from chaos.scenario.reader import read
from chaos.scenario.writer import write

__all__ = ["Scenario", "read", "write"]
