"""`kplan`, and `python -m kplan`: a process that is there for one command.

An interruption while the program is still being loaded ends it quietly too.
"""

import gc
import os
import sys


def main() -> None:
    """Run the command line; never returns normally."""
    gc.disable()  # for good: a pass over a whole cluster, made at the end for nobody, takes as long as reading its manifests
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's matrices, which nobody here multiplies, else start a busy thread on every processor
    try:
        from kplan.cli.main import main as run
        from kplan.cli.streams import leave

        run()
    except KeyboardInterrupt:
        sys.exit(130)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            leave(ended.code)
        raise


if __name__ == "__main__":
    main()
