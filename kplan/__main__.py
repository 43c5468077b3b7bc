"""`kplan`, and `python -m kplan`: an interruption while the program is still being loaded ends it quietly too."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from kplan.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
