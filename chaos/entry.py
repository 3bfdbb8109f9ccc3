"""Where the command begins: signals are heard before anything is imported that takes time."""

import os
import sys

from chaos import stopping


def main() -> None:
    """Run the command line."""
    stopping.leave_at_once()
    _open_what_is_closed()
    from chaos.cli import main as front  # noqa: PLC0415 - it takes half a second

    front()


def _open_what_is_closed() -> None:
    """Let there be three streams, or the first file that is opened would be taken for one."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            assert os.open(os.devnull, os.O_RDWR) == number, "the lowest number is taken"
            setattr(sys, name, os.fdopen(number, mode))


if __name__ == "__main__":
    main()
