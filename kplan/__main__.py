"""`python -m kplan`."""

from kplan.cli.main import main

if __name__ == "__main__":
    main()
