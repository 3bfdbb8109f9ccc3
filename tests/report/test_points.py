import base64
import json
from dataclasses import replace

import numpy as np

from chaos.report import points
from tests.report import made


def test_every_operation_of_a_usual_run_can_be_read() -> None:
    run = made.run()
    told = json.loads(points.packed(run))
    numbers = np.frombuffer(base64.b64decode(told["number"]), dtype="<u4")
    waits = np.frombuffer(base64.b64decode(told["wait"]), dtype="<f4")
    assert np.array_equal(numbers, run.operations["number"])
    assert np.allclose(waits, run.operations["ended"] - run.operations["due"], atol=1e-5)


def test_of_very_many_the_failed_and_the_retried_are_kept() -> None:
    once = made.run(made.Toy(fails_over=False)).operations
    run = replace(made.run(), operations=np.tile(once, 6))
    told = json.loads(points.packed(run))
    outcomes = np.frombuffer(base64.b64decode(told["outcome"]), dtype="u1")
    assert (outcomes == 1).sum() == (run.operations["outcome"] == 1).sum()
    assert len(outcomes) < len(run.operations)


def test_no_name_can_end_the_script_that_holds_the_points() -> None:
    run = replace(made.run(), regions=("</script><script>alert(1)//", "us-east"))
    assert "</script" not in points.packed(run)
    assert json.loads(points.packed(run))["regions"][0] == "</script><script>alert(1)//"
