"""Custom resources under their schemas."""
