"""Linting: every finding about manifests, with no run of the cluster.

YAML and files (kplan.manifests), schema and API-server validation (kplan.schema, the door without admission), references (kplan.graph)
and the rules in `kplan.lint.rules`.
"""
