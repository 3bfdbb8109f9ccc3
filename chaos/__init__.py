"""keychaos: chaos and resilience testing for software that depends on a key management service.

A scenario (:mod:`chaos.scenario`) is played by clients (:mod:`chaos.client`) calling a key service
(:mod:`chaos.service`) through proxies (:mod:`chaos.proxy`) in a world (:mod:`chaos.run`). The run
records what happened; :mod:`chaos.analysis` turns it into findings; :mod:`chaos.report` tells them.
"""

from chaos.errors import ScenarioError, WorldError

__all__ = ["ScenarioError", "WorldError"]
