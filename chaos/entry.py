"""Where the command begins: signals are heard before anything is imported that takes time."""

from chaos import stopping


def main() -> None:
    """Run the command line."""
    stopping.leave_at_once()
    from chaos.cli import main as front  # noqa: PLC0415 - it takes half a second

    front()


if __name__ == "__main__":
    main()
