"""Manifests: what is read, how YAML is understood, and where each field stands."""
