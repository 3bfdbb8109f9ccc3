"""What a run means: a pure function from the stored run to findings."""

from chaos.analysis.analyse import analyse

__all__ = ["analyse"]
